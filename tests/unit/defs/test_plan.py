"""What is not up to date follows from versions and stamps alone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from cx_analytics.defs.automation import next_requests
from cx_analytics.defs.plan import (
    DAILY,
    SURROUNDINGS,
    fit_version,
    inputs_version,
    known_days,
    plan,
    ranges,
    session_days,
    stale_days,
    stale_experience,
)
from cx_analytics.engine.stamps import Stamps
from cx_analytics.engine.store import Store
from cx_analytics.workspace import Workspace

ONE, TWO, THREE = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)


def lake(root: Path, sessions: Mapping[date, str], **whole: str) -> None:
    """A manifest with these versions of sessions by day, and of feeds without a day."""
    days = {day.isoformat(): {"rows": 1, "version": v} for day, v in sessions.items()}
    feeds = {name: {"all": {"rows": 1, "version": version}} for name, version in whole.items()}
    (root / "lake").mkdir(exist_ok=True)
    text = json.dumps({"partitions": {"sessions": days, **feeds}})
    (root / "lake" / "manifest.json").write_text(text, encoding="utf-8")


def made(workspace: Workspace, *days: date) -> None:
    """Leave the stamps and files of a run that worked on these days."""
    stamps, versions = Stamps(workspace.parts), session_days(workspace)
    for day in days:
        key = day.isoformat()
        for table in ("sessions", "exposure"):
            stamps.set(table, {key: versions[day]})
        for table in ("causes_history", "fault_causes"):
            stamps.set(table, {key: fit_version(workspace, day)})
        Store(workspace.parts).write("sessions", pl.DataFrame({"a": [1]}), day)


def published(workspace: Workspace) -> None:
    """Leave the stamp and the file of a publication."""
    workspace.database.touch()
    Stamps(workspace.parts).set("warehouse", {"all": inputs_version(workspace)})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three days, all worked on and published."""
    (tmp_path / "cx.toml").touch()
    lake(tmp_path, {ONE: "a", TWO: "b", THREE: "c"}, units="u")
    opened = Workspace.open(tmp_path)
    made(opened, ONE, TWO, THREE)
    published(opened)
    return opened


def test_nothing_is_stale_after_a_run(workspace: Workspace) -> None:
    assert stale_days(workspace) == ()
    assert plan(workspace).nothing


def test_an_empty_workspace_has_only_to_be_published(tmp_path: Path) -> None:
    (tmp_path / "cx.toml").touch()
    due = plan(Workspace.open(tmp_path))
    assert due.days == ()
    assert due.publish


def test_a_changed_day_is_stale_alone(workspace: Workspace) -> None:
    lake(workspace.root, {ONE: "a", TWO: "changed", THREE: "c"}, units="u")
    assert stale_days(workspace) == (TWO,)


def test_a_day_whose_surroundings_changed_is_stale_alone(workspace: Workspace) -> None:
    Stamps(workspace.parts).set(SURROUNDINGS, {TWO.isoformat(): "new units"})
    assert stale_days(workspace) == (TWO,)
    made(workspace, TWO)
    assert stale_days(workspace) == (THREE,), "its fit has a day in its window that was made anew"


@pytest.mark.parametrize("table", ["sessions", "exposure", "causes_history"])
def test_a_day_that_was_only_half_done_is_stale(workspace: Workspace, table: str) -> None:
    Stamps(workspace.parts).clear(table, [ONE.isoformat()])
    assert stale_days(workspace) == (ONE,)


def test_a_day_that_left_the_lake_is_stale_until_nothing_is_left_of_it(
    workspace: Workspace,
) -> None:
    lake(workspace.root, {TWO: "b", THREE: "c"}, units="u")
    assert known_days(workspace) == [ONE, TWO, THREE]
    assert stale_days(workspace) == (ONE,)
    Store(workspace.parts).drop("sessions", ONE)
    for table in DAILY:
        Stamps(workspace.parts).clear(table, [ONE.isoformat()])
    assert ONE not in stale_days(workspace)


def test_a_run_that_ended_before_causes_were_written_is_gone_on_with(
    workspace: Workspace,
) -> None:
    made_of, frame = Store(workspace.parts), pl.DataFrame({"a": [1]})
    history = made_of.write("causes_history", frame, THREE)
    assert stale_days(workspace) == (THREE,), "causes were never written"
    os.utime(made_of.write("causes", frame), ns=(2_000, 2_000))
    os.utime(history, ns=(1_000, 1_000))
    assert stale_days(workspace) == ()
    os.utime(history, ns=(3_000, 3_000))
    assert stale_days(workspace) == (THREE,), "said anew, and not yet in causes"


def test_every_day_is_stale_when_a_setting_changes(workspace: Workspace) -> None:
    (workspace.root / "cx.toml").write_text("[product]\nwindow_days = 7\n", encoding="utf-8")
    assert stale_days(Workspace.open(workspace.root)) == (ONE, TWO, THREE)


def test_days_can_be_limited_at_both_ends(workspace: Workspace) -> None:
    lake(workspace.root, {ONE: "x", TWO: "y", THREE: "z"}, units="u")
    assert plan(workspace, first=TWO).days == (TWO, THREE)
    assert plan(workspace, last=TWO).days == (ONE, TWO)
    assert plan(workspace, TWO, TWO).days == (TWO,)


@pytest.mark.parametrize("own", ["ledger.ndjson", "playbook.toml"])
def test_a_change_of_what_people_write_is_published(workspace: Workspace, own: str) -> None:
    (workspace.root / own).write_text("# new", encoding="utf-8")
    due = plan(workspace)
    assert due.days == ()
    assert due.publish


def requested(workspace: Workspace) -> list[str | None]:
    """The jobs that the landing sensor asks for now; None when it rests."""
    asked = next_requests(workspace, ONE)
    return [one.job_name if isinstance(one, dg.RunRequest) else None for one in asked]


def test_the_sensor_notices_an_acknowledgement_of_the_factory(workspace: Workspace) -> None:
    """First it is taken in, then what rests on it is published; no day is worked on again."""
    assert requested(workspace) == [None]
    landing = workspace.landing / "actions"
    landing.mkdir(parents=True)
    (landing / "from_factory.csv").write_text("action_id,kind,effective_from,status\n")
    assert requested(workspace) == ["ingest"]
    (landing / "from_factory.csv").unlink()
    lake(workspace.root, {ONE: "a", TWO: "b", THREE: "c"}, units="u", actions="acknowledged")
    assert requested(workspace) == ["publish"]
    published(workspace)
    assert requested(workspace) == [None]


def test_a_feed_without_days_is_published_when_it_changes(workspace: Workspace) -> None:
    lake(workspace.root, {ONE: "a", TWO: "b", THREE: "c"}, units="other")
    assert plan(workspace).publish
    assert plan(workspace).days == ()


def test_a_batch_that_brought_only_duplicates_is_told_in_the_warehouse(
    workspace: Workspace,
) -> None:
    Store(workspace.lake).write("runs", pl.DataFrame({"batch": ["000002"]}))
    assert plan(workspace).publish


def test_a_missing_warehouse_is_published(workspace: Workspace) -> None:
    workspace.database.unlink()
    assert plan(workspace).publish


def test_an_experience_is_stale_when_a_day_of_its_past_changed(workspace: Workspace) -> None:
    stamps = Stamps(workspace.parts)
    first = stale_experience(workspace)
    assert list(first) == [ONE, TWO, THREE]
    stamps.set("customer_experience", {day.isoformat(): v for day, v in first.items()})
    assert stale_experience(workspace) == {}
    stamps.set("sessions", {TWO.isoformat(): "changed"})
    assert list(stale_experience(workspace)) == [TWO, THREE]


def test_an_experience_without_sessions_goes(workspace: Workspace) -> None:
    stamps = Stamps(workspace.parts)
    stamps.set("customer_experience", {"2025-12-31": "old"})
    assert stale_experience(workspace)[date(2025, 12, 31)] == ""


def test_ranges_do_not_cross_a_day_that_is_up_to_date() -> None:
    assert ranges((ONE, THREE), (ONE, TWO, THREE)) == [(ONE, ONE), (THREE, THREE)]
    assert ranges((ONE, THREE), (ONE, THREE)) == [(ONE, THREE)]
    assert ranges((), (ONE,)) == []
