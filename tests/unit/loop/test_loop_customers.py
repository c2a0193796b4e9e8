"""A verdict for one customer, from their own sessions."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from cx_analytics.loop.customers import Pool, Turn, customer_rows, verdicts
from cx_analytics.loop.effect import Effect

MANY = 4000


def turn(*rows: tuple[float, float, float, float]) -> Turn:
    return Turn(*(np.array(column, dtype=float) for column in zip(*rows, strict=True)))


def planted(ratio: float, sessions: float, rate: float) -> tuple[Turn, np.ndarray]:
    """Customers whose rates are gamma of shape 1.5, and which of them had a fault."""
    rng = np.random.default_rng(4)
    own = rng.gamma(1.5, rate / 1.5, MANY)
    used = np.full(MANY, sessions)
    before, after = rng.poisson(own * used), rng.poisson(own * used * ratio)
    return Turn(used, before.astype(float), used, after.astype(float)), before + after > 0


def test_four_customers() -> None:
    found = verdicts(
        turn((100, 20, 100, 2), (200, 40, 200, 40), (100, 2, 100, 30), (5, 1, 3, 0)), Pool(0.1)
    )
    assert found.word == ["worked", "did_not", "harmed", "too_early"]
    assert found.smallest_effect[1] == pytest.approx(0.5)
    assert np.isnan(found.smallest_effect[3])
    assert found.low[0] < found.estimate[0] < found.high[0] < 1


@pytest.mark.parametrize("pool", [Pool(0.05), Pool(0.05, ratio=0.3, spread=0.1)])
def test_a_fix_that_did_nothing_for_a_customer_rarely_worked(pool: Pool) -> None:
    given, faulty = planted(1.0, 200, 0.05)
    words = np.array(verdicts(given, pool).word)[faulty]
    assert (words == "worked").mean() <= 0.05
    assert (words == "harmed").mean() <= 0.05


def test_one_fault_in_few_sessions_is_no_harm() -> None:
    given, faulty = planted(1.0, 4, 0.01)
    assert faulty.sum() > 200
    assert (np.array(verdicts(given, Pool(0.01)).word)[faulty] == "harmed").mean() <= 0.05


def test_a_fix_that_took_most_away_is_seen_by_those_who_use_it_much() -> None:
    given, faulty = planted(0.1, 300, 0.1)
    assert (np.array(verdicts(given, Pool(0.1)).word)[faulty] == "worked").mean() > 0.8


def test_a_pooled_success_does_not_carry_a_customer_without_sessions_after() -> None:
    found = verdicts(turn((100, 20, 0, 0)), Pool(0.1, ratio=0.1, spread=0.05))
    assert found.word == ["too_early"]


def test_rows_of_customers() -> None:
    turns = pl.DataFrame(
        {
            "customer_id": ["K1", "K2"],
            "reached_on": [date(2026, 1, 3)] * 2,
            "sessions_before": [100, 100],
            "faults_before": [20, 0],
            "sessions_after": [100, 100],
            "faults_after": [2, 0],
        }
    )
    rows = customer_rows(turns, Effect(), 0.1, verdict_on=date(2026, 1, 9))
    assert rows.select("customer_id", "verdict", "verdict_on").rows() == [
        ("K1", "worked", date(2026, 1, 9))
    ]
    assert customer_rows(turns.clear(), Effect(), 0.0, verdict_on=date(2026, 1, 9)).height == 0
