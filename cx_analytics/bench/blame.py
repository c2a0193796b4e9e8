"""How well single faults were explained: shares against the true cause of each fault.

Belongs here: accuracy, log-loss and calibration of `fault_causes`, and each customer's top cause.
Stays out: whether causes were found at all (scoring.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cx_analytics.bench.matching import Matching
from cx_analytics.contracts.words import BACKGROUND
from cx_analytics.simulate import Truth

LEAST_SHARE = 0.01
"""A share below this counts as this in the log-loss: one wrong certainty is not infinite."""

BINS = 10
FEWEST_FAULTS = 2
"""Customers with fewer faults have no top cause to speak of."""


@dataclass(frozen=True)
class Blame:
    """Figures over all faults with a known true cause; nan when there are none."""

    accuracy: float
    oracle_accuracy: float
    log_loss: float
    oracle_log_loss: float
    calibration_error: float
    customer_top_cause: float


def blame_scores(
    truth: Truth,
    causes: pl.DataFrame,
    fault_causes: pl.DataFrame,
    faults: pl.DataFrame,
    matching: Matching,
) -> Blame:
    """Compare the shares of each fault with its true cause and with the oracle's posterior.

    A found cause stands for the planted one that it hits; what hits none is right for no fault.
    """
    shares = _in_true_names(truth, causes, fault_causes, matching)
    oracle = truth.fault_posteriors.rename({"posterior": "share"})
    true = truth.fault_causes.select("session_id", true_id="cause_id").join(
        faults.select("session_id", "customer_id"), on="session_id", how="inner"
    )
    if true.is_empty():
        return Blame(*[float("nan")] * 6)
    found, best = _against(true, shares), _against(true, oracle)
    return Blame(
        accuracy=_mean(found, "right"),
        oracle_accuracy=_mean(best, "right"),
        log_loss=_log_loss(found),
        oracle_log_loss=_log_loss(best),
        calibration_error=_calibration_error(found),
        customer_top_cause=_top_cause(true, shares, oracle),
    )


def _in_true_names(
    truth: Truth, causes: pl.DataFrame, fault_causes: pl.DataFrame, matching: Matching
) -> pl.DataFrame:
    """`fault_causes` with planted ids; found causes that hit none keep a name of their own."""
    planted = truth.causes.get_column("cause_id").to_list()
    ids = causes.get_column("cause_id").to_list()
    names = {
        cause: planted[partner] if partner >= 0 else f"unmatched:{cause}"
        for cause, partner in zip(ids, matching.partner.tolist(), strict=True)
    }
    names[BACKGROUND] = BACKGROUND
    named = fault_causes.with_columns(
        pl.col("cause_id").replace_strict(names, default="unmatched:", return_dtype=pl.String)
    )
    return named.group_by("session_id", "cause_id", maintain_order=True).agg(pl.sum("share"))


def _against(true: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """A row a fault: `top` share, whether it is `right`, and the share of the `truth`."""
    ranked = shares.sort(["session_id", "share", "cause_id"], descending=[False, True, False])
    top = ranked.group_by("session_id", maintain_order=True).first()
    top = top.rename({"share": "top", "cause_id": "top_id"})
    mine = shares.rename({"cause_id": "true_id", "share": "truth"})
    return (
        true.join(top, on="session_id", how="left")
        .join(mine, on=["session_id", "true_id"], how="left")
        .with_columns(
            pl.col("top", "truth").fill_null(0.0),
            right=(pl.col("top_id") == pl.col("true_id")).fill_null(False).cast(pl.Float64),
        )
    )


def _log_loss(faults: pl.DataFrame) -> float:
    share = faults.get_column("truth").to_numpy()
    return float(-np.log(np.clip(share, LEAST_SHARE, 1.0)).mean())


def _calibration_error(faults: pl.DataFrame) -> float:
    """Expected calibration error of the top share, over ten bins of equal width."""
    top, right = faults.get_column("top").to_numpy(), faults.get_column("right").to_numpy()
    place = np.minimum((top * BINS).astype(np.int64), BINS - 1)
    gap = np.bincount(place, top - right, minlength=BINS)
    return float(np.abs(gap).sum() / len(top))


def _top_cause(true: pl.DataFrame, shares: pl.DataFrame, oracle: pl.DataFrame) -> float:
    """Share of customers whose largest cause is the one the oracle sums up to."""
    whose = true.select("session_id", "customer_id")
    several = whose.group_by("customer_id").len().filter(pl.col("len") >= FEWEST_FAULTS)
    whose = whose.join(several, on="customer_id", how="semi")
    said = _largest(whose.join(shares, on="session_id")).rename({"cause_id": "said"})
    both = _largest(whose.join(oracle, on="session_id")).join(said, on="customer_id", how="left")
    right = (pl.col("said") == pl.col("cause_id")).fill_null(False)
    return _mean(both.with_columns(right=right.cast(pl.Float64)), "right")


def _largest(shares: pl.DataFrame) -> pl.DataFrame:
    total = shares.group_by("customer_id", "cause_id").agg(pl.sum("share"))
    ranked = total.sort(["customer_id", "share", "cause_id"], descending=[False, True, False])
    first = ranked.group_by("customer_id", maintain_order=True).first()
    return first.select("customer_id", "cause_id")


def _mean(frame: pl.DataFrame, column: str) -> float:
    values = frame.get_column(column).to_numpy()
    return float(values.mean()) if len(values) else float("nan")
