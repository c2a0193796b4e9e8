"""Forecasts and rankings of a past day, held against what came afterwards.

Belongs here: the tables `forecast_backtest` and `unit_risk_capture`, one past day at a time.
Stays out: how a forecast is made (forecast.py, risk.py), reading what was known on that day.

A past day knows what its own run said: its causes with their excess and their end. Which fault is
whose is known better today: shares are those of later runs, on both sides of the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import FORECAST_BACKTEST, UNIT_RISK_CAPTURE
from cx_analytics.factory.exposure import FAILED_SHARE, with_exposure
from cx_analytics.factory.forecast import faults_ahead
from cx_analytics.factory.genealogy import defect_causes, defect_id, is_open
from cx_analytics.factory.population import population
from cx_analytics.factory.risk import unit_risk

HORIZON_DAYS = 14
"""How far a back-test looks ahead."""

LEAST_DAYS = 14
"""Days that a forecast must have seen."""

MOST_DAYS_TESTED = 8
"""Past days that are tested, the newest ones, so far apart that no day is foretold twice."""

TOP_SHARE = 0.1
"""Share of a ranking that is called its top."""


def tested_days(days: list[date]) -> list[date]:
    """The past days to forecast from, given the days with data in order.

    >>> first = date(2026, 1, 1)
    >>> [str(day) for day in tested_days([first + timedelta(days=n) for n in range(45)])]
    ['2026-01-17', '2026-01-31']
    """
    if not days:
        return []
    newest = days[-1] - timedelta(days=HORIZON_DAYS)
    oldest = days[0] + timedelta(days=LEAST_DAYS - 1)
    steps = (newest - timedelta(days=HORIZON_DAYS * n) for n in range(MOST_DAYS_TESTED))
    return sorted(day for day in steps if day >= oldest)


def forecast_backtest(
    causes: pl.DataFrame,
    units: pl.DataFrame,
    later: pl.DataFrame,
    *,
    daily: pl.DataFrame,
    begin: datetime,
    end: datetime,
) -> pl.DataFrame:
    """Rows of `forecast_backtest` for one past day: defects that acted at its end.

    Parameters
    ----------
    causes : the causes as that day's run said them.
    units : what `factory/defect_units` gives for them in [begin, end), `end` being the day's.
    later : the same for the HORIZON_DAYS after `end`.
    daily : what `factory/defect_use` gives in [begin, end).
    begin, end : the window that the day knew, half-open, UTC.
    """
    exposed = with_exposure(units, begin, end)
    acting = [row for row in defect_causes(causes) if is_open(row["valid_to"], end)]
    rows = [
        _judged(cause, exposed, daily, later, end)
        for cause in acting
        if defect_id(cause["cause_id"]) in exposed["defect_id"]
    ]
    return frame_of(rows, FORECAST_BACKTEST)


def _judged(
    cause: Mapping[str, Any],
    units: pl.DataFrame,
    daily: pl.DataFrame,
    later: pl.DataFrame,
    end: datetime,
) -> dict[str, Any]:
    mine = pl.col("defect_id") == defect_id(cause["cause_id"])
    group = population(units.filter(mine), daily.filter(mine))
    told = asdict(faults_ahead(cause, group, end, HORIZON_DAYS))
    actual = float(later.filter(mine)["faults"].sum())
    return {
        "defect_id": defect_id(cause["cause_id"]),
        "as_of": (end - timedelta(days=1)).date(),
        "horizon_days": HORIZON_DAYS,
        "predicted": told.pop("mean"),
        "actual": actual,
        **told,
        **{
            f"inside{level}": told[f"low{level}"] <= actual <= told[f"high{level}"]
            for level in ("", "_80", "_95")
        },
        "probability": cause["probability"],
    }


def unit_risk_capture(
    units: pl.DataFrame, later: pl.DataFrame, *, begin: datetime, end: datetime
) -> pl.DataFrame:
    """The row of `unit_risk_capture` for one past day; none when no unit was at risk.

    Parameters are those of `forecast_backtest`. A unit fails when the shares of its faults in
    the days after `end` reach 0.5, whether it had failed before or not.
    """
    ranked = unit_risk(units, begin=begin, end=end, days=HORIZON_DAYS).sort("rank")
    failing = later.filter(pl.col("faults") >= FAILED_SHARE).select("unit_id", "defect_id")
    failed = ranked.join(failing, on=["unit_id", "defect_id"], how="semi")["rank"].to_numpy()
    top = int(np.ceil(TOP_SHARE * ranked.height))
    told = {
        "as_of": (end - timedelta(days=1)).date(),
        "horizon_days": HORIZON_DAYS,
        "units": ranked.height,
        "failures": failed.size,
        "top_share": TOP_SHARE,
        **captured(int((failed <= top).sum()), failed.size),
    }
    return frame_of([told] if ranked.height else [], UNIT_RISK_CAPTURE)


def captured(at_top: int, failures: int) -> dict[str, float | None]:
    """How many failures stood at the top, their share, and its 90 % interval (Wilson, 1927).

    >>> captured(3, 4)["captured_share"], captured(0, 0)["captured_share"]
    (0.75, None)
    """
    if not failures:
        return {"captured": 0, "captured_share": None, "low": None, "high": None}
    from scipy.stats import binomtest

    held = binomtest(at_top, failures).proportion_ci(0.9, method="wilson")
    return {
        "captured": at_top,
        "captured_share": at_top / failures,
        "low": float(held.low),
        "high": float(held.high),
    }
