"""How likely each unit under a defect is to meet a fault by it, and how good the ranking is.

Belongs here: probabilities of single units, their ranking. Stays out: sums over units
(population.py), what came of the ranking (backtest.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from cx_analytics.contracts.frames import frame_of, schema_of
from cx_analytics.contracts.tables import UNIT_RISK
from cx_analytics.factory.exposure import FORECAST_DAYS, with_exposure
from cx_analytics.factory.gamma import Array, prior


@dataclass(frozen=True)
class Chances:
    """For each unit the probability of a fault, with its 90 % interval."""

    probability: Array
    low: Array
    high: Array


def unit_risk(
    units: pl.DataFrame, *, begin: datetime, end: datetime, days: int = FORECAST_DAYS
) -> pl.DataFrame:
    """The table `unit_risk`: units in the field under a defect that still acts, riskiest first.

    Parameters
    ----------
    units : what `factory/defect_units` gives.
    begin, end : its window of sessions, half-open, UTC.
    days : how far ahead; the table has 90.
    """
    exposed = with_exposure(units, begin, end).filter(pl.col("in_field") & pl.col("open"))
    if exposed.is_empty():
        return frame_of([], UNIT_RISK)
    groups = exposed.group_by("defect_id", maintain_order=True)
    parts = [_with_chances(group, days) for _, group in groups]
    ranked = pl.concat(parts).sort(
        ["probability_90d", "defect_id", "unit_id"], descending=[True, False, False]
    )
    return ranked.with_row_index("rank", offset=1).select(
        pl.col(name).cast(kind) for name, kind in schema_of(UNIT_RISK).items()
    )


def _with_chances(units: pl.DataFrame, days: int) -> pl.DataFrame:
    found = chances(units, days)
    return units.select("unit_id", "defect_id").with_columns(
        pl.Series("probability_90d", found.probability),
        pl.Series("low", found.low),
        pl.Series("high", found.high),
    )


def chances(units: pl.DataFrame, days: float) -> Chances:
    """The chance of each unit of one defect to meet a fault by it in the next `days`.

    A unit's future use is its sessions a day, shrunk to the mean of the defect's units; its
    hazard is faults by the defect a session, a gamma prior fitted over the defect's units and
    updated with its own faults. The probability of at least one fault is the negative-binomial
    1 − (r/(r+n))^a; the 90 % interval takes the hazard's 5 % and 95 % quantiles, widened to the
    probability itself where a skewed hazard leaves it outside.
    """
    from scipy.stats import gamma

    faults, sessions, watched = (
        units[name].to_numpy().astype(np.float64) for name in ("faults", "sessions", "days")
    )
    use_shape, use_rate = prior(sessions, watched)
    ahead = days * (use_shape + sessions) / (use_rate + watched)
    shape, rate = prior(faults, sessions)
    shape_now, rate_now = shape + faults, rate + sessions
    low, high = (
        -np.expm1(-gamma.ppf(q, shape_now, scale=1 / rate_now) * ahead) for q in (0.05, 0.95)
    )
    probability = -np.expm1(-shape_now * np.log1p(ahead / rate_now))
    return Chances(probability, np.minimum(low, probability), np.maximum(high, probability))
