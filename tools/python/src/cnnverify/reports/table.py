"""Rows and columns, and how they look as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """Named columns; what a row lacks is None."""

    columns: list[str]
    rows: list[dict[str, Any]]


def text_table(table: Table) -> str:
    """Give a line for each row under a line of titles; columns that hold nothing are left out."""
    columns = [c for c in table.columns if any(row.get(c) is not None for row in table.rows)]
    lines = [columns, *([_cell(row.get(c)) for c in columns] for row in table.rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}"
    # Names come from files of strangers: nothing in them may steer a terminal.
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in str(value))
