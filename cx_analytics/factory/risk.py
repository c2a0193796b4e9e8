"""Risk of each unit under a defect: will it meet a fault by the defect within 90 days?

Belongs here: the table `unit_risk`. Stays out: sums over units (defect_table.py).
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from cx_analytics.contracts.frames import frame_of, schema_of
from cx_analytics.contracts.tables import UNIT_RISK
from cx_analytics.factory.defect_table import FORECAST_DAYS
from cx_analytics.factory.exposure import with_exposure
from cx_analytics.factory.gamma import prior


def unit_risk(units: pl.DataFrame, *, begin: datetime, end: datetime) -> pl.DataFrame:
    """The table `unit_risk`: units in the field under a defect that still acts, riskiest first.

    A unit's future use is its sessions a day, shrunk to the mean of the defect's units; its
    hazard is faults by the defect a session, a gamma prior fitted over the defect's units and
    updated with its own faults. The probability of at least one fault in 90 days is the
    negative-binomial 1 − (r/(r+n))^a; the 90 % interval takes the hazard's 5 % and 95 %
    quantiles, widened to the probability itself where a skewed hazard leaves it outside.

    Parameters
    ----------
    units : what `factory/defect_units` gives.
    begin, end : its window of sessions, half-open, UTC.
    """
    exposed = with_exposure(units, begin, end).filter(pl.col("in_field") & pl.col("open"))
    if exposed.is_empty():
        return frame_of([], UNIT_RISK)
    parts = [_risk(group) for _, group in exposed.group_by("defect_id", maintain_order=True)]
    ranked = pl.concat(parts).sort(
        ["probability_90d", "defect_id", "unit_id"], descending=[True, False, False]
    )
    return ranked.with_row_index("rank", offset=1).select(
        pl.col(name).cast(kind) for name, kind in schema_of(UNIT_RISK).items()
    )


def _risk(units: pl.DataFrame) -> pl.DataFrame:
    from scipy.stats import gamma

    faults, sessions, days = (
        units[name].to_numpy().astype(np.float64) for name in ("faults", "sessions", "days")
    )
    use_shape, use_rate = prior(sessions, days)
    ahead = FORECAST_DAYS * (use_shape + sessions) / (use_rate + days)
    shape, rate = prior(faults, sessions)
    shape_now, rate_now = shape + faults, rate + sessions
    low, high = (
        -np.expm1(-gamma.ppf(q, shape_now, scale=1 / rate_now) * ahead) for q in (0.05, 0.95)
    )
    probability = -np.expm1(-shape_now * np.log1p(ahead / rate_now))
    return units.select("unit_id", "defect_id").with_columns(
        pl.Series("probability_90d", probability),
        pl.Series("low", np.minimum(low, probability)),
        pl.Series("high", np.maximum(high, probability)),
    )
