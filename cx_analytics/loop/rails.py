"""The guard rails at the moment of approval: who may approve what.

Belongs here: refusing an approval. Stays out: the order of events (ledger.py).
A person may go above the blast radius, but never alone and never without a reason. The product
itself may approve only within every rail, and only when that was switched on.
"""

from __future__ import annotations

from collections.abc import Sequence

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.contracts.settings import Rails
from cx_analytics.loop.entry import Entry, Proposal

AUTOMATIC = "automatic"
"""The actor that stands for the product itself: bound by every guard rail."""


def check_approval(
    history: Sequence[Entry], draft: Entry, rails: Rails, sample: int | None
) -> None:
    """The guard rails: a second person, and for the product itself all of them."""
    proposer = [entry for entry in history if entry.event == "proposed"][-1].actor
    wide = over_blast_radius(draft, rails)
    if draft.actor == AUTOMATIC:
        _automatic(draft, rails, sample, wide)
        return
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


def _automatic(draft: Entry, rails: Rails, sample: int | None, wide: bool) -> None:
    obstacles = {
        "automatic adjustment is switched off": not rails.automatic,
        "it is above the blast radius": wide,
        "the sample is too small": sample is None or sample < rails.minimum_units,
        "the cause is not sure enough": (draft.probability or 0.0) < rails.minimum_probability,
    }
    for obstacle, met in obstacles.items():
        if met:
            raise InputRefused(
                f"not without a person: {obstacle}", where=draft.action_id, todo="ask for approval"
            )
