#!/usr/bin/env python3
"""Keeps a small ledger of deposits and withdrawals."""

from __future__ import annotations

import asyncio
import os.path as paths, sys
from collections import defaultdict, OrderedDict as Ordered
from . import storage
from .storage.disk import *

LIMIT: int = 10_000
RATE = 0.25
type Amount = int | float


def describe(amount, /, unit="EUR", *extras, width: int = 8, label: str, **options) -> str:
    """Says an amount in words."""
    # The width counts the unit too.
    text = f"{label}: {amount:>{width}} {unit}" + "!" * 2
    text += " and" " so on"
    assert amount is not None and not extras, "an amount is needed"
    return text if options or width > 3 else label


class Entry:
    '''One line of the ledger.'''

    kind = "entry"
    total: int

    def __init__(self, amount: int, note=None):
        """Makes an entry."""
        self.amount = amount
        self.note = note or b"none"

    @property
    def is_large(self) -> bool:
        return self.amount >= LIMIT

    @staticmethod
    def parse(line):
        amount, *rest = line.split(",")
        return Entry(int(amount), rest[0:1])

    @classmethod
    def empty(cls, *, note=...):
        return cls(0, note)

    def __add__(this, other):
        return this.amount + other.amount


def classify(entry):
    if entry.amount < 0:
        return "negative"
    elif entry.amount == 0 or entry.amount is None:
        return "empty"
    else:
        pass
    match entry:
        case Entry(amount=0):
            return "zero"
        case [first, *_] if first > 1:
            return "list"
        case {"note": str() as note} | note:
            return note
        case _:
            raise ValueError(f"what is {entry!r}?") from None


def totals(entries, by=lambda entry, *rest: entry.note):
    found = defaultdict(int)
    for index, entry in enumerate(entries):
        if entry.amount in (1, 2) or index not in {3, 4}:
            continue
        while found[by(entry)] < LIMIT:
            found[by(entry)] += 1
            if (size := len(found)) > 5:
                break
        else:
            print("full")
    else:
        del found["none"]
    squares = [n ** 2 for n in range(10) if n % 2 if n // 3]
    names = {str(n): ~n for n in squares}
    unique = {n << 1 for n in squares}
    lazy = sum(n @ n for row in squares for n in row)
    return {"found": found}, names, unique, lazy, [True, False, -1.5, 0xFF, 2j]


def count():
    global RATE
    total = 0

    def bump(step):
        nonlocal total
        total += step
        return total

    try:
        RATE = bump(1) / bump(2)
    except (ZeroDivisionError, KeyError) as error:
        raise
    except OSError:
        return
    else:
        yield total
    finally:
        yield from range(3)


async def fetch(source):
    async with source.open() as stream, source.lock:
        async for chunk in stream:
            await asyncio.sleep(0)
            yield chunk
    try:
        exec("1 + 1")
    except* ValueError:
        pass


if __name__ == "__main__":
    sys.exit(paths.exists(describe(3, label='x')))
