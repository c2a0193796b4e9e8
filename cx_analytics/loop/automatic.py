"""Acting by itself, within the guard rails: what is proposed, and what may be approved.

Belongs here: pure functions. Stays out: the rails themselves (rails.py), writing (defs).

Switched off, nothing is written: proposals stand in `action_proposals`, for people. Switched on,
what lies within every rail is proposed and approved in the name of AUTOMATIC, and ends by itself;
in a dry run it is proposed only, saying so. What people rejected or took back is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.contracts.settings import Rails
from cx_analytics.loop.entry import Entry, Proposal
from cx_analytics.loop.ledger import decide, propose, state
from cx_analytics.loop.rails import AUTOMATIC, obstacle

DRY_RUN = "dry run, nothing is approved"


def automatic_entry(
    entries: Sequence[Entry],
    proposals: Iterable[tuple[Proposal, int | None]],
    rails: Rails,
    now: datetime,
) -> Entry | None:
    """The next entry that the product makes by itself, or None; append it and ask again.

    `proposals` come with the units that each claim rests on.
    """
    if not rails.automatic:
        return None
    for proposal, sample in proposals:
        if obstacle(proposal, replace(rails, dry_run=False), sample) is None:
            entry = _next(entries, proposal, sample, rails, now)
            if entry is not None:
                return entry
    return None


def _next(
    entries: Sequence[Entry],
    proposal: Proposal,
    sample: int | None,
    rails: Rails,
    now: datetime,
) -> Entry | None:
    stands = state(entries, proposal.action_id, now)
    if stands in (None, "expired"):
        said = f"{DRY_RUN}: {proposal.reason}" if rails.dry_run else proposal.reason
        return propose(
            entries, replace(proposal, reason=said), actor=AUTOMATIC, at=now, rails=rails
        )
    history = [entry for entry in entries if entry.action_id == proposal.action_id]
    if stands != "proposed" or history[-1].actor != AUTOMATIC or rails.dry_run:
        return None
    try:
        return decide(
            entries,
            proposal.action_id,
            "approved",
            actor=AUTOMATIC,
            at=now,
            rails=rails,
            reason=f"within the guard rails: {proposal.reason}",
            sample=sample,
        )
    except InputRefused:
        # What was proposed then touched more than it does now: a person decides.
        return None
