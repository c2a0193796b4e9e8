"""The counts that are kept per day: their tables, and the scan of the sessions that makes them.

Belongs here: which counts are kept per day, and the calls of the SQL models that make them.
Stays out: counting asked-for cells (exposure.py), what the counts say (counts.py and below)
and where they are stored (the caller).

Every frame has a `day` and is additive: the counts of days are added up, never re-made. The
first four tables follow from the sessions alone. Cells (values, pairs of values and
individuals that the fault rows point to) are counted only when asked for, each on each day
once; `missing_cells` says what is not counted yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import polars as pl

from cx_analytics.contracts.attributes import Attribute
from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.ports import SqlEngine

WIDE = 20_000
"""An attribute with more values than this on some day is counted only where faults point."""

_DAY = Column("day", "DATE", "The day (UTC)", required=True)
_SESSIONS = Column("sessions", "BIGINT", "Sessions", "sessions", required=True, low=0)
_FAULTS = Column("faults", "BIGINT", "Faults among them", "faults", required=True, low=0)

VALUE_COUNTS = Table(
    "attribution_values",
    "attribute",
    "Sessions and faults of every value of every attribute that is not wide, by day.",
    "day, attribute, value",
    (
        _DAY,
        Column("attribute", "VARCHAR", "The attribute", required=True),
        Column("value", "VARCHAR", "Its value; null = missing"),
        _SESSIONS,
        _FAULTS,
    ),
    key=("day", "attribute", "value"),
    day="day",
)
STRATUM_COUNTS = Table(
    "attribution_strata",
    "attribute",
    "Sessions and faults by background stratum and hour of day, by day.",
    "day, hour, stratum",
    (
        _DAY,
        Column("hour", "BIGINT", "Hour of day (UTC)", "h", required=True, low=0, high=23),
        Column("stratum", "VARCHAR", "Value of the stratum attribute; null = missing"),
        _SESSIONS,
        _FAULTS,
    ),
    key=("day", "hour", "stratum"),
    day="day",
)
CELL_COUNTS = Table(
    "attribution_cells",
    "attribute",
    "Exposure of the values, pairs and individuals that fault rows point to, by day.",
    "day, attribute_1, value_1, attribute_2, value_2, attribute_3, value_3, hour",
    (
        _DAY,
        Column("attribute_1", "VARCHAR", "First attribute", required=True),
        Column("value_1", "VARCHAR", "Its value", required=True),
        Column("attribute_2", "VARCHAR", "Second attribute of a pair or triple"),
        Column("value_2", "VARCHAR", "Its value"),
        Column("attribute_3", "VARCHAR", "Third attribute of a triple"),
        Column("value_3", "VARCHAR", "Its value"),
        Column("hour", "BIGINT", "Hour of day (UTC); null = the whole day", "h", low=0, high=23),
        _SESSIONS,
    ),
    key=(
        "day",
        "attribute_1",
        "value_1",
        "attribute_2",
        "value_2",
        "attribute_3",
        "value_3",
        "hour",
    ),
    day="day",
)
FAULT_ROWS = "attribution_faults"
"""Table of the fault rows: `fault_columns(attributes)`, `started_at`, `fault_code` and `day`."""

ATTRIBUTE_KEY = ["attribute_1", "attribute_2", "attribute_3"]
VALUE_KEY = ["value_1", "value_2", "value_3"]
CELL_KEY = [name for pair in zip(ATTRIBUTE_KEY, VALUE_KEY, strict=True) for name in pair]


def fault_columns(attributes: Sequence[Attribute]) -> list[str]:
    """The text columns of the fault rows."""
    names = sorted(attribute.name for attribute in attributes)
    fixed = ["session_id", "customer_id", "unit_id"]
    return fixed + [name for name in names if name not in fixed]


def day_aggregates(
    engine: SqlEngine,
    attributes: Sequence[Attribute],
    days: Sequence[date],
    *,
    stratum: str | None = "network_type",
    wide: int = WIDE,
) -> dict[str, pl.DataFrame]:
    """The four additive aggregates of some days of the relation `session`, by table name.

    Each frame has a column `day` by which the caller partitions it. `stratum` is the
    attribute of the background's strata; when it is none of `attributes`, there is one.
    Attributes with more than `wide` values on a day have no value counts on that day.
    """
    since, until = span(days)
    chosen = pl.col("day").is_in(sorted(days))
    names = sorted(attribute.name for attribute in attributes)
    if stratum in names:
        strata = engine.model(
            "attribute/stratum_counts", {"s": str(stratum)}, since=since, until=until
        )
    else:
        strata = engine.model("attribute/hour_counts", since=since, until=until)
    values = [_value_counts(engine, name, since, until, wide) for name in names]
    return {
        FAULT_ROWS: _fault_rows(engine, attributes, since, until).filter(chosen),
        VALUE_COUNTS.name: ordered(values, VALUE_COUNTS).filter(chosen),
        STRATUM_COUNTS.name: ordered([strata], STRATUM_COUNTS).filter(chosen),
    }


def missing_cells(wanted: pl.DataFrame, counted: pl.DataFrame | None) -> pl.DataFrame:
    """The wanted (cell, day) rows that were not counted yet.

    `wanted` comes from `Counts.wanted_cells`; `counted` are rows of CELL_COUNTS. Whole-day
    and hourly exposure are counted apart (`hourly`).
    """
    if counted is None or counted.is_empty():
        return wanted
    key = [*CELL_KEY, "day", "hourly"]
    sets = wanted.select(ATTRIBUTE_KEY).unique()
    same = counted.join(sets, on=ATTRIBUTE_KEY, how="semi", nulls_equal=True)
    known = same.select(
        *[pl.col(name).cast(pl.String) for name in CELL_KEY],
        "day",
        hourly=pl.col("hour").is_not_null(),
    ).unique()
    return wanted.join(known, on=key, how="anti", nulls_equal=True).sort(key)


def _value_counts(
    engine: SqlEngine, name: str, since: datetime, until: datetime, wide: int
) -> pl.DataFrame:
    counts = engine.model(
        "attribute/value_counts", {"a": name}, since=since, until=until, wide=wide
    )
    return counts.with_columns(attribute=pl.lit(name))


def _fault_rows(
    engine: SqlEngine, attributes: Sequence[Attribute], since: datetime, until: datetime
) -> pl.DataFrame:
    rows = engine.model("attribute/fault_rows", since=since, until=until)
    texts = [
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(pl.String).alias(name)
        for name in fault_columns(attributes)
    ]
    code = pl.col("fault_code") if "fault_code" in rows.columns else pl.lit(None)
    started = pl.col("started_at").cast(pl.Datetime("us"))
    return rows.select(
        started.dt.date().alias("day"),
        started,
        code.cast(pl.String).fill_null("fault").alias("fault_code"),
        *texts,
    ).sort("started_at", "session_id")


def ordered(frames: Sequence[pl.DataFrame], table: Table) -> pl.DataFrame:
    """Frames as one, with the columns, types and order of a table."""
    types = {"DATE": pl.Date(), "VARCHAR": pl.String(), "BIGINT": pl.Int64()}
    schema = {column.name: types[column.type] for column in table.columns}
    same = [
        frame.select(
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in schema.items()
        )
        for frame in frames
    ]
    whole = pl.concat(same) if same else pl.DataFrame(schema=schema)
    return whole.sort(list(table.key))


def span(days: Sequence[date]) -> tuple[datetime, datetime]:
    """From the first moment of the first day to the end of the last."""
    first, last = min(days), max(days)
    return datetime.combine(first, time()), datetime.combine(last + timedelta(1), time())
