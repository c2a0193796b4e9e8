"""The experience index held against what customers say: stated satisfaction of contacts.

Belongs here: fitting and judging the map from index to satisfaction. Stays out: the index itself
(index.py), which it does not change: those who call are not all customers, and what they say on
the phone is about the call as well. So the map is told beside the index, with how well it holds
for customers that it was not fitted on; where it does not hold, the index is "uncalibrated".

    pair      a contact with a satisfaction and the customer's index (sql/care/satisfaction_pairs)
    map       isotonic regression (Barlow et al., Statistical Inference under Order Restrictions,
              1972, chapter 1): a better index never means less satisfaction
    held out  five folds by customer; each fold is predicted by the map of the other four
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cx_analytics.care.credibility import Floats
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import SATISFACTION_BY_SCORE, SATISFACTION_FIT

LEAST_PAIRS = 100
"""Fewer pairs say nothing about a map."""

REACH_DAYS = 7
"""So many days before a contact its customer's index still speaks for it."""

FOLDS = 5
STEP = 10
"""Points of the index that share a row of the calibration plot."""

_CALIBRATED, _UNCALIBRATED = "calibrated", "uncalibrated"
_SCORES = np.arange(0.0, 100.0 + STEP, STEP)
_Z90 = 1.6449


@dataclass(frozen=True)
class Calibration:
    """The tables `satisfaction_fit` (one row) and `satisfaction_by_score`."""

    fit: pl.DataFrame
    by_score: pl.DataFrame


def calibrate(pairs: pl.DataFrame) -> Calibration:
    """How well the index foretells satisfaction, and the map where it does.

    It is calibrated when the correlation of stated and held-out predicted satisfaction is above 0
    with its whole 90 % interval (Fisher's z) and the prediction beats the mean.

    Parameters
    ----------
    pairs : the model `care/satisfaction_pairs`.
    """
    score, stated = (pairs[name].to_numpy().astype(float) for name in ("score", "satisfaction"))
    if len(score) < LEAST_PAIRS or np.ptp(score) == 0 or np.ptp(stated) == 0:
        return _uncalibrated(pairs)
    predicted = _held_out(pairs["customer_id"], score, stated)
    correlation = _correlation(predicted, stated)
    low, high = _interval(correlation, pairs["customer_id"].n_unique())
    skill = 1.0 - float(((stated - predicted) ** 2).mean() / stated.var())
    good = low > 0 and skill > 0
    fit = {
        "status": _CALIBRATED if good else _UNCALIBRATED,
        "contacts": len(score),
        "customers": pairs["customer_id"].n_unique(),
        "correlation": correlation,
        "correlation_low": low,
        "correlation_high": high,
        "explained_share": max(skill, 0.0),
    }
    curve = _isotonic(score, stated, _SCORES) if good else np.full(len(_SCORES), np.nan)
    return Calibration(frame_of([fit], SATISFACTION_FIT), _by_score(score, stated, curve))


def _uncalibrated(pairs: pl.DataFrame) -> Calibration:
    fit = {
        "status": _UNCALIBRATED,
        "contacts": pairs.height,
        "customers": pairs["customer_id"].n_unique(),
    }
    return Calibration(frame_of([fit], SATISFACTION_FIT), frame_of([], SATISFACTION_BY_SCORE))


def _held_out(customers: pl.Series, score: Floats, stated: Floats) -> Floats:
    """Satisfaction predicted for each pair from the pairs of customers in other folds."""
    fold = (customers.rank("dense").to_numpy() % FOLDS).astype(int)
    predicted = np.full(len(score), stated.mean())
    for one in range(FOLDS):
        out = fold == one
        if out.any() and not out.all():
            predicted[out] = _isotonic(score[~out], stated[~out], score[out])
    return predicted


def _isotonic(score: Floats, stated: Floats, at: Floats) -> Floats:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=1.0, y_max=5.0, out_of_bounds="clip").fit(score, stated)
    return np.asarray(fitted.predict(at), dtype=float)


def _correlation(a: Floats, b: Floats) -> float:
    """Pearson's correlation; 0 where one of them does not vary."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _interval(correlation: float, customers: int) -> tuple[float, float]:
    """The 90 % interval by Fisher's z; customers, not contacts, are independent."""
    z = np.arctanh(np.clip(correlation, -0.999999, 0.999999))
    half = _Z90 / np.sqrt(max(customers - 3, 1))
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def _by_score(score: Floats, stated: Floats, curve: Floats) -> pl.DataFrame:
    place = np.minimum(np.round(score / STEP).astype(int), len(_SCORES) - 1)
    rows = []
    for number, at in enumerate(_SCORES):
        said = stated[place == number]
        error = _Z90 * said.std(ddof=1) / np.sqrt(len(said)) if len(said) > 1 else None
        mean = float(said.mean()) if len(said) else None
        rows.append(
            {
                "score": float(at),
                "contacts": len(said),
                "expected_satisfaction": None if np.isnan(curve[number]) else float(curve[number]),
                "stated_satisfaction": mean,
                "stated_low": None if mean is None or error is None else max(1.0, mean - error),
                "stated_high": None if mean is None or error is None else min(5.0, mean + error),
            }
        )
    return frame_of(rows, SATISFACTION_BY_SCORE)
