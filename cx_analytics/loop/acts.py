"""An action as its effect is estimated: its row, joined with what is known of its cause.

Belongs here: reading rows of `actions` and `causes_history`. Stays out: sessions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from cx_analytics.contracts.words import conditions_of, label
from cx_analytics.loop.reach import Reached, reached_of

NEAR = timedelta(days=3)
"""How much earlier than an action the end of its cause may be told."""

INCIDENT = timedelta(days=3)
"""Longest window of a cause that is taken for an incident."""

LEAST_SHARE = 0.5
"""Share of a fault from which on it is an incident's."""


@dataclass(frozen=True)
class Act:
    """An action against a cause, where one is known; times are naive UTC.

    `onset`, `first_reported_on` and `excess` (share of the faults under it that it explains) are
    those of the cause. `reached` is the sender's list.
    """

    action_id: str
    kind: str
    effective_from: datetime
    conditions: Mapping[str, str] = field(default_factory=dict)
    reached: tuple[Reached, ...] = ()
    cause_id: str | None = None
    onset: datetime | None = None
    first_reported_on: date | None = None
    excess: float | None = None


def acts_of(actions: pl.DataFrame, causes_history: pl.DataFrame) -> list[Act]:
    """The actions of the table `actions`, in its order, each with its cause.

    The cause is that of `cause_id`, else the one with exactly the action's conditions that acted
    when the action began (its end may be told some days early). An id that no history knows is
    kept, but tells nothing.
    """
    causes = _last(causes_history).sort("as_of", "cause_id", descending=[True, False]).to_dicts()
    return [_act(row, causes) for row in actions.iter_rows(named=True)]


def incidents_of(causes_history: pl.DataFrame, cause_id: str | None) -> pl.DataFrame:
    """Causes that came and went within INCIDENT, but for the one given: the column cause_id.

    Their faults on some day before or after an action have nothing to do with it.
    """
    length = pl.col("valid_to") - pl.col("valid_from")
    short = _last(causes_history).filter(
        (length <= INCIDENT) & (pl.col("cause_id") != pl.lit(cause_id or ""))
    )
    return short.select("cause_id").sort("cause_id")


def touched_by(
    acts: Iterable[Act], act: Act, subject: str, first: date, last: date
) -> frozenset[str]:
    """Values of a column that other actions reached between two days: they are no controls."""
    found: set[str] = set()
    for other in acts:
        if other.action_id != act.action_id and first <= other.effective_from.date() <= last:
            found |= {one.subject for one in other.reached if one.column in (subject, None)}
            if not other.reached and subject in other.conditions:
                found.add(other.conditions[subject])
    return frozenset(found)


def _last(causes_history: pl.DataFrame) -> pl.DataFrame:
    return causes_history.sort("as_of").group_by("cause_id", maintain_order=True).last()


def _act(row: Mapping[str, Any], causes: list[dict[str, Any]]) -> Act:
    given = conditions_of(row["conditions"])
    cause = _cause(row, given, causes)
    conditions = given or (dict(cause["conditions"]) if cause else {})
    reached = reached_of(row["exposed"])
    unit = conditions.get("unit_id")
    if not reached and row["kind"] == "unit_replacement" and unit is not None:
        reached = [Reached("unit_id", unit, row["effective_from"])]
    return Act(
        action_id=row["action_id"],
        kind=row["kind"],
        effective_from=row["effective_from"],
        conditions=conditions,
        reached=tuple(reached),
        cause_id=cause["cause_id"] if cause else row["cause_id"],
        onset=cause["valid_from"] if cause else None,
        first_reported_on=cause["first_reported_on"] if cause else None,
        excess=_excess(cause) if cause else None,
    )


def _cause(
    row: Mapping[str, Any], given: dict[str, str], causes: list[dict[str, Any]]
) -> dict[str, Any] | None:
    if row["cause_id"]:
        return next((one for one in causes if one["cause_id"] == row["cause_id"]), None)
    same = [one for one in causes if given and one["label"] == label(given)]
    return next((one for one in same if _acted(one, row["effective_from"])), None)


def _acted(cause: Mapping[str, Any], at: datetime) -> bool:
    begins, ends = cause["valid_from"], cause["valid_to"]
    return (begins is None or begins < at) and (ends is None or ends >= at - NEAR)


def _excess(cause: Mapping[str, Any]) -> float | None:
    """Share of the faults under a cause that are more than expected without it."""
    if cause["expected_faults"] is None or not cause["faults"]:
        return None
    return min(max(1 - float(cause["expected_faults"]) / float(cause["faults"]), 0.0), 1.0)
