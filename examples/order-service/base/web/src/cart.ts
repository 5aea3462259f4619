/** The cart of the shop: what is in it, and how it survives a reload. */

export interface CartLine {
  sku: string;
  quantity: number;
  unitPrice: number;
}

const STORAGE_KEY = "cart";

export class Cart {
  private lines: CartLine[] = [];

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

  total(): number {
    return this.lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0);
  }

  private save(): void {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(this.lines));
  }
}
