"""Identity and status of causes from run to run.

A cause keeps its id while its conditions stay and its window overlaps. Belongs here: matching
what was found with what earlier runs said. Stays out: finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from hashlib import sha256

import polars as pl

NEAR = timedelta(days=3)
"""So near to the start of the data an edge of a window cannot be told from it any more."""


@dataclass(frozen=True)
class Window:
    """Half-open in time; None = not bounded by the data on that side."""

    start: datetime | None
    end: datetime | None

    def overlaps(self, other: Window) -> bool:
        """Whether the two share a moment.

        >>> day = [datetime(2026, 1, n) for n in range(1, 5)]
        >>> Window(day[0], day[1]).overlaps(Window(day[1], None))
        False
        >>> Window(None, day[2]).overlaps(Window(day[1], None))
        True
        """
        before = self.end is not None and other.start is not None and self.end <= other.start
        after = other.end is not None and self.start is not None and other.end <= self.start
        return not (before or after)


@dataclass(frozen=True)
class Standing:
    """What stays of a cause: its id, when it was first reported, its window and status."""

    cause_id: str
    first_reported_on: date
    window: Window
    status: str


def new_id(label: str, onset: datetime | None) -> str:
    """A short id that follows from the label and the onset.

    >>> new_id("lot=L1", None)
    'c-1d026241f2'
    """
    text = f"{label}|{onset.isoformat() if onset else ''}"
    return "c-" + sha256(text.encode()).hexdigest()[:10]


def standings(
    labels: Sequence[str],
    windows: Sequence[Window],
    known: pl.DataFrame | None,
    as_of: date,
    data_start: datetime,
) -> list[Standing]:
    """Ids and status of found causes, in the order given.

    A known row with the same label passes its id on to the first found cause whose window
    overlaps; a known row that was fixed passes it on to a later window as `recurred`. A
    window that reaches back to the start of the data keeps the onset that was known.
    """
    free = [] if known is None else known.sort("cause_id").to_dicts()
    used: set[str] = set()
    result = []
    for label, window in zip(labels, windows, strict=True):
        row = _match(free, label, window)
        if row is not None:
            free.remove(row)
        standing = _standing(label, window, row, as_of, data_start)
        while standing.cause_id in used:
            standing = replace(standing, cause_id=new_id(standing.cause_id, window.start))
        used.add(standing.cause_id)
        result.append(standing)
    return result


def _match(free: list[dict[str, object]], label: str, window: Window) -> dict[str, object] | None:
    same = [row for row in free if row["label"] == label]
    for row in same:
        if window.overlaps(_window(row)):
            return row
    for row in reversed(same):
        end = row["valid_to"]
        if isinstance(end, datetime) and window.start is not None and window.start >= end:
            return row
    return None


def _window(row: dict[str, object]) -> Window:
    start, end = row["valid_from"], row["valid_to"]
    return Window(
        start if isinstance(start, datetime) else None, end if isinstance(end, datetime) else None
    )


def _standing(
    label: str,
    window: Window,
    row: dict[str, object] | None,
    as_of: date,
    data_start: datetime,
) -> Standing:
    over = window.end is not None and window.end <= datetime.combine(as_of, time())
    if row is None:
        return Standing(new_id(label, window.start), as_of, window, "new")
    before = _window(row)
    first = row["first_reported_on"]
    reported = first if isinstance(first, date) else as_of
    edge = data_start + NEAR
    if window.start is None and before.start is not None and before.start <= edge:
        window = replace(window, start=before.start)
    if reported == as_of:
        status = "new"
    elif over:
        status = "fixed"
    else:
        status = "recurred" if row["status"] in ("fixed", "recurred") else "active"
    return Standing(str(row["cause_id"]), reported, window, status)


def past(known: pl.DataFrame | None, found: set[str], data_start: datetime) -> pl.DataFrame | None:
    """Known causes that ended and that the data no longer show whole: they stay, as fixed.

    A known cause that the data still cover and that was not found again is no cause any more;
    it stays in the history only.
    """
    if known is None:
        return None
    ended = known.filter(
        pl.col("valid_to").is_not_null()
        & (pl.col("valid_from").is_null() | (pl.col("valid_from") < data_start))
        & (pl.col("valid_to") < data_start + NEAR)
        & ~pl.col("cause_id").is_in(sorted(found))
    )
    return ended.with_columns(status=pl.lit("fixed"))
