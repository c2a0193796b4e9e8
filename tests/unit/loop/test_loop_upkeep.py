"""What the ledger is owed by itself, and what the product does within the guard rails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.settings import Rails
from cx_analytics.contracts.tables import (
    ACTION_EFFECTS,
    ACTION_PROPOSALS,
    ACTIONS,
    CAUSES,
    CAUSES_HISTORY,
    DEFECTS,
    RECURRENCES,
    UNIT_HOLDS,
)
from cx_analytics.loop import (
    AUTOMATIC,
    Entry,
    Finding,
    Proposal,
    append,
    append_all,
    automatic_entry,
    decide,
    findings,
    owed,
    proposals,
    proposals_table,
    propose,
    read_ledger,
    state,
)

AT, RAILS = datetime(2026, 1, 31), Rails()
CHANGE = Proposal("process_change", "line=A", cause_id="c-1", defect_id="d-1", reason="solder")
WORKED, DID_NOT = Finding("worked", "half as many"), Finding("did_not", "as many")


def ledger(*events: str, **more: Any) -> list[Entry]:
    entries = [propose([], CHANGE, actor="ann", at=AT, rails=RAILS)]
    for event in events:
        verdict = "worked" if event == "effect_known" else None
        how = {"reason": "so", "evidence": "e", "verdict": verdict} | more
        one = decide(entries, CHANGE.action_id, event, actor="bob", at=AT, rails=RAILS, **how)
        entries.append(one)
    return entries


def owes(
    entries: list[Entry],
    found: Finding | None = None,
    alarmed: datetime | None = None,
    acknowledged: Mapping[str, datetime] | None = None,
) -> Entry | None:
    return owed(
        entries,
        {CHANGE.action_id: found} if found else {},
        frame_of([{"cause_id": "c-1", "alarmed_at": alarmed}], RECURRENCES),
        acknowledged or {},
        now=AT,
        rails=RAILS,
        evidence="lake 7",
    )


def test_an_effect_that_is_known_is_written_once_with_its_evidence() -> None:
    entries = ledger("approved", "in_effect")
    entry = owes(entries, WORKED)
    assert entry is not None
    assert (entry.event, entry.actor, entry.verdict) == ("effect_known", AUTOMATIC, "worked")
    assert (entry.reason, entry.evidence) == ("half as many", "lake 7")
    assert owes([*entries, entry], WORKED) is None
    changed = owes([*entries, entry], DID_NOT)
    assert changed is not None
    assert changed.verdict == "did_not"


@pytest.mark.parametrize("events", [(), ("approved",), ("rejected",), ("approved", "released")])
def test_nothing_is_owed_before_an_action_is_in_effect(events: tuple[str, ...]) -> None:
    assert owes(ledger(*events), WORKED) is None
    assert owes(ledger("approved", "in_effect"), Finding("too_early", "")) is None


def test_an_acknowledgement_puts_it_in_effect() -> None:
    since = {CHANGE.action_id: AT - timedelta(days=1)}
    entry = owes(ledger("approved"), acknowledged=since)
    assert entry is not None
    assert (entry.event, entry.reason) == ("in_effect", "acknowledged: since 2026-01-30 00:00")
    later = {CHANGE.action_id: AT + timedelta(days=1)}
    assert owes(ledger("approved"), acknowledged=later) is None


def test_reopening_is_proposed_once_an_alarm_and_people_decide() -> None:
    entries = ledger("approved", "in_effect", "effect_known", "closed")
    assert owes(entries) is None
    entry = owes(entries, alarmed=AT)
    assert entry is not None
    assert (entry.event, entry.reason) == ("reopen_proposed", "c-1 came back by 2026-01-31")
    entries.append(entry)
    dismissed = decide(
        entries, CHANGE.action_id, "closed", actor="bob", at=AT, rails=RAILS, reason="heat"
    )
    assert owes([*entries, dismissed], alarmed=AT) is None
    assert owes([*entries, dismissed], alarmed=AT + timedelta(days=9)) is not None


@pytest.mark.parametrize(
    ("watch", "verdict"),
    [
        ({"faults": 18, "expected_faults": 20.0}, "worked"),
        ({"faults": 0, "expected_faults": 0.4}, "too_early"),
        ({"faults": 70, "expected_faults": 20.0}, "too_early"),
        ({"faults": 90, "expected_faults": 20.0, "alarmed_at": AT}, "did_not"),
        (None, "too_early"),
    ],
)
def test_a_change_of_production_is_judged_by_units_made_since(
    watch: dict[str, Any] | None, verdict: str
) -> None:
    found = findings(
        frame_of([{"action_id": "a", "cause_id": "c-1", "kind": "process_change"}], ACTIONS),
        frame_of([{"action_id": "a", "verdict": "too_early"}], ACTION_EFFECTS),
        frame_of([{"cause_id": "c-1"} | watch] if watch else [], RECURRENCES),
        frame_of([{"cause_id": "c-1", "rate_ratio": 5.0}], CAUSES_HISTORY),
    )
    assert found["a"].verdict == verdict


def test_an_estimate_tells_its_figures() -> None:
    effect = {"estimate": 0.4, "low": 0.3, "high": 0.6, "verdict": "worked", "method": "DiD"}
    found = findings(
        frame_of([{"action_id": "a", "kind": "cell_repair"}], ACTIONS),
        frame_of([{"action_id": "a"} | effect], ACTION_EFFECTS),
        frame_of([], RECURRENCES),
        frame_of([], CAUSES_HISTORY),
    )
    assert found["a"] == Finding("worked", "rate ratio 0.40 (0.30 to 0.60), DiD")


def cause(cause_id: str = "c-1", **given: Any) -> dict[str, Any]:
    return {
        "cause_id": cause_id,
        "kind": "shared",
        "domain": "app",
        "conditions": {"app_version": "5.2.0"},
        "label": "app_version=5.2.0",
        "sessions": 900,
        "faults": 90,
        "rate_ratio": 3.0,
        "probability": 0.97,
        "customers": 200,
        "units": 40,
        "status": "active",
    } | given


DEFECT = {
    "defect_id": "d-2",
    "cause_id": "c-2",
    "units_made": 50,
    "units_in_field": 45,
    "probability": 0.97,
}
LINE = cause("c-2", domain="device", conditions={"line": "A"}, label="line=A")


def proposed(*causes: dict[str, Any], rails: Rails = RAILS) -> list[tuple[Proposal, int | None]]:
    holds = frame_of([], UNIT_HOLDS)
    return proposals(frame_of(causes, CAUSES), frame_of([DEFECT], DEFECTS), holds, rails, 2000)


def test_a_version_is_stopped_and_a_line_changed() -> None:
    found = proposed(cause(), LINE, cause("c-3", status="fixed"), cause("c-4", probability=0.9))
    table = proposals_table(found, RAILS)
    assert tuple(table.columns) == ACTION_PROPOSALS.names
    told = {row["proposal"]: row for row in table.iter_rows(named=True)}
    stop, change = told["stop_rollout"], told["change_process"]
    assert (stop["kind"], change["kind"]) == ("rollout_stop", "process_change")
    assert (stop["subject"], stop["units"], stop["production_share"]) == (
        "app_version=5.2.0",
        40,
        0.02,
    )
    assert stop["chance_wrong"] == pytest.approx(0.03)
    assert stop["sample"] == 200
    assert (change["subject"], change["units"], change["sample"]) == ("line=A", 50, 45)
    assert stop["obstacle"] == change["obstacle"] == "automatic adjustment is switched off"


def test_a_station_of_the_factorys_own_attributes_is_a_process_to_change() -> None:
    """Named in cx.toml, it is no part of the genealogy: the cause's own units are its reach."""
    found = {"conditions": {"solder_station": "S3"}, "label": "solder_station=S3"}
    ((change, sample),) = proposed(cause("c-9", domain="device", **found))
    assert (change.kind, change.subject) == ("process_change", "solder_station=S3")
    assert (change.units, sample, change.defect_id) == (40, 40, None)


@pytest.mark.parametrize("conditions", [{"cell_id": "C1"}, {"site_id": "S"}, {"device_model": "X"}])
def test_neither_a_place_nor_a_model_is_a_process(conditions: dict[str, str]) -> None:
    assert proposed(cause(domain="device", conditions=conditions)) == []


def test_what_is_proposed_reaches_no_further_than_its_cause() -> None:
    both = {"app_version": "5.2.0", "device_model": "X"}
    words = "app_version=5.2.0 & device_model=X"
    ((stop, _),) = proposed(cause(domain="interaction", conditions=both, label=words))
    assert stop.subject == words
    assert propose([], stop, actor="ann", at=AT, rails=RAILS).subject == words


def test_a_hold_of_the_factory_stands_among_them() -> None:
    hold = {"lot": "L1", "state": "proposed", "defect_id": "d-2", "units": 50, "reason": "bad"}
    found = proposals(
        frame_of([], CAUSES),
        frame_of([DEFECT], DEFECTS),
        frame_of([hold], UNIT_HOLDS),
        RAILS,
        2000,
    )
    assert [(one.kind, one.subject, one.units) for one, _ in found] == [("lot_hold", "lot=L1", 50)]


def test_in_a_healthy_world_nothing_is_proposed() -> None:
    """A world without causes has no defect, hence no hold: that there are none is measured."""
    assert proposals_table(proposed(), Rails(automatic=True)).is_empty()


ON = Rails(automatic=True)


def acted(tmp_path: Path, rails: Rails, *causes: dict[str, Any]) -> list[Entry]:
    path = tmp_path / "ledger.ndjson"
    append_all(path, lambda entries: automatic_entry(entries, proposed(*causes), rails, AT))
    return read_ledger(path)


def test_switched_off_nothing_is_written(tmp_path: Path) -> None:
    assert acted(tmp_path, RAILS, cause()) == []


def test_switched_on_it_is_done_once_and_ends_by_itself(tmp_path: Path) -> None:
    entries = acted(tmp_path, ON, cause())
    assert [(one.event, one.actor) for one in entries] == [
        ("proposed", AUTOMATIC),
        ("approved", AUTOMATIC),
    ]
    assert entries[-1].expires_at == AT + timedelta(days=14)
    assert acted(tmp_path, ON, cause()) == entries


def test_above_the_blast_radius_nothing_is_done(tmp_path: Path) -> None:
    assert acted(tmp_path, ON, cause(units=1001)) == []
    assert acted(tmp_path, ON, cause(units=None)) == []


def test_many_small_steps_go_no_further_than_a_large_one(tmp_path: Path) -> None:
    """The second of two stops of 600 units each is left to a person: 1,000 are allowed in all."""
    both = [
        cause(
            name,
            domain="interaction",
            conditions={"app_version": "5.2.0", "device_model": name},
            label=f"app_version=5.2.0 & device_model={name}",
            units=600,
        )
        for name in ("c-6", "c-7")
    ]
    wide = replace(ON, maximum_production_share=1.0)
    events = [one.event for one in acted(tmp_path, wide, *both)]
    assert sorted(events) == ["approved", "proposed", "proposed"]
    larger = replace(wide, maximum_units=1200)
    assert [one.event for one in acted(tmp_path, larger, *both)].count("approved") == 2


def test_a_dry_run_proposes_and_says_so(tmp_path: Path) -> None:
    entries = acted(tmp_path, replace(ON, dry_run=True), cause())
    assert [one.event for one in entries] == ["proposed"]
    assert str(entries[0].reason).startswith("dry run, nothing is approved: stop the rollout")
    assert [one.event for one in acted(tmp_path, ON, cause())] == ["proposed", "approved"]


def test_what_people_took_back_is_left_alone(tmp_path: Path) -> None:
    entries = acted(tmp_path, ON, cause())
    append(
        tmp_path / "ledger.ndjson",
        lambda so_far: decide(
            so_far,
            entries[0].action_id,
            "released",
            actor="bob",
            at=AT,
            rails=ON,
            reason="takes back entry 2",
        ),
    )
    after = acted(tmp_path, ON, cause())
    assert state(after, entries[0].action_id, AT) == "released"
