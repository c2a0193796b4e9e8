"""Noise has sources, and what is made of noisy values is judged beside their level."""

from __future__ import annotations

import numpy as np
import pytest

from cx_analytics.attribute.noise import Source, Spread

TAU2, EACH = 0.04, 1000.0


def _spread(level: list[float], own: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Spread:
    """One source whose values meet `level` times what is expected; faults have value `own`."""
    expected = np.full(len(level), EACH)
    source = Source(own, TAU2, expected * np.array(level), expected, clustering=1.0)
    return Spread(np.ones(len(own)), (source,), np.zeros(0), usual=0.01)


def test_a_cell_is_held_against_the_rest_of_its_value() -> None:
    """100 faults where 100 are expected, in a value that has 20 % more than others elsewhere."""
    fault = np.arange(100)
    spread = _spread([1.2, 1.0], np.zeros(100, dtype=np.int64))
    level, left = spread.of(np.zeros(100, dtype=np.int64), fault, np.array([10_000.0]))
    shrunk = TAU2 * 900 / (TAU2 * 900 + 1)
    assert level[0] == pytest.approx(1 + shrunk * ((1200 - 100) / 900 - 1))
    assert left[0] == pytest.approx(TAU2 * (1 - shrunk))


def test_a_value_as_a_whole_keeps_the_full_noise() -> None:
    fault = np.arange(1200)
    spread = _spread([1.2], np.zeros(1200, dtype=np.int64))
    level, left = spread.of(np.zeros(1200, dtype=np.int64), fault, np.array([EACH / 0.01]))
    assert level[0] == pytest.approx(1.0)
    assert left[0] == pytest.approx(TAU2)


def test_a_mix_of_values_averages_its_noise() -> None:
    """All sessions of four values together: a quarter of the variance of one."""
    own = np.repeat(np.arange(4), 1000)
    place = np.zeros(4000, dtype=np.int64)
    _, left = _spread([1.0] * 4, own).of(place, np.arange(4000), np.array([4 * EACH / 0.01]))
    assert left[0] == pytest.approx(TAU2 / 4)


def test_a_level_beyond_the_noise_is_not_taken_for_noise() -> None:
    """Ten times the usual faults is a cause that is not known yet; the level stays within 2.5 τ."""
    spread = _spread([10.0], np.zeros(50, dtype=np.int64))
    level, _ = spread.of(np.zeros(50, dtype=np.int64), np.arange(50), np.array([1000.0]))
    assert 1.0 < level[0] <= 1 + 2.5 * TAU2**0.5


def test_faults_without_the_value_stay_at_the_usual_level() -> None:
    missing = np.full(80, -1)
    level, left = _spread([2.0], missing).of(
        np.zeros(80, dtype=np.int64), np.arange(80), np.array([5000.0])
    )
    assert (level[0], left[0]) == (1.0, 0.0)
