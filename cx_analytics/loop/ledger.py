"""The ledger of actions: which event may follow which, proposing and deciding.

Belongs here: pure functions from the entries so far to the next one. Stays out: entries
themselves (entry.py), who may approve (rails.py), the file (ledger_file.py).

An action is proposed, then approved or rejected; it takes effect, its effect becomes known, and
only then can it be closed. When its cause comes back, reopening is proposed: it is reopened, or
closed again. It can be released at any time while it holds, and it expires by itself. What was
rejected, released or expired may be proposed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from cx_analytics.contracts.errors import InputRefused, did_you_mean
from cx_analytics.contracts.settings import Rails
from cx_analytics.contracts.words import ACTION_KINDS, VERDICTS
from cx_analytics.loop.entry import Entry, Proposal, digest
from cx_analytics.loop.rails import check_approval, check_closing

FOLLOWS: dict[str | None, tuple[str, ...]] = {
    None: ("proposed",),
    "proposed": ("approved", "rejected", "expired"),
    "rejected": ("proposed",),
    "approved": ("in_effect", "released", "expired"),
    "in_effect": ("effect_known", "released", "expired"),
    "effect_known": ("closed", "released", "effect_known"),
    "closed": ("reopen_proposed", "reopened"),
    "reopen_proposed": ("reopened", "closed"),
    "reopened": ("in_effect", "effect_known", "released"),
    "released": ("proposed",),
    "expired": ("proposed", "released"),
}
"""Which event may follow the last one of an action."""

FOR_GOOD = ("app_update", "firmware_update", "cell_repair", "unit_replacement", "process_change")
"""Kinds that, once in effect, stay so; a hold or a stop ends by itself."""

EVENTS = tuple(event for event in FOLLOWS if event is not None)

MAX_TEXT = 2000
"""Longest text in an entry, in characters."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the clocks of two writers may differ."""


def propose(
    entries: Sequence[Entry], proposal: Proposal, *, actor: str, at: datetime, rails: Rails
) -> Entry:
    """The entry that proposes an action; it ends by itself after `rails.expires_after_days`.

    Raises
    ------
    InputRefused : an unknown kind, a subject that is no condition, or an action that is open.
    """
    if proposal.kind not in ACTION_KINDS:
        raise InputRefused(
            f"{proposal.kind!r} is no kind of action",
            where="proposal",
            todo=did_you_mean(proposal.kind, ACTION_KINDS),
        )
    attribute, separator, value = proposal.subject.partition("=")
    if not (attribute and separator and value):
        raise InputRefused(
            f"{proposal.subject!r} is no condition", where="proposal", todo="write lot=L1"
        )
    draft = Entry(
        entry=0,
        action_id=proposal.action_id,
        event="proposed",
        actor=actor,
        at=at,
        expires_at=_ends(at, rails),
        **asdict(proposal),
    )
    return _chained(entries, draft, at)


def decide(
    entries: Sequence[Entry],
    action_id: str,
    event: str,
    *,
    actor: str,
    at: datetime,
    rails: Rails,
    reason: str | None = None,
    evidence: str | None = None,
    sample: int | None = None,
    verdict: str | None = None,
) -> Entry:
    """The entry that moves an action on: approved, rejected, in_effect, released, …

    Parameters
    ----------
    entries : the whole ledger, in order.
    event : what happens; must be one that may follow (FOLLOWS).
    actor : who; AUTOMATIC for the product itself.
    reason : why; must be given for rejecting, releasing and reopening.
    evidence : the snapshot it rests on; must be given for `effect_known`.
    sample : units behind the claim, for an automatic approval.
    verdict : whether it worked; must be given for `effect_known`.

    Raises
    ------
    InputRefused : an unknown action or event, one that may not follow, an expired proposal,
        or one that the guard rails do not allow.
    """
    history = [entry for entry in entries if entry.action_id == action_id]
    if not history:
        raise InputRefused(
            f"there is no action {action_id!r}",
            where="ledger",
            todo=did_you_mean(action_id, {entry.action_id for entry in entries}),
        )
    if event == "proposed":
        raise InputRefused("an action is proposed with what it does", where=action_id)
    last = history[-1]
    _must_explain(event, action_id, reason, evidence)
    if event == "effect_known":
        _must_be_known(action_id, verdict)
    draft = replace(
        last,
        event=event,
        actor=actor,
        at=at,
        reason=reason,
        evidence=evidence or last.evidence,
        verdict=verdict if event == "effect_known" else None,
        expires_at=_expiry(event, last, at, rails),
    )
    entry = _chained(entries, draft, at)
    if event == "approved":
        check_approval(entries, draft, rails, sample)
    if event == "closed":
        check_closing(history, draft)
    return entry


def state(entries: Sequence[Entry], action_id: str, now: datetime) -> str | None:
    """Where an action stands: its last event, or `expired` when its time is over."""
    history = [entry for entry in entries if entry.action_id == action_id]
    if not history:
        return None
    last = history[-1]
    runs_out = last.event in ("proposed", "approved", "in_effect")
    if runs_out and last.expires_at is not None and last.expires_at <= now:
        return "expired"
    return last.event


def _ends(at: datetime, rails: Rails) -> datetime:
    return at + timedelta(days=rails.expires_after_days)


def _expiry(event: str, last: Entry, at: datetime, rails: Rails) -> datetime | None:
    """When an entry ends by itself: an approval anew, what was repaired for good never."""
    if event == "approved":
        return _ends(at, rails)
    return None if event == "in_effect" and last.kind in FOR_GOOD else last.expires_at


def _must_explain(event: str, action_id: str, reason: str | None, evidence: str | None) -> None:
    if event in ("rejected", "released", "reopened") and not reason:
        raise InputRefused(f"{event} needs a reason", where=action_id, todo="say why")
    if event == "effect_known" and not evidence:
        raise InputRefused(
            "an effect is known only on evidence", where=action_id, todo="name the snapshot"
        )


def _must_be_known(action_id: str, verdict: str | None) -> None:
    known = [one for one in VERDICTS if one != "too_early"]
    if verdict not in known:
        raise InputRefused(
            f"the effect is not known: {verdict or 'no verdict'}",
            where=action_id,
            todo="wait for a verdict: " + ", ".join(known),
        )


def _chained(entries: Sequence[Entry], draft: Entry, at: datetime) -> Entry:
    """The draft as the next entry, when it may follow what the ledger says."""
    actor = draft.actor.strip()
    if not actor:
        raise InputRefused("nobody is named", where=draft.action_id, todo="say who decides")
    for name in ("actor", "reason", "evidence", "subject"):
        if len(getattr(draft, name) or "") > MAX_TEXT:
            raise InputRefused(f"{name} is longer than {MAX_TEXT} characters", where=name)
    if entries and at < entries[-1].at - CLOCK_TOLERANCE:
        raise InputRefused(
            f"{at} lies before the last entry", where=draft.action_id, todo="set the clock right"
        )
    now = state(entries, draft.action_id, at)
    if draft.event not in FOLLOWS[now]:
        raise InputRefused(
            f"{draft.event} may not follow {now or 'nothing'}",
            where=draft.action_id,
            todo="possible: " + ", ".join(FOLLOWS[now]),
        )
    return _sealed(entries, replace(draft, actor=actor))


def _sealed(entries: Sequence[Entry], draft: Entry) -> Entry:
    previous = entries[-1].digest if entries else ""
    numbered = replace(draft, entry=len(entries) + 1, previous=previous, digest="")
    return replace(numbered, digest=digest(numbered))
