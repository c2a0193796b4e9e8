"""Faults in the field joined back to the steps that made them, and what they cost.

Belongs here: makers of faults → rows for people, and what is left of faults that have a device
cause but no maker. Stays out: finding makers (search.py: the field is one more look at the work).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from cx_analytics.contracts.frames import frame_of, schema_of
from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.tables import STEP_FIELD_FAULTS
from cx_analytics.supply.makers import reject_causes, shares_of
from cx_analytics.supply.rejects import made_rejects
from cx_analytics.supply.scan import Scan
from cx_analytics.supply.search import Found
from cx_analytics.supply.wastes import Row, priced

MADE_FAULTS = Table(
    "made_faults",
    "supply",
    "Faults in the field where they were made: by transition and cause.",
    "from_step, step, field_cause_id",
    (
        Column("from_step", "VARCHAR", "Step before; null at the start of the case"),
        Column("step", "VARCHAR", "The step that made them; null for a material without a step"),
        Column("field_cause_id", "VARCHAR", "What made them; null for causes that name no step"),
        Column("faults", "DOUBLE", "Faults, by shares", "faults", required=True, low=0),
    ),
)

_SAME = ("label", "step", "resource", "line", "shift", "operator_group", "component", "lot")
_SAME_NUMBERS = ("supplier", "rate_ratio", "rate_ratio_low", "rate_ratio_high", "probability")
_RENAMED = {
    "reject_cause_id": "field_cause_id",
    "pieces": "sessions",
    "rejects": "faults_under",
    "excess_low": "faults_low",
    "excess_high": "faults_high",
    "evidence": "evidence",
    "rivals": "rivals",
}


def left_faults(
    scan: Scan, found: Found, units: pl.DataFrame, faults: pl.DataFrame
) -> pl.DataFrame:
    """What makers leave unexplained of the faults that have a device cause.

    Parameters
    ----------
    scan, found : counts of the field, and the makers with their hazards.
    units : look, unit_id.
    faults : rows of the model supply/field_faults.
    """
    explained = sum(
        (shares_of(scan, found, one.condition) for one in found.makers),
        start=scan.looks["rejects"].to_numpy() * 0.0,
    )
    part = scan.looks.select(
        "look", (pl.Series("part", explained) / pl.col("rejects")).alias("part")
    )
    known = units.join(part, on="look").select("unit_id", "part")
    left = faults.join(known, on="unit_id", how="left", maintain_order="left")
    remaining = pl.col("faults") * (1 - pl.col("part").fill_null(0.0).clip(0, 1))
    return left.with_columns(remaining.alias("faults")).select(faults.columns)


def made_faults(scan: Scan, found: Found, spread: pl.DataFrame) -> pl.DataFrame:
    """Rows of MADE_FAULTS: faults of makers, and those of other device causes.

    Parameters
    ----------
    scan, found : counts of the field, and the makers with their hazards.
    spread : rows of the model supply/field_spread.
    """
    made = made_rejects(scan, found).drop_nulls("reject_cause_id")
    by_makers = made.rename({"reject_cause_id": "field_cause_id", "rejects": "faults"})
    others = spread.with_columns(pl.lit(None, pl.String).alias("field_cause_id"))
    schema = schema_of(MADE_FAULTS)
    parts = [
        one.select(pl.col(name).cast(kind) for name, kind in schema.items())
        for one in (by_makers, others)
    ]
    return pl.concat(parts).sort("from_step", "step", "field_cause_id")


def step_field_faults(
    scan: Scan, found: Found, made: pl.DataFrame, field_fault: float | None = None
) -> pl.DataFrame:
    """Rows of the table step_field_faults, the most faults first.

    Parameters
    ----------
    scan, found : counts of the field, and the makers with their hazards.
    made : rows of MADE_FAULTS.
    field_fault : money that a fault in the field costs; None when unknown.
    """
    sums = made.group_by("step", "field_cause_id").agg(pl.col("faults").sum())
    facts = {one["reject_cause_id"]: one for one in reject_causes(scan, found).to_dicts()}
    rows = [
        _row(step, faults, facts.get(cause), field_fault)
        for step, cause, faults in sums.sort("step", "field_cause_id").iter_rows()
        if faults
    ]
    rows.sort(key=lambda row: (-row["faults"], row["step"] or "", row.get("label") or ""))
    return frame_of(rows, STEP_FIELD_FAULTS)


def _row(
    step: str | None, faults: float, fact: dict[str, Any] | None, rate: float | None
) -> dict[str, Any]:
    row: dict[str, Any] = {"step": step, "faults": faults}
    if fact is not None:
        part = faults / fact["excess_rejects"]
        row |= {name: fact[name] for name in (*_SAME, *_SAME_NUMBERS)}
        row |= {name: fact[key] for key, name in _RENAMED.items()}
        row |= {"step": step, "faults": faults}
        row |= {f"faults_{end}": fact[f"excess_{end}"] * part for end in ("low", "high")}
    for end in ("", "_low", "_high"):
        amount = row.get(f"faults{end}")
        row[f"cost{end}"] = None if rate is None or amount is None else amount * rate
    return row


def field_wastes(faults: pl.DataFrame, field_fault: float | None = None) -> list[Row]:
    """Faults in the field as wastes: those of makers can be saved.

    Parameters
    ----------
    faults : rows of the table step_field_faults.
    field_fault : money that a fault in the field costs; None when unknown.
    """
    rows = []
    for one in faults.iter_rows(named=True):
        made = one["label"] is not None
        ends = {end: one[f"faults{end}"] for end in ("", "_low", "_high")}
        row: Row = {"step": one["step"], "waste": "field_faults", "detail": one["label"]}
        row |= {"unit": "faults"}
        row |= {f"amount{end}": value for end, value in ends.items()}
        row |= {f"saved{end}": value if made else None for end, value in ends.items()}
        rows.append(priced(row, field_fault))
    return rows
