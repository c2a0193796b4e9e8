"""Lives under a defect: planted Weibulls are found again, whatever the window hides."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from cx_analytics.contracts.tables import DEFECT_LIFE
from cx_analytics.factory import defect_life
from cx_analytics.factory.weibull import Lives, fit

BIRTH = datetime(2026, 1, 1)
LIVES_SCHEMA = {
    "defect_id": pl.String,
    "unit_id": pl.String,
    "service_from": pl.Datetime("us"),
    "entered_at": pl.Datetime("us"),
    "left_at": pl.Datetime("us"),
    "failed": pl.Boolean,
}


def planted(
    seed: int, shape: float, scale: float, number: int = 400, window: float = 100.0
) -> Lives:
    """Units put into service over 300 days, watched in the last `window` of them only."""
    random = np.random.default_rng(seed)
    service = random.uniform(0, 300, number)
    death = service + scale * random.weibull(shape, number)
    entered = np.maximum(service, 300 - window)
    seen = death > entered
    left = np.minimum(death, 300.0)
    return Lives((entered - service)[seen], (left - service)[seen], (death < 300)[seen])


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.5])
def test_a_planted_weibull_lies_within_its_intervals(shape: float) -> None:
    """Of 80 worlds, the 90 % intervals hold shape, scale and B10 life in about 72."""
    held = np.zeros(3)
    b10 = 150 * (-np.log(0.9)) ** (1 / shape)
    for seed in range(80):
        found = fit(planted(seed, shape, 150.0))
        told = zip((found.shape, found.scale, found.b10), (shape, 150.0, b10), strict=True)
        held += [one.low <= truth <= one.high for one, truth in told]  # type: ignore[operator]
    assert (held >= 64).all()


def test_a_constant_hazard_is_refuted_as_often_as_said() -> None:
    values = [fit(planted(seed, 1.0, 150.0)).exponential_p for seed in range(200)]
    assert 0.04 <= np.mean(np.array(values) < 0.1) <= 0.17


def test_without_truncation_it_is_scipys_fit() -> None:
    from scipy.stats import CensoredData, weibull_min

    random = np.random.default_rng(3)
    death = 100 * random.weibull(1.7, 200)
    lives = Lives(np.zeros(200), np.minimum(death, 90.0), death < 90)
    data = CensoredData(uncensored=death[death < 90], right=np.full((death >= 90).sum(), 90.0))
    shape, _, scale = weibull_min.fit(data, floc=0)
    found = fit(lives)
    assert found.shape.value == pytest.approx(shape, rel=1e-3)
    assert found.scale.value == pytest.approx(scale, rel=1e-3)


def test_years_before_the_window_are_no_proof_of_health() -> None:
    """A hazard of one in 100 days, watched at old ages: ignoring entry would say far less."""
    found = fit(planted(1, 1.0, 100.0, number=3000, window=20.0))
    assert found.scale.low is not None
    assert found.scale.low < 100 < (found.scale.high or 0)


def test_one_age_tells_no_shape() -> None:
    entered = np.full(60, 100.0)
    failed = np.arange(60) < 20
    found = fit(Lives(entered, np.where(failed, 100.5, 101.0), failed))
    assert (found.shape.value, found.scale.value, found.b10.low) == (None, None, None)


def frame(lives: Lives, defect: str = "d-1") -> pl.DataFrame:
    rows = [
        (
            defect,
            f"U{place}",
            BIRTH,
            BIRTH + timedelta(days=float(entered)),
            BIRTH + timedelta(days=float(left)),
            bool(failed),
        )
        for place, (entered, left, failed) in enumerate(
            zip(lives.entered, lives.left, lives.failed, strict=True)
        )
    ]
    return pl.DataFrame(rows, schema=LIVES_SCHEMA, orient="row")


@pytest.mark.parametrize(
    ("shape", "words"), [(0.5, "early failures"), (1.0, "random"), (3.0, "wear-out")]
)
def test_the_pattern_is_said_in_words(shape: float, words: str) -> None:
    row = defect_life(frame(planted(5, shape, 150.0))).row(0, named=True)
    assert row["pattern"] == words
    assert row["b10_low"] < row["b10_days"] < row["b10_high"]


def test_few_failures_are_not_fitted() -> None:
    lives = Lives(np.zeros(9), np.full(9, 50.0), np.arange(9) < 4)
    table = defect_life(frame(lives))
    row = table.row(0, named=True)
    assert tuple(table.columns) == DEFECT_LIFE.names
    assert (row["pattern"], row["units_failed"], row["units_censored"]) == (
        "too few failures",
        4,
        5,
    )
    assert row["shape"] is None


def test_a_failure_in_the_first_session_counts() -> None:
    lives = Lives(np.zeros(20), np.where(np.arange(20) < 6, 0.0, 30.0), np.arange(20) < 6)
    assert defect_life(frame(lives))["pattern"].to_list() == ["early failures"]


def test_failures_without_any_time_watched_are_not_fitted() -> None:
    ages = np.linspace(20, 30, 8)
    assert defect_life(frame(Lives(ages, ages, ages > 0)))["pattern"][0] == "too few failures"


def test_nobody_watched_gives_no_row() -> None:
    assert defect_life(pl.DataFrame(schema=LIVES_SCHEMA)).is_empty()
