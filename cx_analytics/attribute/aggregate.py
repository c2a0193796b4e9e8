"""The only scan of the sessions: per-day counts that add up, and exposure of asked-for cells.

Belongs here: which counts are kept per day, and the calls of the SQL models that make them.
Stays out: what the counts say (counts.py and below) and where they are stored (the caller).

Every frame has a `day` and is additive: the counts of days are added up, never re-made. The
first four tables follow from the sessions alone. Cells (values, pairs of values and
individuals that the fault rows point to) are counted only when asked for, each on each day
once; `missing_cells` says what is not counted yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import polars as pl

from cx_analytics.attribute.evidence_sql import identifier
from cx_analytics.contracts.attributes import Attribute
from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.ports import SqlEngine

WIDE = 20_000
"""An attribute with more values than this on some day is counted only where faults point."""

BATCH = 3_000_000
"""Sessions whose keys are held at once (8 bytes an attribute each)."""

FEW, MANY = 100, 8
"""Up to FEW conjunctions of each of MANY or more sets of attributes are counted within the
condition that they share."""

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
MODELS = ("single_exposure", "pair_exposure", "triple_exposure")
"""The SQL models that count cells of one, two and three conditions."""


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
    since, until = _span(days)
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
        VALUE_COUNTS.name: _ordered(values, VALUE_COUNTS).filter(chosen),
        STRATUM_COUNTS.name: _ordered([strata], STRATUM_COUNTS).filter(chosen),
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


def cell_exposure(engine: SqlEngine, cells: pl.DataFrame) -> pl.DataFrame:
    """The exposure of asked-for cells in the relation `session`, as rows of CELL_COUNTS.

    One semi-join with the asked-for cells per set of attributes; never a cube.
    A cell without a session on a day comes back with zero (hourly: at hour 0), so that it
    is known to be counted. Days are taken in batches of at most BATCH sessions.
    """
    frames: list[pl.DataFrame] = []
    for days in _batches(engine, cells["day"].unique().sort().to_list()):
        asked = cells.filter(pl.col("day").is_in(days))
        names = {name for key in ATTRIBUTE_KEY for name in asked[key].drop_nulls()}
        engine.table("keyed_session", _keyed(sorted(names), *_span(days)))
        inside, asked = _within(engine, asked)
        frames += [*inside, *(_counted(engine, part) for part in _sets(asked))]
    return _ordered(frames, CELL_COUNTS)


def _batches(engine: SqlEngine, days: Sequence[date]) -> list[list[date]]:
    """Days in runs of at most BATCH sessions."""
    if not days:
        return []
    since, until = _span(days)
    rows = engine.model("attribute/day_sessions", since=since, until=until)
    size = dict(zip(rows["day"].cast(pl.Date).to_list(), rows["sessions"].to_list(), strict=True))
    batches: list[list[date]] = [[]]
    room = BATCH
    for day in days:
        if batches[-1] and size.get(day, 0) > room:
            batches.append([])
            room = BATCH
        batches[-1].append(day)
        room -= size.get(day, 0)
    return batches


def _keyed(names: Sequence[str], since: datetime, until: datetime) -> str:
    """The query of `keyed_session`: day, hour, and each attribute as a 64-bit key.

    Joins on integers cost a third of joins on text. The columns differ by workspace, so this
    one query cannot be a model file; names are quoted, and there are no values in it but
    two timestamps.
    """
    quoted = [identifier(name) for name in names]
    keys = "".join(f", HASH(CAST({name} AS VARCHAR)) AS {name}" for name in quoted)
    return (
        "SELECT CAST(started_at AS DATE) AS day, "
        f"CAST(EXTRACT(HOUR FROM started_at) AS BIGINT) AS hour{keys} FROM session "
        f"WHERE started_at >= TIMESTAMP '{since}' AND started_at < TIMESTAMP '{until}'"
    )


def _sets(asked: pl.DataFrame) -> list[pl.DataFrame]:
    """Asked-for cells by their set of attributes."""
    return asked.partition_by(*ATTRIBUTE_KEY, "hourly", maintain_order=True)


def _within(engine: SqlEngine, asked: pl.DataFrame) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Counts of cells inside a condition that at least MANY sets share, and the cells left over.

    Many sets of attributes with a few cells each, all within one cause: the condition that they
    share is looked up once, and they are counted within its sessions only; then the next one.
    """
    frames = []
    keys = _keys_of(engine, asked)
    while (anchor := _commonest(asked)) is not None:
        attribute, value = anchor
        has = [
            (pl.col(name) == attribute) & (pl.col(key) == value)
            for name, key in zip(ATTRIBUTE_KEY, VALUE_KEY, strict=True)
        ]
        mine = _NARROW & pl.any_horizontal(has).fill_null(False)
        engine.register("anchor", pl.DataFrame({"value": [value]}))
        engine.table(
            "anchored_session",
            f"SELECT * FROM keyed_session WHERE {identifier(attribute)} "
            "IN (SELECT HASH(value) FROM anchor)",
        )
        frames += [_inside(engine, part, attribute, keys) for part in _sets(asked.filter(mine))]
        asked = asked.filter(~mine)
    return frames, asked


_NARROW = pl.col("attribute_2").is_not_null() & (
    pl.struct(VALUE_KEY).n_unique().over(ATTRIBUTE_KEY) <= FEW
)
"""Conjunctions of a set of attributes of which few are asked for."""


def _keys_of(engine: SqlEngine, asked: pl.DataFrame) -> pl.DataFrame:
    """The 64-bit key of each value that is asked for."""
    values = pl.concat([asked.select(value=name) for name in VALUE_KEY]).unique().drop_nulls()
    engine.register("asked_value", values)
    return engine.frame("SELECT value, HASH(value) AS key FROM asked_value")


def _inside(engine: SqlEngine, part: pl.DataFrame, anchor: str, keys: pl.DataFrame) -> pl.DataFrame:
    """The exposure of cells of one set of attributes among the sessions of the anchor."""
    first = part.row(0, named=True)
    others = {
        name: f"value_{place}"
        for place, name in enumerate((first[key] for key in ATTRIBUTE_KEY), start=1)
        if name not in (None, anchor)
    }
    model = "attribute/single_inside" if len(others) == 1 else "attribute/pair_inside"
    found = engine.model(model, dict(zip("ab", others, strict=False)))
    for n, value in enumerate(others.values(), start=1):
        found = found.join(keys.rename({"value": value, "key": f"key_{n}"}), on=f"key_{n}")
    on = ["day", *others.values()]
    found = found.select(*on, "sessions").with_columns(pl.col("day").cast(pl.Date))
    return part.join(found, on=on, how="left").with_columns(pl.col("sessions").fill_null(0))


def _commonest(asked: pl.DataFrame) -> tuple[str, str] | None:
    """The condition that most sets share, the first by name among equals; None below MANY."""
    cells = asked.filter(_NARROW).select(CELL_KEY).unique()
    sets = pl.concat_str(ATTRIBUTE_KEY, separator="\0", ignore_nulls=True)
    conditions = pl.concat(
        cells.select(attribute=name, value=key, among=sets)
        for name, key in zip(ATTRIBUTE_KEY, VALUE_KEY, strict=True)
    )
    tally = conditions.drop_nulls().group_by("attribute", "value").agg(pl.col("among").n_unique())
    most = tally.filter(pl.col("among") >= MANY)
    if most.is_empty():
        return None
    row = most.sort(["among", "attribute", "value"], descending=[True, False, False]).row(0)
    return str(row[0]), str(row[1])


_WANTED_KEYS = (
    "SELECT DISTINCT value_1, value_2, value_3, HASH(value_1) AS key_1, "
    "HASH(value_2) AS key_2, HASH(value_3) AS key_3 FROM wanted_value"
)


def _counted(engine: SqlEngine, part: pl.DataFrame) -> pl.DataFrame:
    """The exposure of asked-for cells of one set of attributes."""
    first = part.row(0, named=True)
    engine.register("wanted_value", part.select(VALUE_KEY).unique())
    engine.table("wanted_cell", _WANTED_KEYS)
    names = [first[key] for key in ATTRIBUTE_KEY if first[key] is not None]
    model = "hour_exposure" if first["hourly"] else MODELS[len(names) - 1]
    found = engine.model(f"attribute/{model}", dict(zip("abc", names, strict=False)))
    on = ["day", *VALUE_KEY[: len(names)]]
    counts = part.join(found.with_columns(pl.col("day").cast(pl.Date)), on=on, how="left")
    if first["hourly"]:
        counts = counts.with_columns(pl.col("hour").fill_null(0))
    return counts.with_columns(pl.col("sessions").fill_null(0))


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


def _ordered(frames: Sequence[pl.DataFrame], table: Table) -> pl.DataFrame:
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


def _span(days: Sequence[date]) -> tuple[datetime, datetime]:
    first, last = min(days), max(days)
    return datetime.combine(first, time()), datetime.combine(last + timedelta(1), time())
