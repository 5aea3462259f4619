"""Orders: from a request body to a stored order."""

from dataclasses import dataclass, field
from decimal import Decimal

from .pricing import price_order
from .storage import Storage

LINES_MAX = 200
QUANTITY_MAX = 1000


class InvalidOrder(Exception):
    """The request cannot become an order."""


@dataclass
class Line:
    """So many pieces of one article."""

    sku: str
    quantity: int
    unit_price: Decimal


@dataclass
class Order:
    """What a customer wants."""

    customer: str
    country: str
    lines: list[Line] = field(default_factory=list)
    total: Decimal = Decimal("0")


def create_order(body: dict, storage: Storage) -> Order:
    """Checks a request, prices it and stores it."""
    customer = body.get("customer", "").strip()
    if not customer:
        raise InvalidOrder("customer is missing")
    country = body.get("country", "").upper()
    if len(country) != 2:
        raise InvalidOrder("country must have two letters")
    entries = body.get("lines", [])
    if not entries or len(entries) > LINES_MAX:
        raise InvalidOrder(f"an order has 1 to {LINES_MAX} lines")
    order = Order(customer=customer, country=country)
    for entry in entries:
        quantity = int(entry["quantity"])
        if quantity < 1 or quantity > QUANTITY_MAX:
            raise InvalidOrder(f"quantity of {entry['sku']} is out of range")
        article = storage.article(entry["sku"])
        if article is None:
            raise InvalidOrder(f"there is no article {entry['sku']}")
        order.lines.append(Line(article.sku, quantity, article.unit_price))
    order.total = price_order(order)
    storage.save_order(order)
    return order
