"""How good a diagnosis is: findings scored against the planted truth.

Belongs here: the published figures as one pure function of frames. Stays out: making worlds and
running the pipeline on them (attribution.py).

A planted cause is *detectable* with at least 10 true faults and a log-likelihood ratio of at least
12 nats given the true hazards; it is *hit* when a found cause covers the same fault rows with a
Jaccard overlap of 0.7 or more. A found cause is *false* when it overlaps every planted one by less
than 0.3.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta

import numpy as np
import polars as pl

from cx_analytics.bench.blame import Blame, blame_scores
from cx_analytics.bench.matching import MISS, Matching, match
from cx_analytics.simulate import Truth

STRONG_LOT = 3.5
"""Rate ratio from which on the days to a lot's first report are counted."""


@dataclass(frozen=True)
class Score:
    """The figures of one world; nan = nothing to measure it on. Shares unless said otherwise."""

    f1: float
    precision: float
    recall: float
    individual_f1: float
    individual_precision: float
    individual_recall: float
    false_causes: float
    fault_accuracy: float
    oracle_accuracy: float
    accuracy_gap: float
    log_loss_gap: float
    calibration_error: float
    customer_top_cause: float
    lot_excess_error: float
    interval_coverage: float
    days_to_report: float
    found: float
    detectable: float

    @classmethod
    def mean(cls, scores: list[Score]) -> Score:
        """The mean of each figure over worlds that have it."""
        table = np.array([[getattr(score, f.name) for f in fields(cls)] for score in scores])
        known = ~np.isnan(table)
        total = np.where(known, table, 0.0).sum(axis=0)
        count = known.sum(axis=0)
        return cls(*np.where(count > 0, total / np.maximum(count, 1), np.nan).tolist())


def score(
    truth: Truth, causes: pl.DataFrame, fault_causes: pl.DataFrame, faults: pl.DataFrame
) -> Score:
    """Score a diagnosis.

    Parameters
    ----------
    truth : the planted truth of the same world
    causes, fault_causes : the found tables, in the contract's columns
    faults : faulty rows of the table `sessions`, with all attribute columns

    Shared causes and individual ones are counted apart; `false_causes` counts both. Faults that
    the truth does not know are left out.
    """
    known = faults.join(truth.fault_causes.select("session_id"), on="session_id", how="semi")
    matching = match(causes, truth.causes, known)
    shared = _found_again(causes, truth, matching, "shared")
    own = _found_again(causes, truth, matching, "individual")
    blame = blame_scores(truth, causes, fault_causes, known, matching)
    return Score(
        **shared,
        **{f"individual_{name}": value for name, value in own.items()},
        false_causes=float((matching.best < MISS).sum()),
        **_blame_fields(blame),
        lot_excess_error=_lot_excess_error(causes, truth, matching),
        interval_coverage=_interval_coverage(causes, truth, matching),
        days_to_report=_days_to_report(causes, truth, known, matching),
        found=float(causes.height),
        detectable=float(truth.causes.get_column("detectable").sum()),
    )


def _found_again(
    causes: pl.DataFrame, truth: Truth, matching: Matching, kind: str
) -> dict[str, float]:
    """F1, precision and recall of one kind; a share of nothing is nan, and so is its F1."""
    of_kind = causes.get_column("kind").to_numpy() == kind
    good = (matching.partner >= 0)[of_kind]
    wanted = (truth.causes.get_column("kind") == kind).to_numpy()
    wanted = wanted & truth.causes.get_column("detectable").to_numpy()
    precision = float(good.mean()) if good.size else np.nan
    recall = float(matching.hits[wanted].mean()) if wanted.any() else np.nan
    f1 = 2 * precision * recall / (precision + recall) if precision + recall > 0 else np.nan
    if wanted.any() and not good.any():
        f1 = 0.0
    return {"f1": f1, "precision": precision, "recall": recall}


def _blame_fields(blame: Blame) -> dict[str, float]:
    return {
        "fault_accuracy": blame.accuracy,
        "oracle_accuracy": blame.oracle_accuracy,
        "accuracy_gap": blame.oracle_accuracy - blame.accuracy,
        "log_loss_gap": blame.log_loss - blame.oracle_log_loss,
        "calibration_error": blame.calibration_error,
        "customer_top_cause": blame.customer_top_cause,
    }


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


def _lot_excess_error(causes: pl.DataFrame, truth: Truth, matching: Matching) -> float:
    """Mean relative error of a lot's excess faults against those it truly brought."""
    lots = _pairs(causes, truth, matching).filter(_about_lots("label_true"))
    error = (lots["excess_faults"] - lots["faults_true"]).abs() / lots["faults_true"]
    return _mean(error)


def _interval_coverage(causes: pl.DataFrame, truth: Truth, matching: Matching) -> float:
    """Share of hit causes whose interval of the excess holds the expected excess."""
    pairs = _pairs(causes, truth, matching).drop_nulls(["excess_low", "excess_high"])
    inside = pairs.select(
        pl.col("excess_faults_true").is_between(pl.col("excess_low"), pl.col("excess_high"))
    ).to_series()
    return _mean(inside.cast(pl.Float64))


def _days_to_report(
    causes: pl.DataFrame, truth: Truth, faults: pl.DataFrame, matching: Matching
) -> float:
    """Mean days from a strong lot's onset (or the first day) to the day that first reported it."""
    lots = _pairs(causes, truth, matching).filter(
        _about_lots("label_true"), pl.col("rate_ratio_true") > STRONG_LOT
    )
    if lots.is_empty():
        return float("nan")
    first = faults.get_column("started_at").dt.date().min()
    onset = lots.get_column("valid_from_true").dt.date().fill_null(pl.lit(first))
    days = (lots.get_column("first_reported_on") - onset) / timedelta(days=1)
    return _mean(days)


def _mean(values: pl.Series) -> float:
    known = values.drop_nulls().to_numpy().astype(np.float64)
    return float(known.mean()) if known.size else float("nan")
