"""The SQL behind the numbers of a defect, to be run again on the warehouse by anyone.

Belongs here: queries over published tables, one number each. Stays out: running them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from cx_analytics.contracts.quoting import literal
from cx_analytics.factory.exposure import FAILED_SHARE
from cx_analytics.factory.genealogy import component_of, genealogy

EVIDENCE_SCHEMA = pl.Schema(
    {
        "metric_id": pl.String(),
        "defect_id": pl.String(),
        "name": pl.String(),
        "unit": pl.String(),
        "value": pl.Float64(),
        "sql": pl.String(),
        "meaning": pl.String(),
    }
)

_ESTIMATES = (
    ("rate_ratio", "ratio", "Fault rate over that of the other units"),
    ("excess_faults", "faults", "Faults that the defect explains"),
    ("forecast_faults_90d", "faults", "Excess faults to expect in 90 days"),
    ("forecast_returns_90d", "units", "Units to come back for the first time in 90 days"),
    ("units_in_field", "units", "Units that match and are in the field"),
)
"""Numbers of a model rather than of a count: read from the published table."""

_Number = tuple[str, str, float | None, str, str]
"""Name, unit, value, SQL, meaning."""


def units_where(conditions: Mapping[str, str]) -> str:
    """The condition on the table `units` that finds the units of a defect.

    >>> units_where({"lot": "L1", "modem_lot": "M7"}).count("unit_id IN")
    1
    """
    terms = []
    for attribute, value in genealogy(conditions).items():
        part = component_of(attribute)
        if part is None:
            terms.append(f"{attribute} = {literal(value)}")
            continue
        column = "component_lot" if part.column == "lot" else "supplier"
        terms.append(
            "unit_id IN (SELECT unit_id FROM components WHERE "
            f"component = {literal(part.component)} AND {column} = {literal(value)})"
        )
    return " AND ".join(terms)


def defect_evidence(defects: pl.DataFrame, causes: pl.DataFrame) -> pl.DataFrame:
    """Each number of each defect with the query that gives it again.

    Columns: metric_id, defect_id, name, unit, value, sql, meaning. The rows also fit the table
    `metrics_sql`. Counts are counted anew (sessions and faults by the cause's own
    `evidence_sql`); estimates are read from the table `defects`.
    """
    behind = {cause["cause_id"]: cause for cause in causes.iter_rows(named=True)}
    rows: list[dict[str, Any]] = []
    for defect in defects.iter_rows(named=True):
        for name, unit, value, sql, meaning in (
            *_exposure(behind[defect["cause_id"]]),
            *_numbers(defect),
        ):
            rows.append(
                {
                    "metric_id": f"defect.{defect['defect_id']}.{name}",
                    "defect_id": defect["defect_id"],
                    "name": name,
                    "unit": unit,
                    "value": value,
                    "sql": sql,
                    "meaning": meaning,
                }
            )
    return pl.DataFrame(rows, schema=EVIDENCE_SCHEMA)


def _exposure(cause: Mapping[str, Any]) -> list[_Number]:
    counted = f"FROM ({cause['evidence_sql'].strip().rstrip(';')}) AS counted"
    return [
        (name, name, cause[name], f"SELECT {name} AS value {counted}", meaning)
        for name, meaning in (
            ("sessions", "Sessions under the conditions in the window"),
            ("faults", "Faults among them"),
        )
    ]


def _numbers(defect: Mapping[str, Any]) -> list[_Number]:
    where = units_where(defect["conditions"])
    made = f"SELECT count(*) AS value FROM units WHERE {where}"
    failed = (
        "SELECT count(*) AS value FROM (SELECT sessions.unit_id FROM fault_causes "
        "JOIN sessions ON sessions.session_id = fault_causes.session_id "
        f"WHERE fault_causes.cause_id = {literal(defect['cause_id'])} "
        f"AND (sessions.unit_id IN (SELECT unit_id FROM units WHERE {where}) "
        "OR sessions.unit_id NOT IN (SELECT unit_id FROM units)) "
        f"GROUP BY sessions.unit_id HAVING sum(fault_causes.share) >= {FAILED_SHARE}) AS failed"
    )
    return [
        ("units_made", "units", defect["units_made"], made, "Units that match"),
        ("units_failed", "units", defect["units_failed"], failed, "Of these, with a fault by it"),
        *(
            (name, unit, defect[name], _published(name, defect["defect_id"]), meaning)
            for name, unit, meaning in _ESTIMATES
        ),
    ]


def _published(name: str, defect: str) -> str:
    return f"SELECT {name} AS value FROM defects WHERE defect_id = {literal(defect)}"
