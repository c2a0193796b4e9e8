"""How well sizes and dates were told: the excess of lots, its intervals, days to the report.

Belongs here: figures over found shared causes that hit a detectable planted one. Stays out:
which cause is which (matching.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from cx_analytics.bench.matching import Matching
from cx_analytics.simulate import Truth

STRONG_LOT = 3.5
"""Rate ratio from which on the days to a lot's first report are counted."""


@dataclass(frozen=True)
class Excess:
    """Figures of one world; nan when there is nothing to measure them on.

    The errors are relative: against the faults that a lot truly brought, and against those
    that were to be expected of it; `lot_excess_chance` is by how much the former differ from the
    latter, whoever tells them. The coverages are shares of hit causes: the 90 % interval
    holds the expected excess, and the faults that truly were. `days_to_report` is in days.
    """

    lot_excess_error: float
    lot_excess_error_expected: float
    lot_excess_chance: float
    interval_coverage: float
    interval_coverage_counted: float
    days_to_report: float


def excess_scores(
    truth: Truth, causes: pl.DataFrame, faults: pl.DataFrame, matching: Matching
) -> Excess:
    """The figures of the causes that were found; `faults` gives the first day of the data."""
    pairs = _pairs(causes, truth, matching)
    lots = pairs.filter(_about_lots("label_true"))
    return Excess(
        lot_excess_error=_relative_error(lots, "excess_faults", "faults_true"),
        lot_excess_error_expected=_relative_error(lots, "excess_faults", "excess_faults_true"),
        lot_excess_chance=_relative_error(lots, "faults_true", "excess_faults_true"),
        interval_coverage=_covered(pairs, "excess_faults_true"),
        interval_coverage_counted=_covered(pairs, "faults_true"),
        days_to_report=_days_to_report(lots, faults),
    )


def _pairs(causes: pl.DataFrame, truth: Truth, matching: Matching) -> pl.DataFrame:
    """Found shared causes beside the planted ones they hit (planted columns end in `_true`)."""
    partner = pl.Series("row", matching.partner)
    planted = truth.causes.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    found = causes.with_columns(partner).filter(pl.col("row") >= 0, pl.col("kind") == "shared")
    return found.join(planted, on="row", how="inner", suffix="_true").filter(
        pl.col("detectable"), pl.col("kind_true") == "shared"
    )


def _about_lots(label: str) -> pl.Expr:
    """Whether a label is about one lot, the factory's or a component's, and nothing else."""
    return pl.col(label).str.contains(r"^(\w+_)?lot=[^&]*$")


def _relative_error(lots: pl.DataFrame, told: str, true: str) -> float:
    """Mean relative error of one column against another, which is true."""
    return _mean((lots[told] - lots[true]).abs() / lots[true])


def _covered(pairs: pl.DataFrame, true: str) -> float:
    """Share of intervals of the excess that hold a column of the truth."""
    told = pairs.drop_nulls(["excess_low", "excess_high"])
    inside = told.select(pl.col(true).is_between(pl.col("excess_low"), pl.col("excess_high")))
    return _mean(inside.to_series().cast(pl.Float64))


def _days_to_report(lots: pl.DataFrame, faults: pl.DataFrame) -> float:
    """Mean days from a strong lot's onset (or the first day) to the day that first reported it."""
    strong = lots.filter(pl.col("rate_ratio_true") > STRONG_LOT)
    if strong.is_empty():
        return float("nan")
    first = faults.get_column("started_at").dt.date().min()
    onset = strong.get_column("valid_from_true").dt.date().fill_null(pl.lit(first))
    days = (strong.get_column("first_reported_on").cast(pl.Date) - onset) / timedelta(days=1)
    return _mean(days)


def _mean(values: pl.Series) -> float:
    known = values.drop_nulls().to_numpy().astype(np.float64)
    return float(known.mean()) if known.size else float("nan")
