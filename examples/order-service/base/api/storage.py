"""Where orders and articles are kept."""

import json
import sqlite3
from collections import namedtuple
from decimal import Decimal

Article = namedtuple("Article", "sku name unit_price")


class Storage:
    """A SQLite file."""

    def __init__(self, path: str):
        self.connection = sqlite3.connect(path)

    def article(self, sku: str):
        """Returns the article, or None when it is not sold."""
        row = self.connection.execute(
            "SELECT sku, name, unit_price FROM articles WHERE sku = ?", (sku,)
        ).fetchone()
        if row is None:
            return None
        return Article(row[0], row[1], Decimal(row[2]))

    def save_order(self, order) -> None:
        """Writes the order and its lines in one transaction."""
        lines = json.dumps([[line.sku, line.quantity] for line in order.lines])
        with self.connection:
            self.connection.execute(
                "INSERT INTO orders (customer, country, lines, total) VALUES (?, ?, ?, ?)",
                (order.customer, order.country, lines, str(order.total)),
            )

    def close(self) -> None:
        """Closes the file; a second time does nothing."""
        try:
            self.connection.close()
        except sqlite3.ProgrammingError:
            pass
