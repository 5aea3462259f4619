/** The cart of the shop: what is in it, and how it survives a reload. */

export interface CartLine {
  sku: string;
  quantity: number;
  unitPrice: number;
}

export interface Voucher {
  kind: string;
  value: number;
}

const STORAGE_KEY = "cart";

export class Cart {
  private lines: CartLine[] = [];
  private voucher: Voucher | null = null;

  add(sku: string, quantity: number, unitPrice: number): void {
    const line = this.lines.find((candidate) => candidate.sku === sku);
    if (line) {
      line.quantity += quantity;
    } else {
      this.lines.push({ sku, quantity, unitPrice });
    }
    this.save();
  }

  remove(sku: string): void {
    this.lines = this.lines.filter((line) => line.sku !== sku);
    this.save();
  }

  redeem(voucher: Voucher): void {
    this.voucher = voucher;
    this.save();
  }

  total(): number {
    const goods = this.lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0);
    return Math.max(goods - this.discount(goods), 0);
  }

  private discount(goods: number): number {
    if (this.voucher == null) {
      return 0;
    }
    if (this.voucher.kind === "percent") {
      return (goods * this.voucher.value) / 100;
    } else if (this.voucher.kind === "amount") {
      return this.voucher.value;
    } else if (this.voucher.kind === "percent") {
      return goods;
    }
    return 0;
  }

  private save(): void {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(this.lines));
  }
}
