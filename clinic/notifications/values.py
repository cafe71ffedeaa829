"""Lists of values inside a statement, for the few places where one statement must do what Django does row by row."""

from collections.abc import Sequence
from typing import Any


def placeholders(rows: Sequence[Sequence[Any]]) -> str:
    """`(%s, %s), (%s, %s)` for rows of two; only their number goes into the statement, never a value."""
    return ", ".join(f"({', '.join(['%s'] * len(row))})" for row in rows)
