"""Individuals: how much a unit's faults say where a shared cause is at work as well."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from cx_analytics.attribute.individuals import all_of, frailty_gain


def test_a_unit_of_a_bad_lot_is_held_against_all_that_is_to_be_expected_of_it() -> None:
    """13 faults, of each of which the lot explains two thirds: 13 against 1.2, not 4.3 to 0.4."""
    hazard = SimpleNamespace(period=SimpleNamespace(start=np.array([0, 5, 18])))
    score, expected = np.array([13 / 3]), np.array([0.4])
    whole = all_of(hazard, np.array([1]), score)  # type: ignore[arg-type]
    assert score * whole == pytest.approx([13.0])
    assert expected * whole == pytest.approx([1.2])
    assert frailty_gain(score * whole, expected * whole) > frailty_gain(score, expected) + 2
