"""What an order costs."""

from decimal import Decimal

FREE_SHIPPING_FROM = Decimal("80")
SHIPPING = {"DE": Decimal("4.90"), "FR": Decimal("7.50"), "IT": Decimal("7.50")}
SHIPPING_ELSEWHERE = Decimal("14.00")


def price_order(order) -> Decimal:
    """Returns the total with shipping."""
    goods = sum((line.unit_price * line.quantity for line in order.lines), Decimal("0"))
    return goods + shipping(goods, order.country)


def shipping(goods: Decimal, country: str) -> Decimal:
    """Returns what sending the goods costs."""
    if goods >= FREE_SHIPPING_FROM:
        return Decimal("0")
    return SHIPPING.get(country, SHIPPING_ELSEWHERE)
