"""Own trouble: what makes it likely, and what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cx_analytics.attribute.individuals import least_told
from cx_analytics.attribute.own import OwnTrouble, Scopes

TYPICAL = np.array([0.006, 0.006])
GRID = np.array([0.5, 1.0, 2.0, 4.0])
FRAILTY = np.array([0.4, 0.4, 0.15, 0.05])


def scopes(faults: list[list[int]], exposure: float = 30.0, added: float = 0.0) -> Scopes:
    """A unit of each of some customers, with the types of its faults."""
    owner = np.repeat(np.arange(len(faults)), [len(own) for own in faults])
    types = np.concatenate([np.array(own) for own in faults])
    return Scopes(
        kind=np.zeros(len(faults), dtype=np.int64),
        exposure=np.full(len(faults), exposure),
        customer=np.arange(len(faults)),
        fewest=4,
        owner=owner,
        person=owner,
        types=types,
        size=2,
        level=np.full(len(types), 0.006),
        added=np.full(len(types), added),
    )


def fitted(one: Scopes, sessions: float = 100_000.0) -> OwnTrouble:
    people = np.tile(FRAILTY, (len(one.kind) + 1, 1))
    return OwnTrouble(one, people, GRID, TYPICAL, sessions).fit()


def test_many_faults_in_few_sessions_are_own_trouble_and_some_in_many_are_not() -> None:
    assert fitted(scopes([[0] * 12] * 20)).any_[0] > 10
    assert fitted(scopes([[0, 1, 0, 1]] * 20, exposure=200.0)).any_[0] < -2


def test_the_same_faults_say_more_where_others_have_own_trouble_too() -> None:
    weak = [0, 0, 0, 1]
    alone = fitted(scopes([weak])).any_[0]
    among = fitted(scopes([weak, *[[0] * 8] * 30])).any_[0]
    assert among > alone + 2


def test_nobody_is_the_witness_of_his_own_trouble() -> None:
    """A second one alike is the first witness: it more than doubles the odds of the first."""
    one, two = [0] * 5, [[0] * 5] * 2
    assert fitted(scopes(two, exposure=20.0)).any_[0] > fitted(scopes([one], 20.0)).any_[0] + 2


def test_two_unlucky_ones_do_not_vouch_for_each_other() -> None:
    """Each is likelier than not by the other's word alone; together that is next to nothing."""
    two = fitted(scopes([[0] * 4] * 2, exposure=15.0), sessions=1e6)
    assert (two.any_ > 0).all()
    assert two.told_ < least_told(1e6)
    assert fitted(scopes([[0] * 12], exposure=15.0), sessions=1e6).told_ > least_told(1e6)


def test_types_like_those_of_the_others_say_more_than_unlike_ones() -> None:
    own = fitted(scopes([[0] * 5, [1] * 5, *[[0] * 8] * 30]))
    assert own.mixes_[0, 0] > 0.9
    assert own.any_[0] > own.any_[1] + 1


def test_a_unit_of_a_bad_lot_must_beat_what_the_lot_brings() -> None:
    faults = [[0] * 6] * 20
    assert fitted(scopes(faults)).any_[0] > fitted(scopes(faults, added=0.2)).any_[0] + 4


def test_two_names_of_the_same_sessions_share_the_odds() -> None:
    """A unit and the customer who alone uses it: trouble for sure, each half as likely."""
    one = scopes([[0] * 8] * 20)
    both = replace(
        one,
        kind=np.repeat([0, 1], 20),
        exposure=np.tile(one.exposure, 2),
        customer=np.tile(one.customer, 2),
        owner=np.concatenate([one.owner, one.owner + 20]),
        person=np.tile(one.person, 2),
        types=np.tile(one.types, 2),
        level=np.tile(one.level, 2),
        added=np.tile(one.added, 2),
    )
    own = OwnTrouble(both, np.tile(FRAILTY, (21, 1)), GRID, TYPICAL, 100_000.0).fit()
    assert own.any_ == pytest.approx(np.full(40, own.any_[0]))
    assert own.odds_[0] == pytest.approx(own.any_[0] - np.log(2.0))


def test_the_order_of_scopes_does_not_matter() -> None:
    faults = [[0] * 4, [0, 1, 0, 0, 1], [1] * 9, [0] * 7]
    ahead, back = fitted(scopes(faults)).any_, fitted(scopes(faults[::-1])).any_
    assert ahead == pytest.approx(back[::-1])
