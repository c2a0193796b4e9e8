"""Where rejects were made: each one traced back to the passes of its case, its shares adding to 1.

Belongs here: sharing rejects out, and the table step_defects. Stays out: finding makers.

What a maker explains of a reject goes to the passes under the maker. What no maker explains, the
background, goes to all working passes that the look saw, by the pieces that they worked on:
nothing tells them apart. A
working step that books rejects without a maker made them itself. Nothing goes to an inspection.
What a component makes goes to the step that builds it in; other materials have no step, nor has a
reject with no work before it.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from cx_analytics.contracts.frames import schema_of
from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.tables import STEP_DEFECTS
from cx_analytics.supply.makers import cause_id, shares_of
from cx_analytics.supply.scan import MATERIAL, Scan
from cx_analytics.supply.search import Found

MADE_REJECTS = Table(
    "made_rejects",
    "supply",
    "Rejects where they were made: by transition and cause.",
    "from_step, step, reject_cause_id",
    (
        Column("from_step", "VARCHAR", "Step before; null at the start of the case"),
        Column("step", "VARCHAR", "The step that made them; null for a material or no work"),
        Column("reject_cause_id", "VARCHAR", "What made them; null for the background"),
        Column("rejects", "DOUBLE", "Rejects, by shares", "pieces", required=True, low=0),
    ),
)
_WHERE = ("from_step", "step")


def made_rejects(scan: Scan, found: Found) -> pl.DataFrame:
    """Rows of MADE_REJECTS, which add up to all rejects that were booked."""
    if scan.looks.is_empty():
        return pl.DataFrame(schema=schema_of(MADE_REJECTS))
    parts = [_background(scan, found)]
    parts += [_made_by(scan, found, maker.condition) for maker in found.makers]
    made = pl.concat(parts).group_by(*_WHERE, "reject_cause_id").agg(pl.col("rejects").sum())
    return made.sort(*_WHERE, "reject_cause_id").select(MADE_REJECTS.names)


def _background(scan: Scan, found: Found) -> pl.DataFrame:
    share = pl.Series("share", scan.looks["rejects"].to_numpy() / found.hazard.risk)
    own = pl.col("last_work") | pl.col("inspection")
    seen = scan.work.filter(own | pl.col("position").is_null())
    return _spread(scan, seen, share).with_columns(pl.lit(None, pl.String).alias("reject_cause_id"))


def _made_by(scan: Scan, found: Found, condition: int) -> pl.DataFrame:
    told = scan.conditions.row(condition, named=True)
    name = cause_id(told)
    share = pl.Series("share", shares_of(scan, found, condition))
    if told["kind"] == MATERIAL:
        at = pl.lit(told["built_in_at"], pl.String)
        makings = scan.steps.filter(pl.col("step") == at)["making"]
    else:
        makings = scan.making_of.filter(pl.col("condition") == condition)["making"]
    seen = scan.work.filter(pl.col("making").is_in(makings.implode()))
    nowhere = pl.lit(None, pl.Int64).alias("making"), pl.lit(None, pl.String).alias("from_step")
    lost = scan.work.join(seen, on="row", how="anti").unique("row", keep="first")
    seen = pl.concat([seen, lost.with_columns(*nowhere)])
    return _spread(scan, seen, share).with_columns(pl.lit(name).alias("reject_cause_id"))


def _spread(scan: Scan, seen: pl.DataFrame, share: pl.Series) -> pl.DataFrame:
    """The share of each look with rejects, over those of its passes that are seen."""
    each = share.to_frame().with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    return (
        seen.join(each.filter(pl.col("share") > 0), on="row")
        .join(scan.steps, on="making", how="left")
        .with_columns((pl.col("share") * _part()).alias("rejects"))
        .select(*_WHERE, "rejects")
    )


def _part() -> pl.Expr:
    """The part of a pass in its look: by pieces, or evenly where no pieces are known."""
    worked = pl.col("worked").fill_null(0.0)
    all_of_it = worked.sum().over("row")
    return pl.when(all_of_it > 0).then(worked / all_of_it).otherwise(1 / pl.len().over("row"))


def step_defects(
    roles: pl.DataFrame,
    made: pl.DataFrame,
    causes: pl.DataFrame,
    reject_piece: float | None = None,
) -> pl.DataFrame:
    """The table step_defects: rejects by the step that made them, beside those booked there.

    Parameters
    ----------
    roles : step, passes, pieces, rejects, inspection, recognised (see `recognise`).
    made : rows of MADE_REJECTS.
    causes : rows of the table reject_causes.
    reject_piece : money that a rejected piece costs; None when unknown.
    """
    ends = causes.select(
        "reject_cause_id",
        (pl.col("excess_low") / pl.col("excess_rejects")).alias("low"),
        (pl.col("excess_high") / pl.col("excess_rejects")).alias("high"),
    )
    traced = pl.col("reject_cause_id").is_not_null()
    by_step = (
        made.join(ends, on="reject_cause_id", how="left")
        .group_by("step")
        .agg(
            pl.col("rejects").sum().alias("made"),
            pl.col("rejects").filter(traced).sum().alias("made_by_causes"),
            pl.col("rejects").filter(~traced).sum().alias("made_background"),
            (pl.col("rejects") * pl.col("low")).sum().alias("made_by_causes_low"),
            (pl.col("rejects") * pl.col("high")).sum().alias("made_by_causes_high"),
        )
    )
    booked = roles.rename({"rejects": "booked"})
    both = booked.join(by_step, on="step", how="full", coalesce=True, nulls_equal=True)
    numbers = [name for name in by_step.columns if name != "step"]
    rate = np.nan if reject_piece is None else reject_piece
    filled = both.with_columns(
        pl.col("inspection").fill_null(False),
        *(pl.col(name).fill_null(0.0) for name in (*numbers, "booked", "pieces")),
        pl.col("passes").fill_null(0),
    ).with_columns((pl.col("made") * rate).fill_nan(None).alias("cost"))
    schema = schema_of(STEP_DEFECTS)
    ordered = filled.sort(-pl.col("made"), "step", nulls_last=True)
    return ordered.select(pl.col(name).cast(kind) for name, kind in schema.items())
