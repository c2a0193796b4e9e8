"""The ledger: transitions, guard rails, the chain, and its file under two writers."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from cx_analytics.contracts.errors import CheckFailed, InputRefused
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.settings import Rails
from cx_analytics.contracts.tables import ACTION_LEDGER, ACTIONS
from cx_analytics.loop import (
    AUTOMATIC,
    Entry,
    Proposal,
    actions_table,
    append,
    decide,
    ledger_table,
    propose,
    read_ledger,
    state,
    verify,
)
from cx_analytics.loop.entry import as_line, from_line

AT = datetime(2026, 1, 31)
RAILS = Rails()
HOLD = Proposal(
    "lot_hold",
    "lot=L1",
    cause_id="c-1",
    defect_id="d-1",
    reason="bad lot",
    units=40,
    production_share=0.01,
    probability=0.97,
)


def proposed(proposal: Proposal = HOLD, actor: str = "ann", rails: Rails = RAILS) -> list[Entry]:
    return [propose([], proposal, actor=actor, at=AT, rails=rails)]


def move(
    entries: Sequence[Entry],
    event: str,
    actor: str = "bob",
    rails: Rails = RAILS,
    at: datetime = AT,
    **more: object,
) -> list[Entry]:
    new = decide(
        entries,
        entries[0].action_id,
        event,
        actor=actor,
        at=at,
        rails=rails,
        reason=more.get("reason", "because"),  # type: ignore[arg-type]
        evidence=more.get("evidence"),  # type: ignore[arg-type]
        sample=more.get("sample"),  # type: ignore[arg-type]
        verdict=more.get("verdict"),  # type: ignore[arg-type]
    )
    return [*entries, new]


def test_an_action_goes_its_way_to_the_end() -> None:
    entries = proposed()
    for event in ("approved", "in_effect", "effect_known", "closed", "reopened"):
        verdict = "worked" if event == "effect_known" else None
        entries = move(entries, event, evidence="snapshot 7", verdict=verdict)
    assert [entry.event for entry in entries][-1] == "reopened"
    assert [entry.entry for entry in entries] == [1, 2, 3, 4, 5, 6]
    verify(entries)


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ((), "released"),
        ((), "in_effect"),
        (("rejected",), "approved"),
        (("approved",), "approved"),
        (("approved", "in_effect"), "closed"),
        (("approved", "released"), "in_effect"),
    ],
)
def test_what_may_not_follow_is_refused(before: tuple[str, ...], event: str) -> None:
    entries = proposed()
    for step in before:
        entries = move(entries, step)
    with pytest.raises(InputRefused, match="may not follow"):
        move(entries, event)


def test_nobody_approves_alone() -> None:
    for actor in ("ann", " Ann ", "ANN"):
        with pytest.raises(InputRefused, match="may not approve"):
            move(proposed(), "approved", actor)
    alone = Rails(second_person=False)
    assert move(proposed(), "approved", "ann", alone)[-1].event == "approved"


def test_above_the_blast_radius_a_second_person_and_a_reason_are_needed() -> None:
    for wide in (
        replace(HOLD, units=1001),
        replace(HOLD, production_share=0.06),
        replace(HOLD, units=None),
    ):
        entries = proposed(wide)
        with pytest.raises(InputRefused, match="may not approve"):
            move(entries, "approved", "ann", Rails(second_person=False))
        with pytest.raises(InputRefused, match="blast radius"):
            move(entries, "approved", reason=None)
        assert move(entries, "approved", reason="safety")[-1].event == "approved"


@pytest.mark.parametrize(
    ("rails", "proposal", "sample"),
    [
        (Rails(), HOLD, 40),
        (Rails(automatic=True), HOLD, 29),
        (Rails(automatic=True), HOLD, None),
        (Rails(automatic=True), replace(HOLD, probability=0.94), 40),
        (Rails(automatic=True), replace(HOLD, units=1001), 40),
        (Rails(automatic=True), replace(HOLD, production_share=0.06), 40),
    ],
)
def test_the_product_itself_cannot_pass_the_rails(
    rails: Rails, proposal: Proposal, sample: int | None
) -> None:
    entries = proposed(proposal, AUTOMATIC, rails)
    with pytest.raises(InputRefused, match="not without a person"):
        move(entries, "approved", AUTOMATIC, rails, sample=sample)


def test_the_product_itself_may_act_within_the_rails_when_switched_on() -> None:
    rails = Rails(automatic=True)
    entries = move(proposed(HOLD, AUTOMATIC, rails), "approved", AUTOMATIC, rails, sample=40)
    assert entries[-1].expires_at == AT + timedelta(days=14)


def test_what_has_expired_cannot_be_approved_but_proposed_again() -> None:
    entries = proposed()
    later = AT + timedelta(days=14)
    assert state(entries, entries[0].action_id, later) == "expired"
    with pytest.raises(InputRefused, match="approved may not follow expired"):
        move(entries, "approved", at=later)
    again = propose(entries, HOLD, actor="ann", at=later, rails=RAILS)
    assert again.action_id == entries[0].action_id


def test_reasons_evidence_and_names_are_asked_for() -> None:
    with pytest.raises(InputRefused, match="needs a reason"):
        move(proposed(), "rejected", reason="")
    with pytest.raises(InputRefused, match="nobody"):
        move(proposed(), "approved", "  ")
    with pytest.raises(InputRefused, match="no condition"):
        proposed(replace(HOLD, subject="L1"))
    with pytest.raises(InputRefused, match="no kind"):
        proposed(replace(HOLD, kind="explode"))
    with pytest.raises(InputRefused, match="no action"):
        decide([], "a-1", "approved", actor="bob", at=AT, rails=RAILS)


def test_a_changed_moved_or_missing_entry_is_noticed() -> None:
    entries = move(move(proposed(), "approved"), "released")
    for broken in (
        [replace(entries[0], units=1), *entries[1:]],
        entries[1:],
        [entries[0], entries[2]],
        [entries[1], entries[0], entries[2]],
    ):
        with pytest.raises(CheckFailed, match="chain"):
            verify(broken)


def test_tables_hold_what_was_approved() -> None:
    entries = move(proposed(), "approved", at=AT + timedelta(hours=1))
    other = replace(HOLD, subject="lot=L2")
    with pytest.raises(InputRefused, match="before the last entry"):
        propose(entries, other, actor="ann", at=AT, rails=RAILS)
    later = AT + timedelta(minutes=56)
    entries.append(propose(entries, other, actor="ann", at=later, rails=RAILS))
    assert tuple(ledger_table(entries).columns) == ACTION_LEDGER.names
    table = actions_table(None, entries)
    assert table.select("action_id", "conditions", "status").rows() == [
        (entries[0].action_id, "lot=L1", "approved")
    ]
    assert table["effective_from"][0] == AT + timedelta(hours=1)


def test_an_acknowledgement_of_the_factory_wins() -> None:
    entries = move(proposed(), "approved")
    row = {
        "action_id": entries[0].action_id,
        "kind": "lot_hold",
        "effective_from": AT + timedelta(days=2),
        "status": "done",
    }
    table = actions_table(frame_of([row], ACTIONS), entries)
    assert table["status"].to_list() == ["done"]


def test_the_file_keeps_every_entry_and_cuts_a_torn_end(tmp_path: Path) -> None:
    path = tmp_path / "ledger.ndjson"
    assert read_ledger(path) == []
    first = append(path, lambda entries: propose(entries, HOLD, actor="ann", at=AT, rails=RAILS))
    with path.open("a") as handle:
        handle.write('{"entry": 2, "act')
    assert read_ledger(path) == [first]
    second = append(
        path,
        lambda entries: decide(
            entries, first.action_id, "approved", actor="bob", at=AT, rails=RAILS, reason="yes"
        ),
    )
    assert read_ledger(path) == [first, second]


def test_a_refused_entry_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.ndjson"
    append(path, lambda entries: propose(entries, HOLD, actor="ann", at=AT, rails=RAILS))
    before = path.read_bytes()
    with pytest.raises(InputRefused):
        append(path, lambda entries: propose(entries, HOLD, actor="ann", at=AT, rails=RAILS))
    assert path.read_bytes() == before


def test_a_file_changed_by_hand_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.ndjson"
    append(path, lambda entries: propose(entries, HOLD, actor="ann", at=AT, rails=RAILS))
    path.write_bytes(path.read_bytes().replace(b'"units": 40', b'"units": 41'))
    with pytest.raises(CheckFailed, match="chain"):
        read_ledger(path)
    path.write_bytes(b"\xff\x00[]\n")
    with pytest.raises(CheckFailed, match="line 1"):
        read_ledger(path)


def _writer(path: Path, name: str) -> None:
    for number in range(20):
        what = Proposal("other", f"lot={name}{number}")
        append(
            path, lambda entries, what=what: propose(entries, what, actor=name, at=AT, rails=RAILS)
        )


def test_two_writers_make_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "ledger.ndjson"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_writer, args=(path, name)) for name in ("x", "y")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [entry.entry for entry in read_ledger(path)] == list(range(1, 41))


def test_ledger_table_has_contract_types() -> None:
    assert ledger_table(proposed()).schema["at"] == pl.Datetime("us")


def with_effect(verdict: str) -> list[Entry]:
    entries = move(move(proposed(), "approved"), "in_effect")
    return move(entries, "effect_known", evidence="snapshot 7", verdict=verdict)


def test_what_worked_may_be_closed_by_anybody_without_a_word() -> None:
    closed = move(with_effect("worked"), "closed", "ann", reason=None)
    assert (closed[-1].event, closed[-1].verdict) == ("closed", None)
    assert closed[-1].evidence == "snapshot 7"
    verify(closed)


@pytest.mark.parametrize("verdict", ["did_not", "harmed"])
def test_what_did_not_work_is_closed_by_a_second_person_with_a_reason(verdict: str) -> None:
    with pytest.raises(InputRefused, match=f"its effect is {verdict}: closing needs a reason"):
        move(with_effect(verdict), "closed", reason=None)
    with pytest.raises(InputRefused, match="may not close it alone"):
        move(with_effect(verdict), "closed", "Ann")
    assert move(with_effect(verdict), "closed", "bob")[-1].reason == "because"


@pytest.mark.parametrize("verdict", ["too_early", None, "perhaps"])
def test_an_effect_that_is_not_known_is_no_effect(verdict: str | None) -> None:
    entries = move(move(proposed(), "approved"), "in_effect")
    with pytest.raises(InputRefused, match="the effect is not known"):
        move(entries, "effect_known", evidence="snapshot 7", verdict=verdict)


def test_a_return_that_is_none_is_dismissed_with_a_reason() -> None:
    back = move(move(with_effect("worked"), "closed"), "reopen_proposed", AUTOMATIC)
    with pytest.raises(InputRefused, match="said to be back: closing needs a reason"):
        move(back, "closed", reason=None)
    assert move(back, "closed", reason="a heat wave")[-1].event == "closed"
    again = move(back, "reopened", reason="the same drops")
    with pytest.raises(InputRefused, match="closed may not follow reopened"):
        move(again, "closed")


def test_only_those_named_may_approve() -> None:
    rails = Rails(approvers=("Cora Example",))
    with pytest.raises(InputRefused, match="bob is not among those who may approve"):
        move(proposed(), "approved", "bob", rails)
    assert move(proposed(), "approved", "cora  example", rails)[-1].event == "approved"


def test_a_dry_run_approves_nothing() -> None:
    rails = Rails(automatic=True, dry_run=True)
    with pytest.raises(InputRefused, match="it is a dry run"):
        move(proposed(HOLD, AUTOMATIC, rails), "approved", AUTOMATIC, rails, sample=40)


NEW_KINDS = [
    replace(HOLD, kind="rollout_stop", subject="app_version=5.2.0 & device_model=X"),
    replace(HOLD, kind="process_change", subject="line=A"),
]


@pytest.mark.parametrize("what", NEW_KINDS, ids=lambda one: one.kind)
def test_no_kind_of_action_passes_the_rails(what: Proposal) -> None:
    on = Rails(automatic=True)
    for rails, one, sample in (
        (Rails(), what, 40),
        (on, what, 29),
        (on, what, None),
        (on, replace(what, units=1001), 40),
        (on, replace(what, units=None), 40),
        (on, replace(what, production_share=0.06), 40),
        (on, replace(what, probability=0.94), 40),
        (replace(on, dry_run=True), what, 40),
    ):
        with pytest.raises(InputRefused, match="not without a person"):
            move(proposed(one, AUTOMATIC, rails), "approved", AUTOMATIC, rails, sample=sample)
    for name in ("ann", " Ann ", "ANN"):
        with pytest.raises(InputRefused, match="may not approve"):
            move(proposed(what), "approved", name)
    with pytest.raises(InputRefused, match="may not follow expired"):
        move(proposed(what), "approved", at=AT + timedelta(days=15))
    with pytest.raises(InputRefused, match="closed may not follow in_effect"):
        move(move(move(proposed(what), "approved"), "in_effect"), "closed")


def test_nobody_is_automatic_by_another_spelling() -> None:
    for name in ("Automatic", " automatic "):
        with pytest.raises(InputRefused, match="not without a person"):
            move(proposed(), "approved", name)


def test_a_stop_ends_by_itself_and_a_change_stays() -> None:
    stop, change = (move(move(proposed(one), "approved"), "in_effect") for one in NEW_KINDS)
    later = AT + timedelta(days=15)
    assert state(stop, stop[0].action_id, later) == "expired"
    assert state(change, change[0].action_id, later) == "in_effect"


def test_old_lines_keep_their_digest() -> None:
    """A ledger written before an entry had a verdict is still whole."""
    line = as_line(proposed()[0])
    assert '"verdict"' not in line
    verify([from_line(line)])


@pytest.mark.parametrize(("kind", "after"), [("cell_repair", "in_effect"), ("lot_hold", "expired")])
def test_what_is_repaired_stays_so_while_a_hold_ends_by_itself(kind: str, after: str) -> None:
    entries = move(move(proposed(replace(HOLD, kind=kind)), "approved"), "in_effect")
    assert state(entries, entries[0].action_id, AT + timedelta(days=60)) == after
