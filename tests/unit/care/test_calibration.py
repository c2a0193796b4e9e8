import numpy as np
import polars as pl
import pytest

from cx_analytics.care.calibration import calibrate


def pairs(slope: float, customers: int = 400, seed: int = 5) -> pl.DataFrame:
    """A contact a customer: satisfaction 1-5, by `slope` a point of the index, and noise."""
    rng = np.random.default_rng(seed)
    score = rng.uniform(40, 100, customers)
    said = np.clip(np.round(3 + slope * (score - 70) + rng.normal(0, 1, customers)), 1, 5)
    return pl.DataFrame(
        {
            "contact_id": [f"k{n:04d}" for n in range(customers)],
            "customer_id": [f"c{n:04d}" for n in range(customers)],
            "score": score,
            "satisfaction": said,
        }
    )


def test_where_satisfaction_follows_the_index_it_is_calibrated() -> None:
    found = calibrate(pairs(slope=0.05))
    fit = found.fit.row(0, named=True)
    assert fit["status"] == "calibrated"
    assert 0.4 < fit["correlation_low"] < fit["correlation"] < fit["correlation_high"] < 0.8
    assert fit["explained_share"] == pytest.approx(fit["correlation"] ** 2, abs=0.05)
    expected = found.by_score["expected_satisfaction"].to_numpy()
    assert (np.diff(expected) >= 0).all()
    assert expected[5] == pytest.approx(2.1, abs=0.35)
    assert expected[9] == pytest.approx(3.9, abs=0.35)


def test_where_it_does_not_the_index_is_uncalibrated() -> None:
    states = [calibrate(pairs(slope=0.0, seed=n)).fit["status"][0] for n in range(20)]
    assert states.count("calibrated") <= 2


def test_what_is_said_is_shown_even_when_there_is_no_map() -> None:
    found = calibrate(pairs(slope=-0.05))
    assert found.fit["status"][0] == "uncalibrated"
    assert found.by_score["expected_satisfaction"].null_count() == found.by_score.height
    assert found.by_score["contacts"].sum() == 400


@pytest.mark.parametrize("few", [0, 1, 99])
def test_few_contacts_calibrate_nothing(few: int) -> None:
    found = calibrate(pairs(slope=0.05).head(few))
    assert found.fit.row(0, named=True)["status"] == "uncalibrated"
    assert found.fit["contacts"][0] == few
    assert found.by_score.is_empty()


def test_all_the_same_satisfaction_calibrates_nothing() -> None:
    same = pairs(slope=0.05).with_columns(satisfaction=pl.lit(5.0))
    assert calibrate(same).fit["status"][0] == "uncalibrated"
