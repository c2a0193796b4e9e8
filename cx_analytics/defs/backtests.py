"""Group factory: forecasts and rankings of past days, held against what came afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import dagster as dg
import polars as pl

from cx_analytics import factory
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import CAUSES_HISTORY, FORECAST_BACKTEST, UNIT_RISK_CAPTURE
from cx_analytics.defs.factory import Window, match_defects, told
from cx_analytics.defs.progress import tell
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import spec_of


@dataclass(frozen=True)
class PastDay:
    """What was known at the end of a past day, and what came in the days after it."""

    span: Window
    causes: pl.DataFrame
    units: pl.DataFrame
    daily: pl.DataFrame
    later: pl.DataFrame


@dg.multi_asset(
    name="factory_backtests",
    specs=[
        spec_of(FORECAST_BACKTEST, group="factory", deps=["defects", "causes_history"]),
        spec_of(UNIT_RISK_CAPTURE, group="factory", deps=["unit_risk", "causes_history"]),
    ],
    retry_policy=RETRY,
)
@refusing
def factory_backtests(
    house: House,
) -> tuple[dg.MaterializeResult[None], dg.MaterializeResult[None]]:
    forecasts, captures = [frame_of([], FORECAST_BACKTEST)], [frame_of([], UNIT_RISK_CAPTURE)]
    for past in past_days(house):
        ends = {"begin": past.span.begin, "end": past.span.end}
        forecast = factory.forecast_backtest(
            past.causes, past.units, past.later, daily=past.daily, **ends
        )
        forecasts.append(forecast)
        captures.append(factory.unit_risk_capture(past.units, past.later, **ends))
    return (
        told(FORECAST_BACKTEST, house.write(FORECAST_BACKTEST, pl.concat(forecasts))),
        told(UNIT_RISK_CAPTURE, house.write(UNIT_RISK_CAPTURE, pl.concat(captures))),
    )


def past_days(house: House) -> Iterator[PastDay]:
    """The past days that can be tested, each with what its own run said of causes."""
    days = house.parts.days("sessions")
    said = set(house.parts.days(CAUSES_HISTORY.name))
    wanted = [day for day in factory.tested_days(days) if day in said]
    for place, day in enumerate(wanted):
        tell("factory", "back-test", place + 1, len(wanted))
        causes = house.read(CAUSES_HISTORY, [day]).drop("as_of")
        span = window_before(house, day, days)
        after = Window(span.end, span.end + timedelta(days=factory.HORIZON_DAYS))
        match_defects(house, causes, span, after)
        units, later = (
            house.duck.model("factory/defect_units", **one.parameters) for one in (span, after)
        )
        daily = house.duck.model("factory/defect_use", **span.parameters)
        yield PastDay(span, causes, units, daily, later)


def window_before(house: House, day: date, days: list[date]) -> Window:
    """The window that the run of a day knew."""
    begin = max(day - timedelta(days=house.workspace.settings.window_days - 1), days[0])
    end = day + timedelta(days=1)
    return Window(datetime.combine(begin, time()), datetime.combine(end, time()))
