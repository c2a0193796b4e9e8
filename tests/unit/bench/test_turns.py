"""Verdicts on single customers: their planted changes, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest

from cx_analytics.bench.effects import HEADER
from cx_analytics.bench.turns import HABITS, SESSIONS, Habit, measure, planted, turn_rows

SEEDS = range(7100, 7110)


@pytest.mark.parametrize("habit", [Habit(20), Habit(20, is_chosen=True)])
def test_a_fix_that_did_nothing_rarely_worked_whoever_is_chosen(habit: Habit) -> None:
    told = measure(habit, 1.0, range(7100, 7160))
    assert told.worked <= 0.08
    assert told.harmed <= 0.08
    assert told.coverage == pytest.approx(0.93, abs=0.04)


def test_many_faults_that_become_half_are_seen() -> None:
    assert measure(Habit(80, is_chosen=True), 0.5, SEEDS).worked > 0.8


def test_customers_without_a_fault_are_not_told_of_and_the_chosen_have_many() -> None:
    turn = planted(Habit(0.5), 1.0, SEEDS)
    assert (turn.faults_before + turn.faults_after).min() == 1
    assert planted(Habit(5, is_chosen=True), 1.0, SEEDS).faults_before.min() >= 10
    assert set(turn.sessions_after.tolist()) == {SESSIONS}


def test_the_same_seeds_plant_the_same_customers() -> None:
    one, two = (planted(Habit(5), 1.0, SEEDS) for _ in range(2))
    assert np.array_equal(one.faults_after, two.faults_after)


def test_rows_fit_the_header_of_effects() -> None:
    rows = turn_rows(range(7100, 7102))
    assert [len(row) for row in rows] == [len(HEADER)] * len(HABITS)
