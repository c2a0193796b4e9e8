"""Holds: what the guard rails let us propose, and where each hold stands by the ledger.

Belongs here: the table `unit_holds`. Stays out: writing to the ledger (the loop does).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.ids import stable_id
from cx_analytics.contracts.settings import Rails
from cx_analytics.contracts.tables import UNIT_HOLDS
from cx_analytics.contracts.words import confidence_word
from cx_analytics.factory.genealogy import component_of, focus

HOLD = "lot_hold"
"""Kind of action that a hold is."""

PROPOSER = "cx"
"""Who proposes when nobody has written it into the ledger."""

_STATES = {
    "proposed": "proposed",
    "approved": "held",
    "in_effect": "held",
    "effect_known": "held",
    "reopened": "held",
    "released": "released",
    "closed": "released",
    "reopen_proposed": "released",
    "expired": "expired",
}
"""State of a hold after each event of the ledger; a rejected proposal is no hold."""


def hold_proposals(defects: pl.DataFrame, rails: Rails, *, at: datetime) -> pl.DataFrame:
    """Rows of `unit_holds` in state `proposed`: lots and component lots the rails allow.

    A defect qualifies when a disposition is recommended for it, its narrowest condition is a
    lot or a component's lot, at least `minimum_units` of its units are in the field and its
    probability reaches `minimum_probability`. A proposal binds nobody and ends by itself after
    `expires_after_days`. `units` is what the hold would touch: all units made.
    """
    rows = [
        _proposal(defect, rails, at)
        for defect in defects.iter_rows(named=True)
        if _allowed(defect, rails)
    ]
    return frame_of(rows, UNIT_HOLDS)


def _allowed(defect: Mapping[str, Any], rails: Rails) -> bool:
    narrowest = focus(defect["conditions"])
    part = component_of(narrowest)
    return (
        defect["recommended_disposition"] is not None
        and (narrowest == "lot" or (part is not None and part.column == "lot"))
        and (defect["units_in_field"] or 0) >= rails.minimum_units
        and defect["probability"] >= rails.minimum_probability
    )


def _proposal(defect: Mapping[str, Any], rails: Rails, at: datetime) -> dict[str, Any]:
    narrowest = focus(defect["conditions"])
    part = component_of(narrowest)
    subject = f"{narrowest}={defect['conditions'][narrowest]}"
    return {
        "lot": defect["conditions"][narrowest],
        "component": part.component if part else None,
        "state": "proposed",
        "reason": _reason(defect),
        "defect_id": defect["defect_id"],
        "set_by": PROPOSER,
        "set_at": at,
        "expires_at": at + timedelta(days=rails.expires_after_days),
        "units": defect["units_made"],
        "action_id": stable_id("a", HOLD, subject, defect["defect_id"]),
    }


def _reason(defect: Mapping[str, Any]) -> str:
    word = confidence_word(defect["probability"])
    ratio = defect["rate_ratio"]
    times = f"{ratio:.1f} times the faults of other units" if ratio is not None else "more faults"
    return f"{word}: {times}; {defect['units_failed']} of {defect['units_in_field']} units failed"


def holds(proposals: pl.DataFrame, ledger: pl.DataFrame, *, now: datetime) -> pl.DataFrame:
    """The table `unit_holds`: proposals of today merged with what the ledger says.

    The ledger wins: a hold that it knows stands as it says, one that is past its end is
    `expired`. A rejected proposal is shown no more, and neither a rejected nor a released one
    is proposed again by itself; an expired one is, beside its expired row.

    Parameters
    ----------
    proposals : rows of `hold_proposals`.
    ledger : the table `action_ledger`.
    now : the time against which ends are judged, UTC.
    """
    known = [_standing(entries, now) for entries in _by_action(ledger.iter_rows(named=True))]
    settled = {row["action_id"] for row in known if row["state"] != "expired"}
    fresh = [
        row | {"state": "expired" if row["expires_at"] <= now else "proposed"}
        for row in proposals.iter_rows(named=True)
        if row["action_id"] not in settled
    ]
    shown = [row for row in known if row["state"] is not None]
    return frame_of(sorted(shown + fresh, key=_order), UNIT_HOLDS)


def _order(row: Mapping[str, Any]) -> tuple[datetime, str, str]:
    return row["set_at"], row["action_id"], row["state"]


def _by_action(entries: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The entries of each hold, in the order of the ledger."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for entry in sorted(entries, key=lambda entry: entry["entry"]):
        grouped.setdefault(entry["action_id"], []).append(entry)
    return [entries for entries in grouped.values() if entries[0]["kind"] == HOLD]


def _standing(entries: list[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """The row of one hold; its state is None when it was rejected."""
    first, last = entries[0], entries[-1]
    state = _STATES.get(last["event"])
    ends = last["expires_at"]
    if state in ("proposed", "held") and ends is not None and ends <= now:
        state = "expired"
    attribute, _, value = (first["subject"] or "").partition("=")
    part = component_of(attribute)
    return {
        "unit_id": value if attribute == "unit_id" else None,
        "lot": value if attribute == "lot" or part else None,
        "component": part.component if part else None,
        "state": state,
        "reason": last["reason"] or first["reason"],
        "defect_id": first["defect_id"],
        "set_by": _setter(entries)["actor"],
        "set_at": _setter(entries)["at"],
        "expires_at": ends,
        "released_at": last["at"] if state == "released" else None,
        "units": first["units"],
        "action_id": first["action_id"],
    }


def _setter(entries: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The entry that set the hold: its last approval, or the proposal while there is none."""
    approvals = [entry for entry in entries if entry["event"] == "approved"]
    return approvals[-1] if approvals else entries[-1]
