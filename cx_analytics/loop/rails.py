"""The guard rails at the moment of approval and of closing: who may decide what.

Belongs here: refusing an approval or a closing. Stays out: the order of events (ledger.py).
A person may go above the blast radius, but never alone and never without a reason. The product
itself may approve only within every rail, and only when that was switched on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.contracts.settings import Rails
from cx_analytics.loop.entry import Entry, Proposal

AUTOMATIC = "automatic"
"""The actor that stands for the product itself: bound by every guard rail."""

_HOLDS = ("approved", "in_effect", "effect_known", "reopened")
"""Events after which an action touches what it is on."""


def check_approval(
    entries: Sequence[Entry], draft: Entry, rails: Rails, sample: int | None
) -> None:
    """The guard rails: a second person, and for the product itself all of them.

    Parameters
    ----------
    entries : the whole ledger, before the approval.
    draft : the approval.
    sample : units or customers behind the claim.
    """
    proposer = _proposer([one for one in entries if one.action_id == draft.action_id])
    wide = over_blast_radius(draft, rails)
    if _person(draft.actor) == AUTOMATIC:
        _automatic(entries, draft, rails, sample)
        return
    if rails.approvers and _person(draft.actor) not in map(_person, rails.approvers):
        raise InputRefused(
            f"{draft.actor} is not among those who may approve",
            where=draft.action_id,
            todo="ask " + " or ".join(rails.approvers),
        )
    if (rails.second_person or wide) and _person(draft.actor) == _person(proposer):
        raise InputRefused(
            f"{draft.actor} proposed this and may not approve it",
            where=draft.action_id,
            todo="ask a second person",
        )
    if wide and not draft.reason:
        raise InputRefused(
            "this is above the blast radius and needs a reason",
            where=draft.action_id,
            todo=f"say why {draft.units} units may be touched",
        )


def _person(actor: str) -> str:
    return " ".join(actor.split()).casefold()


def over_blast_radius(draft: Entry | Proposal, rails: Rails) -> bool:
    """Whether an action touches more than the rails allow; unknown counts as too much."""
    if draft.units is None or draft.production_share is None:
        return True
    return (
        draft.units > rails.maximum_units or draft.production_share > rails.maximum_production_share
    )


def obstacle(draft: Entry | Proposal, rails: Rails, sample: int | None) -> str | None:
    """Why the product may not do this by itself, or None when every guard rail lets it."""
    obstacles = {
        "automatic adjustment is switched off": not rails.automatic,
        "it is above the blast radius": over_blast_radius(draft, rails),
        "the sample is too small": sample is None or sample < rails.minimum_units,
        "the cause is not sure enough": (draft.probability or 0.0) < rails.minimum_probability,
        "it is a dry run": rails.dry_run,
    }
    return next((words for words, met in obstacles.items() if met), None)


def _automatic(entries: Sequence[Entry], draft: Entry, rails: Rails, sample: int | None) -> None:
    words = obstacle(draft, rails, sample)
    if words is None and over_blast_radius(_together(entries, draft), rails):
        words = "with what holds automatically already it is above the blast radius"
    if words is not None:
        raise InputRefused(
            f"not without a person: {words}", where=draft.action_id, todo="ask for approval"
        )


def _together(entries: Sequence[Entry], draft: Entry) -> Entry:
    """The draft with the reach of all that the product approved by itself and that still holds.

    Many small steps go as far as a large one.
    """
    standing = [draft, *(one for one in _automatic_now(entries, draft.at))]
    return replace(
        draft,
        units=sum(one.units or 0 for one in standing),
        production_share=sum(one.production_share or 0.0 for one in standing),
    )


def _automatic_now(entries: Sequence[Entry], at: datetime) -> list[Entry]:
    last = {one.action_id: one for one in entries}
    by_itself = {
        one.action_id
        for one in entries
        if one.event == "approved" and _person(one.actor) == AUTOMATIC
    }
    return [
        one
        for one in last.values()
        if one.action_id in by_itself
        and one.event in _HOLDS
        and (one.expires_at is None or one.expires_at > at)
    ]


def check_closing(history: Sequence[Entry], draft: Entry) -> None:
    """No closing without an effectiveness check; without success, a second person must say why.

    What was closed before and is dismissed as no return needs a reason as well.
    """
    verdicts = [entry.verdict for entry in history if entry.event == "effect_known"]
    dismissed = history[-1].event == "reopen_proposed"
    if verdicts[-1:] == ["worked"] and not dismissed:
        return
    effect = (verdicts[-1] if verdicts else None) or "unknown"
    said = "its cause is said to be back" if dismissed else f"its effect is {effect}"
    if not draft.reason:
        raise InputRefused(
            f"{said}: closing needs a reason", where=draft.action_id, todo="say why it may close"
        )
    if _person(draft.actor) == _person(_proposer(history)):
        raise InputRefused(
            f"{said}: {draft.actor} proposed this and may not close it alone",
            where=draft.action_id,
            todo="ask a second person",
        )


def _proposer(history: Sequence[Entry]) -> str:
    return [entry for entry in history if entry.event == "proposed"][-1].actor
