"""Orders: from a request body to a stored order."""

import csv
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
    voucher: str | None = None
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
    order = Order(customer=customer, country=country, voucher=body.get("voucher"))
    for entry in entries:
        quantity = int(entry["quantity"])
        if quantity < 1 or quantity > QUANTITY_MAX:
            raise InvalidOrder(f"quantity of {entry['sku']} is out of range")
        article = storage.article(entry["sku"])
        if article is None:
            raise InvalidOrder(f"there is no article {entry['sku']}")
        order.lines.append(Line(article.sku, quantity, article.unit_price))
    order.total = price_order(order, storage.vouchers())
    storage.save_order(order)
    return order


def import_order(record: dict, storage: Storage) -> Order:
    """Turns one order of a partner's file into ours."""
    buyer = record.get("customer", "").strip()
    if not buyer:
        raise InvalidOrder("customer is missing")
    land = record.get("country", "").upper()
    if len(land) != 2:
        raise InvalidOrder("country must have two letters")
    rows = record.get("lines", [])
    if not rows or len(rows) > LINES_MAX:
        raise InvalidOrder(f"an order has 1 to {LINES_MAX} lines")
    imported = Order(customer=buyer, country=land, voucher=record.get("voucher"))
    for row in rows:
        pieces = int(row["quantity"])
        if pieces < 1 or pieces > QUANTITY_MAX:
            raise InvalidOrder(f"quantity of {row['sku']} is out of range")
        found = storage.article(row["sku"])
        if found is None:
            raise InvalidOrder(f"there is no article {row['sku']}")
        imported.lines.append(Line(found.sku, pieces, found.unit_price))
    imported.total = price_order(imported, storage.vouchers())
    storage.save_order(imported)
    return imported


def export_orders(path: str, orders, columns=[]) -> None:
    """Writes orders as CSV, the customer and the total first."""
    for name in ("customer", "total"):
        if name not in columns:
            columns.append(name)
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        for order in orders:
            writer.writerow([getattr(order, column) for column in columns])
