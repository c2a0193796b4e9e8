"""When units fail by a defect: early, at random, or by wear.

Belongs here: the table `defect_life`. Stays out: who was watched for how long (sql/factory/
unit_lives.sql), counts by month (sql/factory/defect_ages.sql), the fit itself (weibull.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import DEFECT_LIFE
from cx_analytics.factory.weibull import Estimate, Lives, Weibull, fit

LEAST_FAILURES = 5
"""Fewer tell nothing of a shape: its 90 % interval would span a factor of more than four."""

ALPHA = 0.1
"""Above this p-value, the data do not tell the hazard from a constant one."""

_DAY_US = 86_400_000_000
_FIRST_AGE_DAYS = 0.5
"""The least age at a failure: who fails in the first session would have lived for no time."""


def defect_life(lives: pl.DataFrame) -> pl.DataFrame:
    """The table `defect_life`: one row a defect with units that were watched.

    Parameters
    ----------
    lives : what `factory/unit_lives` gives.

    Units that differ in use or in how bad they are look like early failures: the weak ones fail
    first, and the hazard of those that are left falls (Meeker & Escobar, Statistical Methods
    for Reliability Data, 1998, section 6.4).
    """
    ages = lives.sort("defect_id", "unit_id").with_columns(
        ((pl.col(name) - pl.col("service_from")).dt.total_microseconds() / _DAY_US).alias(age)
        for name, age in (("entered_at", "entered"), ("left_at", "left"))
    )
    groups = ages.group_by("defect_id", maintain_order=True)
    return frame_of([_row(str(defect), units) for (defect,), units in groups], DEFECT_LIFE)


def _row(defect: str, units: pl.DataFrame) -> dict[str, Any]:
    failures = int(units["failed"].sum())
    counts = {
        "defect_id": defect,
        "units_failed": failures,
        "units_censored": units.height - failures,
    }
    lives = _lives(units)
    # Without any time watched there is no rate: every one failed in the moment it came into view.
    if failures < LEAST_FAILURES or not (lives.left > lives.entered).any():
        return counts | {"pattern": "too few failures"}
    found = fit(lives)
    return counts | {
        "pattern": pattern(found),
        **_ends("shape", found.shape, "shape"),
        **_ends("scale_days", found.scale, "scale"),
        **_ends("b10_days", found.b10, "b10"),
        "exponential_p": found.exponential_p,
    }


def _lives(units: pl.DataFrame) -> Lives:
    entered, left = (units[name].to_numpy().astype(np.float64) for name in ("entered", "left"))
    failed = units["failed"].to_numpy().astype(np.bool_)
    return Lives(entered, np.maximum(left, _FIRST_AGE_DAYS), failed)


def _ends(name: str, found: Estimate, prefix: str) -> dict[str, float | None]:
    return {name: found.value, f"{prefix}_low": found.low, f"{prefix}_high": found.high}


def pattern(found: Weibull) -> str:
    """The shape in words; `random` while a constant hazard is not refuted."""
    if found.exponential_p > ALPHA:
        return "random"
    # A refuted constant hazard leaves 1 outside the shape's interval: one end tells the side.
    falling = found.shape.high is not None and found.shape.high < 1
    return "early failures" if falling else "wear-out"
