"""What a defect will bring: faults, and units that come back for the first time.

Belongs here: the predictive distributions of one defect. Stays out: the arithmetic of counts
(gamma.py), single units (risk.py), and whether forecasts came true (backtest.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from cx_analytics.factory.exposure import FORECAST_DAYS
from cx_analytics.factory.gamma import Prediction, bands, predict, relative_error
from cx_analytics.factory.genealogy import is_open
from cx_analytics.factory.population import Population
from cx_analytics.factory.risk import chances

_NORMAL_90 = 2 * 1.6448536269514722
"""Width of a normal 90 % interval in standard deviations."""


def faults_ahead(
    cause: Mapping[str, Any], group: Population, end: datetime, days: int = FORECAST_DAYS
) -> Prediction:
    """Excess faults in the `days` after `end`, if the cause is real and nothing is done.

    The excess a unit-day so far (gamma, with the over-dispersion of its days and the uncertainty
    of the attribution) times the units in the field times the days; 0 for a cause that has ended.
    """
    if not is_open(cause["valid_to"], end):
        return Prediction()
    return predict(
        count=_excess(cause),
        exposure=group.days,
        spread=group.spread,
        uncertainty=_uncertainty(cause, group.spread),
        horizon=group.in_field * days,
    )


def returns_ahead(
    cause: Mapping[str, Any], units: pl.DataFrame, group: Population, end: datetime
) -> Prediction:
    """Units in the field without a fault by the defect so far that will meet one in 90 days.

    Each is expected to come back once. The sum of their chances (risk.py) is the mean; the rate
    that they have in common is as uncertain as that of the faults. Never more than there are.
    """
    field = units.filter("in_field")
    healthy = ~field["failed"]
    if not is_open(cause["valid_to"], end) or not healthy.any():
        return Prediction()
    mean = float(chances(field, FORECAST_DAYS).probability[healthy.to_numpy()].sum())
    relative = relative_error(_excess(cause), group.spread, _uncertainty(cause, group.spread))
    return bands(mean, relative, most=float(healthy.sum()))


def _excess(cause: Mapping[str, Any]) -> float:
    return max(cause["excess_faults"] or 0.0, 0.0)


def _uncertainty(cause: Mapping[str, Any], spread: float) -> float:
    """Relative standard deviation of the excess: how sure its attribution is; 0 when unknown.

    The smaller of two. The interval of the excess knows that customers and units differ for good,
    which a forecast for the same ones need not fear. All faults under the cause, its own and the
    background's, with the over-dispersion of their days, are what the excess was told from.
    """
    excess, low, high = _excess(cause), cause["excess_low"], cause["excess_high"]
    if excess <= 0:
        return 0.0
    known = []
    if low is not None and high is not None:
        known.append((high - low) / _NORMAL_90)
    if cause["faults"]:
        known.append(math.sqrt(spread * cause["faults"]))
    return min(known, default=0.0) / excess
