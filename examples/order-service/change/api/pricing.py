"""What an order costs."""

from datetime import date
from decimal import Decimal

FREE_SHIPPING_FROM = Decimal("80")
SHIPPING = {"DE": Decimal("4.90"), "FR": Decimal("7.50"), "IT": Decimal("7.50")}
SHIPPING_ELSEWHERE = Decimal("14.00")


def price_order(order, vouchers=None) -> Decimal:
    """Returns the total with shipping, after the voucher."""
    goods = sum((line.unit_price * line.quantity for line in order.lines), Decimal("0"))
    if order.voucher and vouchers:
        goods = redeem(order, goods, vouchers)
    return goods + shipping(goods, order.country)


def redeem(order, goods: Decimal, vouchers: dict) -> Decimal:
    """Returns what is left to pay for the goods."""
    voucher = vouchers.get(order.voucher)
    if voucher is not None:
        if voucher.first_day <= date.today() <= voucher.last_day:
            if voucher.kind == "percent":
                if voucher.skus:
                    for line in order.lines:
                        if line.sku in voucher.skus:
                            if line.quantity >= voucher.quantity_min:
                                goods -= line.unit_price * line.quantity * voucher.value / 100
                            elif voucher.is_partial:
                                goods -= line.unit_price * voucher.value / 100
                elif goods >= voucher.goods_min:
                    goods -= goods * voucher.value / 100
            elif voucher.kind == "amount":
                if goods >= voucher.goods_min:
                    if order.country in voucher.countries or not voucher.countries:
                        goods = max(goods - voucher.value, Decimal("0"))
            elif voucher.kind == "shipping" and order.country in SHIPPING:
                goods -= shipping(goods, order.country)
        elif voucher.grace_days and order.customer in voucher.customers:
            goods -= min(voucher.value, goods)
    return goods


def shipping(goods: Decimal, country: str) -> Decimal:
    """Returns what sending the goods costs."""
    if goods >= FREE_SHIPPING_FROM:
        return Decimal("0")
    return SHIPPING.get(country, SHIPPING_ELSEWHERE)
