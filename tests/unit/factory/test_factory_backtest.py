"""Forecasts and rankings against what came: bands hold what they say, the top holds more."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from scipy.stats import nbinom

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import CAUSES, FORECAST_BACKTEST, UNIT_RISK_CAPTURE
from cx_analytics.factory import defect_conditions, defects, forecast_backtest, unit_risk_capture
from cx_analytics.factory.exposure import DAILY_SCHEMA, UNIT_SCHEMA
from cx_analytics.factory.gamma import bands, dispersion
from cx_analytics.factory.rivals import cannot_separate

BEGIN, END = datetime(2026, 1, 1), datetime(2026, 1, 29)
KNOWN: dict[str, Any] = {
    "daily": pl.DataFrame(schema=DAILY_SCHEMA),
    "begin": BEGIN,
    "end": END,
}
NOTHING_INSIDE = pl.DataFrame(
    schema={
        "defect_id": pl.String,
        "component": pl.String,
        "component_lot": pl.String,
        "supplier": pl.String,
        "units": pl.Int64,
    }
)


def causes(excess: float, **given: Any) -> pl.DataFrame:
    row = {
        "cause_id": "c-1",
        "kind": "shared",
        "domain": "device",
        "conditions": {"lot": "L1"},
        "excess_faults": excess,
        "probability": 0.97,
        "status": "active",
    }
    return frame_of([row | given], CAUSES)


def units(found: pl.DataFrame, faults: npt.NDArray[np.int64], **given: Any) -> pl.DataFrame:
    """Units of the defect, in the field since the beginning, used once a day."""
    identity = defect_conditions(found)["defect_id"][0]
    rows = [
        {
            "defect_id": identity,
            "unit_id": f"U{place:04d}",
            "made": True,
            "lot": "L1",
            "in_service_at": BEGIN,
            "sessions": 28,
            "faults": float(count),
            "faults_ever": float(count),
        }
        | given
        for place, count in enumerate(faults)
    ]
    return pl.DataFrame(rows, schema=UNIT_SCHEMA)


def worlds(seed: int, shape: float, number: int = 300) -> tuple[pl.DataFrame, ...]:
    """Causes, units of 28 days, and the same units in the 14 days after."""
    random = np.random.default_rng(seed)
    rates = random.gamma(shape, 0.02 / shape, number)
    past, future = random.poisson(rates * 28), random.poisson(rates * 14)
    found = causes(float(past.sum()))
    return found, units(found, past), units(found, future)


@pytest.mark.parametrize("burst", [1.0, 2.0, 3.0])
def test_bands_hold_what_they_say(burst: float) -> None:
    """5,000 worlds at once: units that differ, faults that come `burst` at a time on average."""
    random = np.random.default_rng(11)
    rates = random.gamma(0.5, 0.02 / 0.5, (5_000, 200)).sum(axis=1, keepdims=True)
    counts = random.poisson(rates / burst, (118, 5_000, 1))[:, :, 0].T
    days = counts + random.poisson(counts * (burst - 1))
    past, future = days[:, :28].astype(float), days[:, 28:].sum(axis=1)
    spread = np.array([dispersion(row, np.ones(28)) for row in past])
    mean, shape = past.sum(axis=1) / 28 * 90, past.sum(axis=1) / spread
    chance = shape / (shape + mean / spread)
    for level in (0.8, 0.95):
        tails = ((1 - level) / 2, (1 + level) / 2)
        low, high = (spread * nbinom.ppf(q, shape, chance) for q in tails)
        held = np.mean((low <= future) & (future <= high))
        assert level - 0.06 <= held <= level + 0.06, (level, held)


def test_the_bands_of_that_proof_are_those_of_the_product() -> None:
    told = bands(90.0, 0.2, spread=1.5)
    shape, chance = 25.0, 25 / (25 + 60)
    assert told.low_80 == 1.5 * nbinom.ppf(0.1, shape, chance)
    assert told.high_95 == 1.5 * nbinom.ppf(0.975, shape, chance)
    assert told.low_95 <= told.low <= told.low_80 < told.high_80 <= told.high <= told.high_95
    assert bands(90.0, 0.2, most=80.0).high_95 == 80


def test_past_forecasts_are_held_against_what_came() -> None:
    rows = []
    for seed in range(60):
        found, past, later = worlds(seed, 0.5)
        rows.append(forecast_backtest(found, past, later, **KNOWN))
    table = pl.concat(rows)
    assert tuple(table.columns) == FORECAST_BACKTEST.names
    assert table["as_of"].unique().to_list() == [date(2026, 1, 28)]
    assert table["predicted"].sum() == pytest.approx(table["actual"].sum(), rel=0.1)
    assert 0.65 <= table["inside_80"].cast(pl.Float64).mean() <= 0.95  # type: ignore[operator]
    assert table["inside_95"].sum() >= 52


def test_customers_who_differ_for_good_do_not_widen_the_bands() -> None:
    """Their differences stand in the interval of the excess; the same ones are there tomorrow."""
    _, past, later = worlds(1, 0.5)
    told = {"excess_low": 0.0, "excess_high": 330.0}
    wide, narrow, sure = (
        forecast_backtest(causes(165.0, **given), past, later, **KNOWN).row(0, named=True)
        for given in (told, told | {"faults": 200}, {"faults": 200})
    )
    width = [row["high_80"] - row["low_80"] for row in (wide, narrow, sure)]
    assert width[0] > 2 * width[1]
    assert width[1] == width[2]


def test_a_defect_that_stopped_is_outside() -> None:
    found, past, later = worlds(1, 0.5)
    row = forecast_backtest(found, past, later.head(0), **KNOWN).row(0, named=True)
    assert (row["actual"], row["inside"], row["inside_80"], row["inside_95"]) == (0, *[False] * 3)


def test_an_ended_cause_was_not_forecast() -> None:
    _, past, later = worlds(1, 0.5)
    ended = causes(100.0, valid_to=END - timedelta(days=3))
    assert forecast_backtest(ended, past, later, **KNOWN).is_empty()


def test_units_that_differ_are_ranked_to_some_use() -> None:
    """With rates as uneven as Gamma(0.3), the worst tenth brings far more than a tenth."""
    _, past, later = worlds(4, 0.3, number=1000)
    row = unit_risk_capture(past, later, begin=BEGIN, end=END).row(0, named=True)
    assert set(row) == set(UNIT_RISK_CAPTURE.names)
    assert (row["units"], row["top_share"]) == (1000, 0.1)
    assert row["low"] < row["captured_share"] < row["high"]
    assert row["captured_share"] > 0.3


def test_units_alike_are_captured_by_chance_only() -> None:
    _, past, later = worlds(4, 1e6, number=1000)
    row = unit_risk_capture(past, later, begin=BEGIN, end=END).row(0, named=True)
    assert row["low"] < 0.14


def test_without_later_failures_there_is_no_share() -> None:
    _, past, later = worlds(4, 0.3, number=20)
    row = unit_risk_capture(past, later.head(0), begin=BEGIN, end=END).row(0, named=True)
    assert (row["failures"], row["captured"], row["captured_share"]) == (0, 0, None)
    assert unit_risk_capture(past.head(0), later, begin=BEGIN, end=END).is_empty()


def test_returns_are_units_that_did_not_fail_yet() -> None:
    found, past, _ = worlds(9, 2.0)
    row = defects(found, past, NOTHING_INSIDE, begin=BEGIN, end=END).row(0, named=True)
    healthy = past.filter(pl.col("faults") < 0.5).height
    assert 0 < row["forecast_returns_90d"] < healthy
    assert row["returns_low_95"] <= row["returns_low_80"] < row["returns_high_80"]
    assert row["returns_high_95"] <= healthy


def test_what_cannot_be_told_apart_is_said_without_places_and_customers() -> None:
    rivals = pl.DataFrame(
        {
            "cause_id": ["c-1"] * 6 + ["c-2"],
            "rival": [
                "modem_lot=M7",
                "line=3",
                "lot=L1 & region=north",
                "cell_id=262-01-0a",
                "site=S",
                "modem_supplier=Q",
                "line=4",
            ],
            "nats_behind": [1.2, -0.1, 0.4, 0.4, 2.0, 2.5, 3.4],
        }
    )
    told = cannot_separate(rivals)
    assert told == {
        "c-1": "cannot be told from line=3 (0.0 nats behind) or a condition outside the factory "
        "(0.4 nats behind) or modem_lot=M7 (1.2 nats behind) or 3 more"
    }
    found = causes(20.0)
    table = defects(
        found, units(found, np.ones(9, int)), NOTHING_INSIDE, rivals=rivals, begin=BEGIN, end=END
    )
    assert table["cannot_separate"][0] == told["c-1"]
    plain = defects(found, units(found, np.ones(9, int)), NOTHING_INSIDE, begin=BEGIN, end=END)
    assert plain["cannot_separate"][0] is None


def test_faults_before_the_window_make_no_rate() -> None:
    """A unit that failed long ago has failed; what it will do is told by the window."""
    found = causes(20.0)
    calm = units(found, np.ones(40, int))
    before = calm.with_columns(faults_ever=pl.col("faults") + 9.0)
    one, other = (
        defects(found, frame, NOTHING_INSIDE, begin=BEGIN, end=END).drop("units_failed")
        for frame in (calm, before)
    )
    assert one.equals(other)
