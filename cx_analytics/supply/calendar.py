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


def _rows(calendar: Calendar) -> Iterator[tuple[str | None, str | None, int]]:
    whose = [
        (None, None, calendar.hours),
        *((None, name, hours) for name, hours in calendar.lines.items()),
        *((name, None, hours) for name, hours in calendar.resources.items()),
    ]
    for resource, line, hours in whose:
        for quarter in sorted({one for text in hours for one in quarters(text)}):
            yield resource, line, (quarter + 4 * QUARTERS) % (7 * QUARTERS)
