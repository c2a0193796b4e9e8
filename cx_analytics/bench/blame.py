"""How well single faults were explained: shares against the true cause of each fault.

Belongs here: accuracy, log-loss and calibration of `fault_causes`, and each customer's top cause.
Stays out: whether causes were found at all (scoring.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cx_analytics.bench.matching import Matching
from cx_analytics.contracts.words import BACKGROUND
from cx_analytics.simulate import Truth

LEAST_SHARE = 0.001
"""A share below this counts as this in the log-loss: one wrong certainty is not infinite."""

MILD_LEAST_SHARE = 0.01
"""The same for the milder reading, which forgives a missed cause more."""

BINS = 10
FEWEST_FAULTS = 2
"""Customers with fewer faults have no top cause to speak of."""


@dataclass(frozen=True)
class Blame:
    """Figures over all faults with a known true cause; nan when there are none.

    Log-losses are in nats; all others are shares. `customer_top_cause` compares with the sum
    of the oracle's posteriors, `customer_top_cause_counted` with the causes that truly struck
    (of which the oracle itself knows `oracle_top_cause_counted`).
    """

    fault_accuracy: float
    oracle_accuracy: float
    accuracy_gap: float
    log_loss_gap: float
    log_loss_gap_mild: float
    calibration_error: float
    calibration_error_all_shares: float
    customer_top_cause: float
    customer_top_cause_counted: float
    oracle_top_cause_counted: float


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
        return Blame(*[float("nan")] * 10)
    found, best = _against(true, shares), _against(true, oracle)
    return Blame(
        fault_accuracy=_mean(found, "right"),
        oracle_accuracy=_mean(best, "right"),
        accuracy_gap=_mean(best, "right") - _mean(found, "right"),
        log_loss_gap=_log_loss(found, LEAST_SHARE) - _log_loss(best, LEAST_SHARE),
        log_loss_gap_mild=_log_loss(found, MILD_LEAST_SHARE) - _log_loss(best, MILD_LEAST_SHARE),
        calibration_error=_top_share_error(found),
        calibration_error_all_shares=_every_share_error(true, shares),
        **_top_causes(true, shares, oracle),
    )


def calibration_error(
    said: NDArray[np.float64], right: NDArray[np.float64], bins: int = BINS
) -> float:
    """Expected calibration error over bins of equal width (Naeini et al., AAAI 2015, section 3).

    `said` are probabilities, `right` zeros and ones; nan when there are none.

    >>> said, right = np.array([0.75, 0.75, 0.25, 0.25]), np.array([1.0, 1.0, 0.0, 0.0])
    >>> calibration_error(said, right)
    0.25
    """
    if not len(said):
        return float("nan")
    place = np.minimum((said * bins).astype(np.int64), bins - 1)
    gap = np.bincount(place, said - right, minlength=bins)
    return float(np.abs(gap).sum() / len(said))


def _in_true_names(
    truth: Truth, causes: pl.DataFrame, fault_causes: pl.DataFrame, matching: Matching
) -> pl.DataFrame:
    """`fault_causes` with planted ids; found causes that hit none keep a name of their own."""
    planted = truth.causes.get_column("cause_id").to_list()
    ids = causes.get_column("cause_id").to_list()
    names = {
        cause: planted[true] if true >= 0 else f"unmatched:{cause}"
        for cause, true in zip(ids, matching.stands_for.tolist(), strict=True)
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


def _log_loss(faults: pl.DataFrame, least: float) -> float:
    share = faults.get_column("truth").to_numpy()
    return float(-np.log(np.clip(share, least, 1.0)).mean())


def _top_share_error(faults: pl.DataFrame) -> float:
    """Calibration error of each fault's largest share."""
    top, right = faults.get_column("top").to_numpy(), faults.get_column("right").to_numpy()
    return calibration_error(top, right)


def _every_share_error(true: pl.DataFrame, shares: pl.DataFrame) -> float:
    """Calibration error of every share that was said, large or small."""
    said = shares.join(true, on="session_id", how="inner")
    right = (said.get_column("cause_id") == said.get_column("true_id")).cast(pl.Float64)
    return calibration_error(said.get_column("share").to_numpy(), right.to_numpy())


def _top_causes(true: pl.DataFrame, shares: pl.DataFrame, oracle: pl.DataFrame) -> dict[str, float]:
    """Share of customers whose largest cause is right, by the oracle and by real counts."""
    several = true.group_by("customer_id").len().filter(pl.col("len") >= FEWEST_FAULTS)
    mine = true.join(several, on="customer_id", how="semi")
    struck = mine.group_by("customer_id", cause_id="true_id").agg(share=pl.len())
    said, best = _summed(mine, shares), _summed(mine, oracle)
    return {
        "customer_top_cause": _named_right(said, best),
        "customer_top_cause_counted": _named_right(said, struck),
        "oracle_top_cause_counted": _named_right(best, struck),
    }


def _summed(true: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    joined = true.select("session_id", "customer_id").join(shares, on="session_id")
    return joined.group_by("customer_id", "cause_id").agg(pl.sum("share"))


def _named_right(said: pl.DataFrame, true: pl.DataFrame) -> float:
    """Share of customers whose largest of `said` is among the largest of `true` (ties are)."""
    ranked = said.sort(["customer_id", "share", "cause_id"], descending=[False, True, False])
    top = ranked.group_by("customer_id", maintain_order=True).first().drop("share")
    most = pl.col("share") >= pl.col("share").max().over("customer_id") - 1e-9
    right = true.filter(most).join(top, on=["customer_id", "cause_id"], how="semi")
    customers = true.get_column("customer_id").n_unique()
    return right.height / customers if customers else float("nan")


def _mean(frame: pl.DataFrame, column: str) -> float:
    values = frame.get_column(column).to_numpy()
    return float(values.mean()) if len(values) else float("nan")
