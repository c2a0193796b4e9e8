"""The days after a world: they repeat, and interventions change what they are meant to change."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.contracts.words import BACKGROUND
from cx_analytics.simulate import (
    FollowUp,
    Intervention,
    Truth,
    World,
    follow_up,
    make_world,
    repair,
)
from cx_analytics.simulate.chance import generator
from cx_analytics.simulate.follow_up import strike
from cx_analytics.simulate.hazard import contributions, mixes
from cx_analytics.simulate.interventions import EVERYTHING
from cx_analytics.simulate.visits import draw_visits

DAYS, LATER = 14, 10
WHERE_WHEN = ("session_id", "customer_id", "unit_id", "started_at", "cell_id", "app_version")


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(sessions=60_000, days=DAYS, seed=5, difficulty="medium")


@pytest.fixture(scope="module")
def untouched(world: World) -> FollowUp:
    return follow_up(world, days=LATER)


@pytest.fixture(scope="module")
def before(untouched: FollowUp) -> Truth:
    return untouched.truth()


@pytest.fixture(scope="module")
def worst(before: Truth) -> str:
    """The cause with most faults on the later days."""
    return str(before.causes.sort("faults").row(-1, named=True)["cause_id"])


def _at(world: World, day: int) -> datetime:
    return world.origin + timedelta(days=day, hours=7)


def _sessions(follow: FollowUp) -> pl.DataFrame:
    return pl.concat([day.sessions for day in follow.each_day()])


def _faults(follow: FollowUp) -> pl.DataFrame:
    """Each fault with its cause and the day's session as far as it is known."""
    parts = [day.truth.join(day.sessions, on="session_id") for day in follow.each_day()]
    return pl.concat(parts).select("session_id", "cause_id", "fault_code", *WHERE_WHEN[1:])


def test_days_go_on_where_the_world_ended(world: World, untouched: FollowUp) -> None:
    sessions = _sessions(untouched)
    own = world.day(DAYS - 1).sessions
    assert sessions.columns == own.columns
    assert untouched.joined(DAYS).columns == world.joined(0).columns
    assert sessions.get_column("session_id").min() == "s-000060000"
    assert sessions.get_column("session_id").n_unique() == sessions.height
    span = sessions.get_column("started_at")
    assert span.min() >= world.origin + timedelta(days=DAYS)  # type: ignore[operator]
    assert span.max() < world.origin + timedelta(days=DAYS + LATER)  # type: ignore[operator]
    assert sessions.height == pytest.approx(60_000 / DAYS * LATER, rel=0.05)


def test_a_longer_follow_up_begins_like_a_shorter_one(world: World, untouched: FollowUp) -> None:
    longer = follow_up(world, days=3 * LATER)
    assert longer.day(DAYS + 4).sessions.equals(untouched.day(DAYS + 4).sessions)


def test_the_same_world_has_the_same_future(world: World, untouched: FollowUp) -> None:
    again = make_world(sessions=60_000, days=DAYS, seed=5, difficulty="medium")
    other = make_world(sessions=60_000, days=DAYS, seed=6, difficulty="medium")
    day = untouched.day(DAYS + 2)
    assert follow_up(again, days=LATER).day(DAYS + 2).truth.equals(day.truth)
    assert not follow_up(other, days=LATER).day(DAYS + 2).sessions.equals(day.sessions)


def test_open_causes_go_on_and_closed_ones_stay_closed(world: World, before: Truth) -> None:
    shared = before.causes.filter(kind="shared")
    ended = shared.filter(pl.col("valid_to").is_not_null())
    assert ended.height > 0
    assert ended.get_column("sessions").sum() == 0
    assert shared.filter(pl.col("valid_to").is_null()).get_column("faults").sum() > 100
    assert before.causes.get_column("cause_id").to_list() == world.plan.cause_ids


def test_clocks_draw_what_hazards_promise(world: World) -> None:
    visits = draw_visits(world.setting, 3, 60_000, 1, "test")
    background = world.climate.rate(world.setting, visits)
    parts, hazards = contributions(background, world.plan, visits)
    drawn = strike(generator(1, "test"), parts, hazards, world.plan)
    expected = -np.expm1(-hazards.sum(axis=1))
    assert drawn.faulty.sum() == pytest.approx(expected.sum(), abs=4 * expected.sum() ** 0.5)
    share = hazards[:, 0] / hazards.sum(axis=1)
    background_faults = (expected * share).sum()
    found = (drawn.cause == 0).sum()
    assert found == pytest.approx(background_faults, abs=4 * background_faults**0.5)
    kinds = np.bincount(drawn.kind[drawn.cause == 0], minlength=6) / found
    assert kinds == pytest.approx(mixes(world.plan)[0], abs=4 * (0.25 / found) ** 0.5)


def test_with_an_intervention_the_same_sessions_happen(
    world: World, untouched: FollowUp, worst: str
) -> None:
    fixed = follow_up(
        world, [repair(world.setting, world.plan, worst, _at(world, DAYS + 3))], days=LATER
    )
    assert _sessions(fixed).select(WHERE_WHEN).equals(_sessions(untouched).select(WHERE_WHEN))


def test_a_removed_cause_is_gone_and_the_others_stay(
    world: World, untouched: FollowUp, worst: str
) -> None:
    at = _at(world, DAYS + 3)
    fixed = follow_up(world, [repair(world.setting, world.plan, worst, at)], days=LATER)
    was, now = _faults(untouched), _faults(fixed)
    mine, late = pl.col("cause_id") == worst, pl.col("started_at") >= at
    assert was.filter(mine & late).height > 20
    assert now.filter(mine & late).is_empty()
    assert now.filter(~late).equals(was.filter(~late))
    others = was.filter(~mine & late)
    assert others.join(now, on=others.columns, how="semi", nulls_equal=True).equals(others)
    assert set(now.get_column("session_id")) <= set(was.get_column("session_id"))


def test_effects_are_the_difference_of_the_two_futures(
    world: World, untouched: FollowUp, worst: str
) -> None:
    fix = repair(world.setting, world.plan, worst, _at(world, DAYS + 3))
    fixed = follow_up(world, [fix], days=LATER)
    effects = fixed.effects()
    gone = _faults(untouched).height - _faults(fixed).height
    assert effects.get_column("avoided").sum() == gone > 0
    assert effects.filter(pl.col("day") < DAYS + 3).get_column("sessions").sum() == 0


def test_only_who_is_reached_changes_and_from_his_own_time(
    world: World, untouched: FollowUp, worst: str
) -> None:
    ids = world.setting.people.customer_ids.tolist()
    times = {name: _at(world, DAYS + number % 5) for number, name in enumerate(ids[::2])}
    half = Intervention(
        "half", "other", world.origin, reached={"customers": times}, causes=(worst,)
    )
    since = pl.DataFrame({"customer_id": list(times), "since": list(times.values())})
    was = _faults(untouched).join(since, on="customer_id", how="left")
    now = _faults(follow_up(world, [half], days=LATER)).join(since, on="customer_id", how="left")
    reached = (pl.col("started_at") >= pl.col("since")).fill_null(value=False)
    assert now.filter(~reached).equals(was.filter(~reached))
    assert was.filter(reached & (pl.col("cause_id") == worst)).height > 10
    assert now.filter(reached & (pl.col("cause_id") == worst)).is_empty()


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_factors_act_as_they_say(
    world: World, untouched: FollowUp, before: Truth, worst: str, factor: float
) -> None:
    given = repair(world.setting, world.plan, worst, world.origin, factor=factor)
    after = follow_up(world, [given], days=LATER)
    row = {
        name: truth.causes.row(by_predicate=pl.col("cause_id") == worst, named=True)
        for name, truth in (("was", before), ("now", after.truth()))
    }
    added = {when: (one["rate_ratio"] - 1) * one["expected_faults"] for when, one in row.items()}
    assert added["now"] == pytest.approx(factor * added["was"])
    expected = factor * row["was"]["faults"]
    assert row["now"]["faults"] == pytest.approx(expected, abs=4 * expected**0.5)
    avoided = after.effects().get_column("avoided").sum()
    assert np.sign(avoided) == np.sign(1 - factor)


def test_harm_to_everything_includes_the_background(world: World, before: Truth) -> None:
    harm = Intervention("harm", "other", world.origin, causes=(EVERYTHING,), factor=2.0)
    after = follow_up(world, [harm], days=LATER).truth()
    ratio = after.fault_causes.filter(cause_id=BACKGROUND).height / (
        before.fault_causes.filter(cause_id=BACKGROUND).height
    )
    assert 1.7 < ratio < 2.2


def test_a_placebo_changes_nothing(world: World, untouched: FollowUp) -> None:
    placebo = Intervention("placebo", "app_update", world.origin)
    after = follow_up(world, [placebo], days=LATER)
    assert _faults(after).equals(_faults(untouched))


def test_an_update_moves_sessions_of_its_app_only(world: World, untouched: FollowUp) -> None:
    newest = str(world.setting.rollouts.apps[0].names[-1])
    update = Intervention("up", "app_update", world.origin, versions={"app_version": newest})
    was, now = untouched.joined(DAYS), follow_up(world, [update], days=LATER).joined(DAYS)
    cast = pl.col("app_name") == "Cast"
    versions = now.filter(cast).get_column("app_version").drop_nulls().unique()
    assert versions.to_list() == [newest]
    same = ("app_name", "app_version", "unit_id", "firmware_version")
    assert now.filter(~cast).select(same).equals(was.filter(~cast).select(same))


def test_a_fresh_unit_ends_the_trouble_of_the_old_one(world: World) -> None:
    units, plan = world.setting.units, world.plan
    broken = next(group for group in plan.individuals if group.kind == "unit")
    owner = int(units.carrier[broken.unit[0]])
    name, at = str(world.setting.people.customer_ids[owner]), _at(world, DAYS)
    swap = Intervention(
        "swap", "unit_replacement", at, reached={"customers": {name: at}}, fresh_unit=True
    )
    after = follow_up(world, [swap], days=LATER)
    mine = _sessions(after).filter((pl.col("customer_id") == name) & (pl.col("started_at") >= at))
    given = int(after.fresh["swap"][0])
    carried = mine.get_column("unit_id").drop_nulls().unique().to_list()
    assert carried == [str(units.unit_ids[given])]
    assert units.lot[given] != units.lot[broken.unit[0]]
    assert after.effects().get_column("avoided").sum() > 0


def test_days_outside_are_refused(untouched: FollowUp) -> None:
    with pytest.raises(InputRefused, match="no day 0"):
        untouched.day(0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "prayer"}, "no kind of action 'prayer'"),
        ({"causes": ("shared-99",)}, "no cause 'shared-99'"),
        ({"conditions": {"colour": "red"}}, "no attribute 'colour'"),
        ({"conditions": {"customer_id": "c-1"}}, "no customer_id 'c-1'"),
        ({"reached": {"shops": {}}}, "no reach 'shops'"),
        ({"factor": -1.0}, "factor -1.0"),
        ({"versions": {"os_version": "OS 15"}}, "no version 'os_version'"),
        ({"fresh_unit": True}, "fresh units for nobody"),
    ],
)
def test_what_is_not_there_is_refused(world: World, change: dict[str, object], words: str) -> None:
    given = {"action_id": "a", "kind": "other", "effective_from": world.origin} | change
    with pytest.raises(InputRefused, match=words):
        follow_up(world, [Intervention(**given)])  # type: ignore[arg-type]


def test_no_days_and_no_two_actions_of_one_id(world: World) -> None:
    one = Intervention("a", "other", world.origin)
    with pytest.raises(InputRefused, match="no follow-up of 0 days"):
        follow_up(world, days=0)
    with pytest.raises(InputRefused, match="comes twice"):
        follow_up(world, [one, one])
    with pytest.raises(InputRefused, match="no planted cause"):
        repair(world.setting, world.plan, "shared-99", world.origin)
