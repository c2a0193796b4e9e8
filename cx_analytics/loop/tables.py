"""The ledger and the actions feed as the tables that people query.

Belongs here: `action_ledger` and `actions`. Stays out: deciding (ledger.py), what actions did
(judge.py) and the watch on fixed causes (watch.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import ACTION_LEDGER, ACTIONS
from cx_analytics.loop.entry import Entry

RECORDED = ("effect_known", "reopen_proposed")
"""Events that say what became of an action, not what was decided."""


def ledger_table(entries: Sequence[Entry]) -> pl.DataFrame:
    """The table `action_ledger`: every entry, in order."""
    return frame_of((asdict(entry) for entry in entries), ACTION_LEDGER)


def actions_table(feed: pl.DataFrame | None, entries: Sequence[Entry]) -> pl.DataFrame:
    """The table `actions`: the feed's actions, and those that the ledger approved.

    An action of the ledger is effective from its first `in_effect` entry, or from its approval
    while there is none. A feed row with the same id (the factory's acknowledgement) wins: it
    says when the action really took effect.
    """
    acknowledged = frame_of(feed.iter_rows(named=True) if feed is not None else (), ACTIONS)
    known = set(acknowledged["action_id"])
    approved = [
        row
        for action_id in dict.fromkeys(entry.action_id for entry in entries)
        if action_id not in known and (row := _approved(entries, action_id)) is not None
    ]
    return pl.concat([acknowledged, frame_of(approved, ACTIONS)]).sort("action_id")


def _approved(entries: Sequence[Entry], action_id: str) -> dict[str, Any] | None:
    history = [entry for entry in entries if entry.action_id == action_id]
    since = [entry.at for entry in history if entry.event == "in_effect"] or [
        entry.at for entry in history if entry.event == "approved"
    ]
    if not since:
        return None
    # What the product only records about an action does not change where people put it.
    last = [entry for entry in history if entry.event not in RECORDED][-1]
    return {
        "action_id": action_id,
        "cause_id": last.cause_id,
        "conditions": last.subject,
        "kind": last.kind,
        "effective_from": since[0],
        "status": last.event,
    }
