"""The e-detector by seeded chance: how often it cries wolf in a year, how late it is.

The figures are those of docs/adr/0017-has-it-come-back.md.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cx_analytics.loop.detector import ALARM, LAG, MARGIN, calm_factors, evidence, spreads

WORLDS, QUIET = 3000, 180


def counts(mean: float, spread: float, days: int, seed: int) -> NDArray[np.int64]:
    """Daily counts of many worlds with that mean, and that variance over it."""
    random = np.random.default_rng(seed)
    if spread == 1:
        return random.poisson(mean, (WORLDS, days))
    return random.negative_binomial(mean / (spread - 1), 1 / spread, (WORLDS, days))


@pytest.mark.parametrize("mean", [1.0, 5.0, 30.0])
@pytest.mark.parametrize(("spread", "above"), [(1.0, 1.0), (1.5, 1.0), (1.0, 1.2)])
def test_at_most_one_calm_year_in_a_hundred_alarms(
    mean: float, spread: float, above: float
) -> None:
    """Also where days disperse half as much again, or the rate is a fifth above its estimate."""
    found = evidence(mean, counts(mean * above, spread, 365, seed=1))
    assert (found.max(axis=-1) >= ALARM).mean() <= 0.01


@pytest.mark.parametrize(("mean", "days"), [(1.0, 25), (5.0, 7), (30.0, 2)])
def test_a_doubled_rate_is_noticed_in_time(mean: float, days: int) -> None:
    """Median delay after 180 quiet days, the day of the alarm counted."""
    faults = counts(mean, 1, QUIET + 200, seed=2)
    faults[:, QUIET:] = counts(2 * mean, 1, 200, seed=3)
    found = evidence(mean, faults)[:, QUIET:] >= ALARM
    delay = np.where(found.any(axis=-1), found.argmax(axis=-1) + 1, 200)
    assert np.median(delay) <= days


def test_a_repair_that_never_held_is_noticed_too() -> None:
    found = evidence(5.0, counts(10.0, 1, 90, seed=4))
    assert ((found >= ALARM).any(axis=-1)).mean() >= 0.95


def test_the_last_days_teach_nothing_yet() -> None:
    means, faults = np.full(LAG + 1, 5.0), np.full(LAG + 1, 5.0)
    assert (calm_factors(means, faults)[:LAG] == MARGIN).all()
    assert calm_factors(means, faults)[LAG] < MARGIN
    assert spreads(means, faults)[LAG] < spreads(means, faults)[0]


def test_the_calm_rate_is_never_learned_below_its_estimate_or_above_the_margin() -> None:
    means = np.full(200, 5.0)
    assert calm_factors(means, means * 0).min() == 1.0
    assert calm_factors(means, means * 9).max() == MARGIN


def test_days_without_anybody_exposed_say_nothing() -> None:
    assert (evidence([0.0, 0.0], [0, 0]) == [1.0, 2.0]).all()
