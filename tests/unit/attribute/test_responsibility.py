"""Customers differ: who fails everywhere is likely to have failed anyway."""

from __future__ import annotations

import numpy as np
import pytest

from cx_analytics.attribute.probability import probability
from cx_analytics.attribute.responsibility import GRID, frailty

LEVEL = np.full(12, 0.01)


def mean_frailty(customer: list[int], expected: list[float], added: float = 0.0) -> list[float]:
    posterior = frailty(
        np.array(customer), LEVEL, np.full(12, added), np.array(expected, dtype=float), 2.0
    )
    return [float(mean) for mean in posterior @ GRID]


def test_many_faults_for_few_sessions_mean_a_frail_customer() -> None:
    frail, calm, unknown = mean_frailty([0] * 9 + [1] * 3, [1.0, 6.0])
    assert frail > 2.0
    assert calm < 0.8
    assert unknown == pytest.approx(1.0, abs=0.15)


def test_faults_that_a_cause_explains_do_not_make_a_customer_frail() -> None:
    alone, *_ = mean_frailty([0] * 9 + [1] * 3, [1.0, 6.0])
    explained, *_ = mean_frailty([0] * 9 + [1] * 3, [1.0, 6.0], added=1.0)
    assert explained < 0.5 * alone


def test_an_unknown_customer_changes_nothing() -> None:
    posterior = frailty(np.full(12, -1), LEVEL, np.zeros(12), np.zeros(0), 2.0)
    assert posterior.shape == (1, len(GRID))
    assert float(posterior[0] @ GRID) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("individual", [False, True])
def test_more_evidence_is_never_less_probable(individual: bool) -> None:
    found = probability(np.linspace(-5.0, 500.0, 200), individual=individual)
    assert (np.diff(found) >= 0).all()
    assert 0 < found[0] <= found[-1] < 1
