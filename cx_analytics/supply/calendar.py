"""Working hours that a workspace gives → the relation `given_hours` of supply/working_hours.

Belongs here: weeks written as text, and quarters of an hour. Stays out: learning hours from
activity (sql/supply/working_hours.sql), reading cx.toml.
"""

from __future__ import annotations

import polars as pl

_GIVEN = pl.Schema({"resource": pl.String(), "line": pl.String(), "quarter": pl.Int32()})


def no_given_hours() -> pl.DataFrame:
    """The relation `given_hours` when all hours are to be learned."""
    return pl.DataFrame(schema=_GIVEN)
