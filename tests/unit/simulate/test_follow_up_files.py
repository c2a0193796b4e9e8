"""The days after a world as files: landing goes on, and the truth about them stands apart."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.simulate import (
    FollowUp,
    Intervention,
    Truth,
    follow_up,
    make_world,
    repair,
    write_follow_up,
    write_world,
)


@pytest.fixture(scope="module")
def follow() -> FollowUp:
    world = make_world(sessions=20_000, days=14, seed=3, difficulty="easy")
    at = world.origin + timedelta(days=15)
    some = world.setting.people.customer_ids.tolist()[:3]
    swap = Intervention(
        "swap",
        "unit_replacement",
        at,
        reached={"customers": dict.fromkeys(some, at)},
        fresh_unit=True,
    )
    fix = repair(world.setting, world.plan, "shared-01", at)
    return follow_up(world, [fix, swap], days=4)


@pytest.fixture(scope="module")
def root(follow: FollowUp, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    write_world(follow.world, root)
    write_follow_up(follow, root)
    return root


def test_landing_goes_on_day_by_day(follow: FollowUp, root: Path) -> None:
    files = sorted(path.name for path in (root / "landing" / "sessions").iterdir())
    assert files[13:] == [f"sessions-2026-01-{day}.parquet" for day in (14, 15, 16, 17, 18)]
    rows = pl.read_parquet(root / "landing" / "sessions" / "*.parquet")
    assert rows.get_column("session_id").n_unique() == 20_000 + sum(follow.counts)


def test_what_is_delivered_again_has_changed(root: Path) -> None:
    folder = root / "landing" / "units"
    known = pl.read_parquet(folder / "units.parquet")
    later = pl.read_parquet(folder / "units-follow-up.parquet")
    assert later.columns == known.columns
    assert 3 <= later.height < known.height / 10
    assert later.join(known, on=known.columns, how="semi", nulls_equal=True).is_empty()


def test_actions_follow_the_feed_and_tell_no_truth(root: Path) -> None:
    actions = pl.read_parquet(root / "landing" / "actions" / "actions-follow-up.parquet")
    assert tuple(actions.columns) == FEEDS["actions"].names
    assert actions.get_column("action_id").to_list() == ["fix-shared-01", "swap"]
    assert actions.get_column("conditions").to_list()[0].startswith("lot=")
    assert actions.get_column("cause_id").null_count() == 2
    exposed = json.loads(actions.get_column("exposed").to_list()[1])
    assert set(exposed["customers"].values()) == {"2026-01-16T00:00:00Z"}


def test_the_truth_of_the_later_days_stands_apart(follow: FollowUp, root: Path) -> None:
    later, own = Truth.read(root / "truth" / "follow_up"), Truth.read(root / "truth")
    assert later.causes.equals(follow.truth().causes)
    assert set(later.fault_causes["session_id"]).isdisjoint(own.fault_causes["session_id"])
    effects = pl.read_parquet(root / "truth" / "follow_up" / "effects.parquet")
    assert effects.equals(follow.effects())
    told = json.loads((root / "truth" / "follow_up" / "interventions.json").read_text())
    assert [one["causes"] for one in told] == [["shared-01"], []]
