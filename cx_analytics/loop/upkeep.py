"""What the ledger is owed by itself: what took effect, what it did, what came back.

Belongs here: pure functions from tables to the next entries. Stays out: writing them (defs), what
may follow what (ledger.py), and acting within the guard rails (automatic.py).

The product records, it does not decide: an effect that is known, an acknowledgement, and that a
closed action should be looked at again. Closing and reopening is for people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from cx_analytics.contracts.settings import Rails
from cx_analytics.loop.entry import Entry
from cx_analytics.loop.ledger import decide, state
from cx_analytics.loop.rails import AUTOMATIC
from cx_analytics.loop.reach import OF_THE_FUTURE, STOP
from cx_analytics.loop.verdicts import verdict_of_watch

_EFFECT_FOLLOWS = ("in_effect", "effect_known", "reopened")


@dataclass(frozen=True)
class Finding:
    """What is known of an action's effect: the verdict and the figures behind it."""

    verdict: str
    words: str


@dataclass(frozen=True)
class Due:
    """An entry that is due, but for who and when."""

    action_id: str
    event: str
    reason: str
    verdict: str | None = None


def findings(
    actions: pl.DataFrame,
    effects: pl.DataFrame,
    recurrences: pl.DataFrame,
    causes_history: pl.DataFrame,
) -> dict[str, Finding]:
    """What is known of each action by id.

    An action on units or releases still to come has no days before: whether it worked is told by
    the watch on its cause. Every other one is judged against those that it did not reach.
    """
    estimated = {row["action_id"]: row for row in effects.iter_rows(named=True)}
    watch = {row["cause_id"]: row for row in recurrences.iter_rows(named=True)}
    last = causes_history.sort("as_of").group_by("cause_id", maintain_order=True).last()
    ratios = dict(last.select("cause_id", "rate_ratio").iter_rows())
    return {
        row["action_id"]: finding(
            row["kind"],
            estimated.get(row["action_id"]),
            watch.get(row["cause_id"]),
            ratios.get(row["cause_id"]),
        )
        for row in actions.iter_rows(named=True)
    }


def finding(
    kind: str | None,
    effect: Mapping[str, Any] | None,
    watch: Mapping[str, Any] | None,
    rate_ratio: float | None,
) -> Finding:
    """What is known of one action, from its rows of `action_effects` and `recurrences`."""
    if kind in OF_THE_FUTURE:
        return _watched(watch, rate_ratio, "later releases" if kind == STOP else "units made since")
    if effect is None:
        return Finding("too_early", "nothing is estimated yet: 'cx run' does")
    words = str(effect["method"] or "")
    if effect["estimate"] is not None:
        interval = f"{effect['low']:.2f} to {effect['high']:.2f}"
        words = f"rate ratio {effect['estimate']:.2f} ({interval}), {words}"
    return Finding(effect["verdict"], words)


def _watched(watch: Mapping[str, Any] | None, rate_ratio: float | None, whose: str) -> Finding:
    if watch is None:
        return Finding("too_early", f"its cause is not watched on {whose}")
    expected = watch["expected_faults"] or 0.0
    words = f"{watch['faults']} faults of {whose}, {expected:.1f} expected without the cause"
    if watch["alarmed_at"] is not None:
        return Finding("did_not", f"{words}; came back by {watch['alarmed_at']:%Y-%m-%d}")
    return Finding(verdict_of_watch(rate_ratio, expected, watch["faults"]), words)


def owed(
    entries: Sequence[Entry],
    known: Mapping[str, Finding],
    recurrences: pl.DataFrame,
    acknowledged: Mapping[str, datetime],
    *,
    now: datetime,
    rails: Rails,
    evidence: str,
) -> Entry | None:
    """The next entry that the product writes by itself, or None; append it and ask again.

    Parameters
    ----------
    entries : the ledger.
    known : what `findings` gives.
    recurrences : the table.
    acknowledged : since when an action is in effect, by id, as the actions feed says.
    now : the clock, UTC.
    evidence : the snapshot that all this rests on.
    """
    one = due(entries, known, recurrences, acknowledged, now)
    if one is None:
        return None
    return decide(
        entries,
        one.action_id,
        one.event,
        actor=AUTOMATIC,
        at=now,
        rails=rails,
        reason=one.reason,
        evidence=evidence,
        verdict=one.verdict,
    )


def due(
    entries: Sequence[Entry],
    known: Mapping[str, Finding],
    recurrences: pl.DataFrame,
    acknowledged: Mapping[str, datetime],
    now: datetime,
) -> Due | None:
    """What the ledger is owed next, or None."""
    alarms = dict(recurrences.drop_nulls("alarmed_at").select("cause_id", "alarmed_at").iter_rows())
    for action_id in dict.fromkeys(entry.action_id for entry in entries):
        history = [entry for entry in entries if entry.action_id == action_id]
        since, found = acknowledged.get(action_id), known.get(action_id)
        alarmed = alarms.get(history[-1].cause_id)
        one = _due(history, since, found, alarmed, state(entries, action_id, now), now)
        if one is not None:
            return one
    return None


def _due(
    history: Sequence[Entry],
    since: datetime | None,
    found: Finding | None,
    alarmed: datetime | None,
    stands: str | None,
    now: datetime,
) -> Due | None:
    last = history[-1]
    if stands == "approved" and since is not None and since <= now:
        return Due(last.action_id, "in_effect", f"acknowledged: since {since:%Y-%m-%d %H:%M}")
    if stands in _EFFECT_FOLLOWS and found and found.verdict not in ("too_early", last.verdict):
        return Due(last.action_id, "effect_known", found.words, found.verdict)
    reason = f"{last.cause_id} came back by {alarmed:%Y-%m-%d}" if alarmed else None
    if stands == "closed" and reason and all(one.reason != reason for one in history):
        return Due(last.action_id, "reopen_proposed", reason)
    return None
