import numpy as np
import pytest

from cx_analytics.care.coming import activity, discount, has_left, time_there


def test_activity_is_that_of_the_window_when_nothing_changed() -> None:
    found = activity(np.array([56.0, 56.0]), np.array([14.0, 14.0]), 28.0)
    assert found == pytest.approx([2, 2], rel=0.02)


def test_a_clear_change_of_the_last_days_is_followed() -> None:
    same, less, more = activity(
        np.array([60.0, 60.0, 60.0]), np.array([15.0, 0.0, 50.0]), 28.0
    ).tolist()
    assert same == pytest.approx(60 / 28, rel=0.05)
    assert less < 0.5
    assert more > 5


def test_customers_are_listed_for_a_fault_and_activity_is_shrunk_for_it() -> None:
    """Drawn as the model says; listed with a chance that grows with sessions; 30 days follow."""
    chance = np.random.default_rng(1)
    rate = chance.gamma(1.0, 0.2, 200_000)
    sessions = chance.poisson(rate * 28).astype(float)
    listed = chance.random(200_000) < 1 - 0.98**sessions
    late = chance.binomial(sessions[listed].astype(int), 0.25).astype(float)
    found = activity(sessions[listed], late, 28.0)
    few = sessions[listed] <= 3
    assert found.sum() == pytest.approx(rate[listed].sum(), rel=0.05)
    assert found[few].sum() == pytest.approx(rate[listed][few].sum(), rel=0.15)


def test_passers_by_do_not_return() -> None:
    exposed = np.array([1.0] * 90 + [2.0] * 5 + [1.0] * 40 + [2.0] * 30)
    kind = np.repeat([0, 1], [95, 70])
    found = discount(exposed, np.ones(165, bool), kind)
    assert found == pytest.approx([0.8, 0.0])


def test_a_run_without_means_leaving_only_where_others_leave() -> None:
    """Ten customers left a firmware for good; three of thirty merely were elsewhere for a while."""
    exposed = np.full(40, 8.0)
    later = np.array([10.0] * 10 + [6.0] * 3 + [0.0] * 27)
    sessions = np.full(40, 20.0)
    cause = np.repeat([0, 1], [10, 30])
    gone, share = has_left(exposed, later, sessions, cause)
    assert gone[:10].min() > 0.95
    assert gone[13:].max() < 0.05
    assert share[0] > 0.6 > 0.15 > share[1]


def test_time_there() -> None:
    found = time_there(np.array([0.0, 0.5]), np.array([30.0, 30.0]))
    assert found == pytest.approx([1.0, 0.5 / np.log(2)])
