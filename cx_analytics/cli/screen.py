"""How an answer reaches a person or a program: tables on a terminal, plain text in a pipe, JSON.

Belongs here: layout and the cleaning of what is printed. Stays out: what an answer says.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

SHARE_FLOOR = 0.005
"""Shares below it are printed as "< 1 %", and those that would round to 100 % as "> 99 %": nothing
reads as "none" or "certain" that is not."""


@dataclass(frozen=True)
class Sheet:
    """A titled table of an answer; every cell is text that is ready to print."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Answer:
    """What a command says: sentences first, then tables; `data` is the same for programs."""

    sentences: tuple[str, ...]
    sheets: tuple[Sheet, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def show(answer: Answer, *, as_json: bool = False) -> None:
    """Print an answer to standard output."""
    if as_json:
        print(json.dumps(plain_value(answer.data), indent=2, ensure_ascii=False))
        return
    for sentence in answer.sentences:
        print(clean(sentence))
    for sheet in answer.sheets:
        print()
        show_table(sheet)


def show_table(sheet: Sheet) -> None:
    """Print one table: ruled on a terminal, aligned columns in a pipe, nothing when empty."""
    if sheet.title:
        print(clean(sheet.title))
    if sys.stdout.isatty():
        _show_ruled(sheet)
    else:
        print("\n".join(aligned(sheet.columns, sheet.rows)))


def _show_ruled(sheet: Sheet) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in sheet.columns:
        table.add_column(Text(clean(column)), overflow="fold")
    for row in sheet.rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    Console(highlight=False).print(table)


def aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of columns padded to the same width, two blanks apart.

    >>> aligned(("id", "n"), [("abc", "1")])
    ['id   n', 'abc  1']
    """
    lines = [[clean(cell) for cell in line] for line in (columns, *rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def clean(text: str) -> str:
    """The text without control characters: a value from a file must not steer a terminal.

    >>> clean("a\\x1b[31mb\\tc")
    'a\\ufffd[31mb\\ufffdc'
    """
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def plain_value(value: Any) -> Any:
    """A value as JSON knows it: times as ISO 8601 in UTC, no NaN.

    >>> plain_value({"at": datetime(2026, 1, 1), "n": float("nan")})
    {'at': '2026-01-01T00:00:00Z', 'n': None}
    """
    if isinstance(value, Mapping):
        return {str(key): plain_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat() + ("Z" if value.tzinfo is None else "")
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | bool | None) else str(value)


def number(value: float | None, digits: int = 0) -> str:
    """A number with thousands separated, or "-" when there is none.

    >>> number(12345.6), number(None), number(2.345, 1)
    ('12,346', '-', '2.3')
    """
    return "-" if value is None or not math.isfinite(value) else f"{value:,.{digits}f}"


def percent(share: float | None) -> str:
    """A share as a percentage.

    >>> percent(0.5), percent(0.001), percent(0.0), percent(0.995), percent(None)
    ('50 %', '< 1 %', '0 %', '> 99 %', '-')
    """
    if share is None or not math.isfinite(share):
        return "-"
    if 0 < share < SHARE_FLOOR:
        return "< 1 %"
    return "> 99 %" if 1 - SHARE_FLOOR <= share < 1 else f"{100 * share:.0f} %"


def interval(low: float | None, high: float | None, digits: int = 0) -> str:
    """A 90 % interval, or "-" when it is unknown.

    >>> interval(1, 3), interval(None, 3)
    ('1 to 3', '-')
    """
    if low is None or high is None:
        return "-"
    return f"{number(low, digits)} to {number(high, digits)}"


def when(value: datetime | date | None, missing: str = "-") -> str:
    """A time to the minute (UTC) or a day.

    >>> when(datetime(2026, 1, 2, 3, 4, 5)), when(date(2026, 1, 2)), when(None, "open")
    ('2026-01-02 03:04', '2026-01-02', 'open')
    """
    if value is None:
        return missing
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value.isoformat()


def hours(seconds: float | None) -> str:
    """A duration in the unit that reads best.

    >>> hours(30), hours(600), hours(7200), hours(400000), hours(None)
    ('30 s', '10 min', '2.0 h', '4.6 d', '-')
    """
    if seconds is None:
        return "-"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172800 else f"{seconds / 86400:.1f} d"
