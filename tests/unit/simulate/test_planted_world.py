"""A planted world: the same twice, as large as asked, and its truth in agreement with its data."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.contracts.feeds import SESSIONS
from cx_analytics.simulate import Truth, World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(sessions=30_000, days=14, seed=5, difficulty="medium")


@pytest.fixture(scope="module")
def truth(world: World) -> Truth:
    return Truth.of(world)


def test_the_same_arguments_make_the_same_day(world: World) -> None:
    again = make_world(sessions=30_000, days=14, seed=5, difficulty="medium")
    assert again.day(3).sessions.equals(world.day(3).sessions)
    assert again.day(3).truth.equals(world.day(3).truth)


def test_another_seed_makes_another_world(world: World) -> None:
    other = make_world(sessions=30_000, days=14, seed=6, difficulty="medium")
    assert not other.day(3).sessions.equals(world.day(3).sessions)


def test_days_hold_the_sessions_asked_for_and_only_their_own(world: World) -> None:
    days = [day.sessions for day in world.each_day()]
    assert sum(day.height for day in days) == 30_000
    ids = pl.concat([day.select("session_id") for day in days])
    assert ids.get_column("session_id").n_unique() == 30_000
    assert days[2].get_column("started_at").dt.date().unique().to_list() == [date(2026, 1, 3)]


def test_sessions_have_the_columns_of_the_feed(world: World) -> None:
    assert set(world.day(0).sessions.columns) <= set(SESSIONS.names)


def test_posteriors_of_each_fault_add_up_to_one(truth: Truth) -> None:
    total = truth.fault_posteriors.group_by("session_id").agg(pl.sum("posterior"))
    assert total.height == truth.fault_causes.height
    assert total.get_column("posterior").to_numpy() == pytest.approx(np.ones(total.height))


def test_truth_counts_the_faults_that_the_data_show(world: World, truth: Truth) -> None:
    faulty = sum(day.filter("faulty").height for day in world.each_joined())
    assert faulty == truth.fault_causes.height
    by_cause = truth.fault_causes.group_by("cause_id").len().sort("cause_id")
    planted = truth.causes.select("cause_id", len=pl.col("faults").cast(pl.UInt32))
    planted = planted.filter(pl.col("len") > 0).sort("cause_id")
    assert by_cause.filter(pl.col("cause_id") != "background").equals(planted)


def test_excess_is_what_the_causes_brought_on_average(truth: Truth) -> None:
    faults = truth.causes.get_column("faults").sum()
    excess = truth.causes.get_column("excess_faults").sum()
    assert faults == pytest.approx(excess, abs=3 * excess**0.5)


def test_labels_follow_the_contract(truth: Truth) -> None:
    pair = truth.causes.filter(pl.col("label").str.contains("app_version=.* & device_model="))
    row = pair.row(0, named=True)
    assert list(row["conditions"]) == ["app_version", "device_model"]
    assert row["domain"] == "interaction"
    assert set(truth.causes.get_column("kind")) == {"shared", "individual"}


def test_medium_plants_every_kind(truth: Truth) -> None:
    shared = truth.causes.filter(kind="shared")
    closed = shared.get_column("valid_to").is_not_null()
    opened = shared.get_column("valid_from").is_not_null()
    sizes = [len(conditions) for conditions in shared.get_column("conditions").to_list()]
    assert 9 <= shared.height <= 12
    assert {1, 2, 3} <= set(sizes)
    assert (closed & opened).any()
    assert (opened & ~closed).any()
    assert set(shared.get_column("shape")) == {"additive", "multiplicative"}


def test_most_causes_are_weak_and_own_troubles_of_any_strength() -> None:
    world = make_world(sessions=300_000, days=14, seed=5, difficulty="medium")
    shared = np.array([cause.hazard for cause in world.plan.shared])
    own = np.concatenate([group.hazard for group in world.plan.individuals])
    assert np.median(shared) < np.sqrt(0.006 * 0.29)  # the middle of the range on a log scale
    assert shared.max() > 0.09
    assert own.min() < 0.12
    assert own.max() > 0.5


def test_a_replaced_unit_goes_on_with_someone_else_and_its_lot_with_it() -> None:
    world = make_world(sessions=20_000, days=14, seed=5, difficulty="medium")
    units, everyone = world.setting.units, np.arange(world.setting.scale.customers)
    takers = np.flatnonzero(units.next_unit >= 0)
    takers = takers[units.carrier[units.next_unit[takers]] != takers]
    givers = units.carrier[units.next_unit[takers]]
    assert 0.01 < len(takers) / len(everyone) < 0.06
    assert (units.switched_h[takers] > units.switched_h[givers]).all()
    assert len(np.unique(units.carried(everyone, np.full(len(everyone), 1e9)))) == len(everyone)


def test_in_easy_and_healthy_worlds_units_stay_with_their_customers() -> None:
    easy = make_world(sessions=5_000, days=14, seed=5, difficulty="easy")
    healthy = make_world(sessions=5_000, days=14, seed=5, difficulty="null")
    for units in (easy.setting.units, healthy.setting.units):
        later = np.flatnonzero(units.next_unit >= 0)
        assert (units.carrier[units.next_unit[later]] == later).all()


def test_the_null_world_has_faults_but_no_causes() -> None:
    truth = Truth.of(make_world(sessions=20_000, days=7, seed=1, difficulty="null"))
    assert truth.causes.height == 0
    assert set(truth.fault_causes.get_column("cause_id")) == {"background"}
    assert 120 < truth.fault_causes.height < 350


def test_what_follows_from_a_lost_value_is_lost_with_it(world: World) -> None:
    day = world.joined(1)
    assert day.filter(pl.col("cell_id").is_null()).get_column("region").null_count() == (
        day.get_column("cell_id").null_count()
    )
    assert day.filter(pl.col("unit_id").is_null()).get_column("lot").drop_nulls().is_empty()


def test_impossible_worlds_are_refused() -> None:
    with pytest.raises(InputRefused, match="no world of 10 sessions"):
        make_world(sessions=10, days=1, seed=0)
