"""How often each customer met what makes a cause: the exposure behind a customer's fault rate.

Belongs here: translating the conditions of the causes to one query, and the rows of individual
causes that it joins. Stays out: running it. The conditions are data, so no fixed model can hold
them; names are quoted, values are literals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from cx_analytics.contracts.quoting import literal, quote

_HEAD = """\
WITH faulty_customer AS (
  SELECT DISTINCT customer_id FROM sessions WHERE faulty
),
used AS (
  SELECT
    {columns},
    row_number() OVER (PARTITION BY customer_id ORDER BY started_at DESC, session_id DESC) - 1
      AS later
  FROM sessions
  WHERE customer_id IN (SELECT customer_id FROM faulty_customer)
),
found AS (
{branches}
)
SELECT customer_id, cause_id, met, exposed, later
FROM found
WHERE exposed > 0
ORDER BY customer_id, cause_id"""

_NOTHING = """\
  SELECT customer_id, '' AS cause_id, 0 AS met, 0 AS exposed, 0 AS later FROM used WHERE FALSE"""


def exposure_sql(causes: pl.DataFrame) -> str:
    """The query that counts, over `sessions`, the exposure of customers with a fault.

    It reads the relation `individual_cause` as well (`individual_causes`).

    Its rows: `customer_id`, `cause_id`, `met` (sessions of the customer in the window of the
    cause, whatever their kind; null for an individual cause), `exposed` (of these, under its
    conditions; at least 1), `later` (sessions of the customer, whatever their kind, after the
    last exposed one: many of them mean that the customer left the cause behind).

    Parameters
    ----------
    causes : columns cause_id, kind, conditions, valid_from, valid_to of the table `causes`.
    """
    rows = causes.select("cause_id", "kind", "conditions", "valid_from", "valid_to").rows(
        named=True
    )
    keys = {key for cause in rows for key in cause["conditions"]}
    columns = ", ".join(quote(key) for key in sorted(keys | {"customer_id", "started_at"}))
    shared = [cause for cause in rows if cause["kind"] == "shared"]
    branches = [_shared(shared)] if shared else []
    branches += _individuals([cause for cause in rows if cause["kind"] != "shared"])
    return _HEAD.format(columns=columns, branches="\n  UNION ALL\n".join(branches) or _NOTHING)


def _shared(causes: Sequence[Mapping[str, Any]]) -> str:
    """All shared causes in one pass: one filtered count each."""
    counts = ",\n      ".join(
        f"{{'cause_id': {literal(cause['cause_id'])}, "
        f"'met': count(*) FILTER (WHERE {_window(cause)}), "
        f"'exposed': count(*) FILTER (WHERE {_condition(cause)}), "
        f"'later': coalesce(min(later) FILTER (WHERE {_condition(cause)}), 0)}}"
        for cause in causes
    )
    return (
        "  SELECT customer_id, one.cause_id, one.met, one.exposed, one.later FROM (\n"
        f"    SELECT customer_id, unnest([\n      {counts}\n    ]) AS one\n"
        "    FROM used GROUP BY customer_id\n  ) AS counted"
    )


def individual_causes(causes: pl.DataFrame) -> pl.DataFrame:
    """The relation `individual_cause` that the query joins: a row each of the individual causes.

    `cause_id`, `_keys` (what its conditions are on), a column for each of these (null where the
    cause has none on it), `valid_from` and `valid_to` (ever and never where there is none).
    They may be thousands, too many to stand in the query one by one.
    """
    own = causes.filter(pl.col("kind") != "shared").select(
        "cause_id", "conditions", "valid_from", "valid_to"
    )
    rows = own.rows(named=True)
    names = sorted({key for cause in rows for key in cause["conditions"]})
    schema = {"cause_id": pl.String, "_keys": pl.String, **dict.fromkeys(names, pl.String)}
    told = [
        (cause["cause_id"], _keys(cause), *(cause["conditions"].get(name) for name in names))
        for cause in rows
    ]
    return pl.DataFrame(told, schema=schema, orient="row").with_columns(
        own["valid_from"].cast(pl.Datetime("us")).fill_null(datetime(1, 1, 1)),
        own["valid_to"].cast(pl.Datetime("us")).fill_null(datetime(9999, 12, 31)),
    )


def _keys(cause: Mapping[str, Any]) -> str:
    return ", ".join(sorted(cause["conditions"]))


def _individuals(causes: Sequence[Mapping[str, Any]]) -> list[str]:
    """One join for each set of attributes that individual causes have conditions on."""
    sets = {tuple(sorted(cause["conditions"])) for cause in causes}
    return [_individual(keys) for keys in sorted(sets)]


def _individual(keys: tuple[str, ...]) -> str:
    same = " AND ".join(f"used.{quote(key)} = one.{quote(key)}" for key in keys)
    return (
        "  SELECT used.customer_id, one.cause_id, NULL AS met, count(*) AS exposed, "
        "min(used.later) AS later\n"
        f"  FROM used JOIN individual_cause AS one ON {same}\n"
        f"    AND one._keys = {literal(', '.join(keys))}\n"
        "    AND used.started_at >= one.valid_from AND used.started_at < one.valid_to\n"
        "  GROUP BY used.customer_id, one.cause_id"
    )


def _condition(cause: Mapping[str, Any]) -> str:
    parts = [
        f"{quote(key)} = {literal(value)}" for key, value in sorted(cause["conditions"].items())
    ]
    return " AND ".join([*parts, *_bounds(cause)])


def _window(cause: Mapping[str, Any]) -> str:
    return " AND ".join(_bounds(cause)) or "TRUE"


def _bounds(cause: Mapping[str, Any]) -> list[str]:
    bounds = (("valid_from", ">="), ("valid_to", "<"))
    return [
        f"started_at {sign} {_time(cause[side])}"
        for side, sign in bounds
        if cause[side] is not None
    ]


def _time(value: datetime) -> str:
    return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
