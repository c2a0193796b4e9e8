"""`cx action`: proposing and deciding, through the append-only ledger and its guard rails.

Belongs here: filling in what the warehouse knows, and telling what happened. Stays out: what may
follow what, and who may approve (loop). Nothing here touches a product: an approved action is an
entry that the next run publishes and hands over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from cx_analytics.cli.reader import Reader, Row
from cx_analytics.cli.screen import Answer, Sheet, number, when
from cx_analytics.cli.under import units_under
from cx_analytics.contracts.errors import InputRefused
from cx_analytics.contracts.words import conditions_of, label
from cx_analytics.engine.stamps import Stamps
from cx_analytics.loop import (
    Entry,
    Finding,
    Proposal,
    append,
    decide,
    finding,
    propose,
    read_ledger,
    state,
)
from cx_analytics.workspace import Workspace

DECISIONS = {
    "approve": "approved",
    "reject": "rejected",
    "release": "released",
    "undo": "released",
    "start": "in_effect",
    "effect": "effect_known",
    "close": "closed",
    "reopen": "reopened",
}
"""Which event of the ledger each verb writes."""


def listed(root: Path, now: datetime) -> Answer:
    """Every action with where it stands, the latest last."""
    entries = read_ledger(Workspace.open(root).ledger)
    last = {entry.action_id: entry for entry in entries}
    rows = [asdict(entry) | {"state": state(entries, name, now)} for name, entry in last.items()]
    columns = ("action", "state", "kind", "on", "units", "by", "at", "until", "why")
    cells = tuple(
        (
            row["action_id"],
            row["state"],
            row["kind"],
            row["subject"] or "-",
            number(row["units"]),
            row["actor"],
            when(row["at"]),
            when(row["expires_at"], "open"),
            row["reason"] or "-",
        )
        for row in rows
    )
    sentence = f"{len(rows)} in the ledger." if rows else "The ledger is empty."
    return Answer((sentence,), (Sheet("", columns, cells),) if rows else (), {"actions": rows})


def proposed(
    root: Path, what: str, *, kind: str | None, actor: str, reason: str | None, now: datetime
) -> Answer:
    """Propose an action: one of `action_proposals`, on a defect, or on a condition (lot=L1)."""
    workspace = Workspace.open(root)
    with Reader(root) as reader:
        proposal = _on_condition(reader, what, kind, reason) if "=" in what else None
        proposal = proposal or _on_proposal(reader, what, kind, reason)
        proposal = proposal or _on_defect(reader, what, kind, reason)
    rails = workspace.settings.rails
    entry = append(
        workspace.ledger,
        lambda entries: propose(entries, proposal, actor=actor, at=now, rails=rails),
    )
    hint = f"To decide: cx action {root} approve {entry.action_id}"
    second = " (by another person)" if rails.second_person else ""
    return _told(entry, hint + second)


def decided(
    root: Path, verb: str, action_id: str, *, actor: str, reason: str | None, now: datetime
) -> Answer:
    """Move an action on: one of DECISIONS, with the figures of the last run as evidence."""
    workspace = Workspace.open(root)
    known = _effect(root, action_id) if verb == "effect" else None
    entry = append(
        workspace.ledger,
        lambda entries: decide(
            entries,
            action_id,
            DECISIONS[verb],
            actor=actor,
            at=now,
            rails=workspace.settings.rails,
            reason=_reason(verb, entries, action_id, known, reason),
            evidence=_snapshot(workspace),
            verdict=known.verdict if known else None,
        ),
    )
    return _told(entry, f"It stands in the tables after the next 'cx run {root}'.")


def _effect(root: Path, action_id: str) -> Finding:
    """What the last run knows of the action's effect; refused while that is nothing."""
    with Reader(root) as reader:
        rows = reader.rows("action_effect", action_id=action_id)
    row = rows[0] if rows else None
    effect = row if row and row["verdict"] else None
    watch = row if row and row["watched_since"] else None
    found = finding(row["kind"] if row else None, effect, watch, row["rate_ratio"] if row else None)
    if found.verdict == "too_early":
        raise InputRefused(
            f"the effect is not known yet: {found.words}",
            where=action_id,
            todo=f"see 'cx action {root} list'; ask again after the next 'cx run {root}'",
        )
    return found


def _reason(
    verb: str,
    entries: Sequence[Entry],
    action_id: str,
    known: Finding | None,
    reason: str | None,
) -> str | None:
    """The reason as the ledger keeps it: an effect brings its figures, undoing what it undoes."""
    if known is not None:
        return f"{known.words}; {reason}" if reason else known.words
    last = next((one for one in reversed(entries) if one.action_id == action_id), None)
    if verb == "undo" and reason and last is not None:
        return f"takes back entry {last.entry} ({last.event} by {last.actor}): {reason}"
    return reason


def _told(entry: Entry, hint: str) -> Answer:
    touched = f", {entry.units:,} units" if entry.units is not None else ""
    sentence = (
        f"{entry.action_id} {entry.event}: {entry.kind} on {entry.subject}{touched}, "
        f"by {entry.actor}, until {when(entry.expires_at, 'further notice')}."
    )
    return Answer((sentence, hint), (), asdict(entry))


def _on_defect(reader: Reader, defect_id: str, kind: str | None, reason: str | None) -> Proposal:
    found = reader.rows("defect_reach", defect_id=defect_id)
    if not found:
        raise reader.missing("defect", defect_id, "defects", "defect_id")
    reach = found[0]
    return Proposal(
        kind=kind or "lot_hold",
        subject=_subject(reach),
        cause_id=reach["cause_id"],
        defect_id=defect_id,
        reason=reason,
        evidence=_snapshot(reader.workspace),
        units=reach["units"],
        production_share=reach["production_share"],
        probability=reach["probability"],
    )


def _subject(reach: Row) -> str:
    if reach["component"] and reach["component_lot"]:
        return f"{reach['component']}_lot={reach['component_lot']}"
    if reach["lot"]:
        return f"lot={reach['lot']}"
    raise InputRefused(
        "the defect names no lot",
        where=reach["defect_id"],
        todo="say on what to act: cx action DIR propose lot=L1 --kind lot_hold",
    )


def _on_condition(reader: Reader, subject: str, kind: str | None, reason: str | None) -> Proposal:
    if kind is None:
        raise InputRefused(
            "the kind of action is missing", where=subject, todo="add --kind, such as lot_hold"
        )
    conditions = {key: reader.known_as(key, value) for key, value in conditions_of(subject).items()}
    units = units_under(reader, conditions)
    made: int = reader.row("units_made")["units"]
    return Proposal(
        kind=kind,
        subject=label(conditions),
        reason=reason,
        evidence=_snapshot(reader.workspace),
        units=units,
        production_share=min(units / made, 1.0) if made and units is not None else None,
    )


def _on_proposal(
    reader: Reader, action_id: str, kind: str | None, reason: str | None
) -> Proposal | None:
    """What the last run proposed under this id, with its reach; a reason given comes first."""
    found = reader.rows("action_proposal", action_id=action_id)
    if not found:
        return None
    row = found[0]
    if kind not in (None, row["kind"]):
        raise InputRefused(
            f"the last run proposed a {row['kind']} here, not a {kind}",
            where=action_id,
            todo=f"leave --kind away, or name what to act on: propose '{row['subject']}'",
        )
    why = f"{reason}; {row['reason']}" if reason else row["reason"]
    return Proposal(**(row | {"reason": why}), evidence=_snapshot(reader.workspace))


def _snapshot(workspace: Workspace) -> str | None:
    """The version of the warehouse that a decision rests on."""
    version = Stamps(workspace.parts).of("warehouse").get("all")
    return f"warehouse {version}" if version else None
