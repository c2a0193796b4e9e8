"""Working hours that a workspace gives → the relation `given_hours` of supply/working_hours.

Belongs here: the open quarters of an hour as rows. Stays out: learning hours from activity
(sql/supply/working_hours.sql), reading cx.toml (contracts/calendar.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from cx_analytics.contracts.calendar import QUARTERS, Calendar, quarters

_GIVEN = pl.Schema({"resource": pl.String(), "line": pl.String(), "quarter": pl.Int32()})


def no_given_hours() -> pl.DataFrame:
    """The relation `given_hours` when all hours are to be learned."""
    return pl.DataFrame(schema=_GIVEN)


def given_hours(calendar: Calendar) -> pl.DataFrame:
    """The relation `given_hours`: a row for each open quarter of an hour that is given.

    `resource` and `line` say whose it is (both null: everyone's). `quarter` is 0 to 671 from
    Thursday 00:00 UTC, as 1970 began. Who is given no hours at all (an empty list) is learned.
    """
    return pl.DataFrame(list(_rows(calendar)), schema=_GIVEN, orient="row")


def open_quarters(calendar: Calendar, resource: str, line: str | None) -> frozenset[int] | None:
    """The open quarters of an hour that a resource is given, as in `given_hours`; None = learn.

    Its own hours go before those of its line, and these before those of all.

    >>> sorted(open_quarters(Calendar(("thu 00:15-00:45",)), "saw", None))
    [1, 2]
    """
    own, its = calendar.resources.get(resource), calendar.lines.get(line or "")
    hours = own or its or calendar.hours
    return frozenset(_since_1970(one) for text in hours for one in quarters(text)) or None


def _since_1970(quarter: int) -> int:
    """A quarter from Monday 00:00 as one from Thursday 00:00."""
    return (quarter + 4 * QUARTERS) % (7 * QUARTERS)


def _rows(calendar: Calendar) -> Iterator[tuple[str | None, str | None, int]]:
    whose = [
        (None, None, calendar.hours),
        *((None, name, hours) for name, hours in calendar.lines.items()),
        *((name, None, hours) for name, hours in calendar.resources.items()),
    ]
    for resource, line, hours in whose:
        for quarter in sorted({one for text in hours for one in quarters(text)}):
            yield resource, line, _since_1970(quarter)
