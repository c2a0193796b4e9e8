"""Interventions in a planted world, as data: whom they reach from when, and what they change.

Belongs here: the shape of an intervention, the one that ends a planted cause, the feed `actions`.
Stays out: whom it finds in a world (aims.py), what people then carry and run (moves.py), and what
goes wrong with them (follow_up.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from cx_analytics.contracts.errors import InputRefused, did_you_mean
from cx_analytics.contracts.feeds import ACTIONS
from cx_analytics.contracts.words import label
from cx_analytics.simulate.causes import Plan, domain_of
from cx_analytics.simulate.visits import Setting

EVERYTHING = "*"
"""Stands for all causes, the background included."""

REACHES = {"customers": "customer_id", "units": "unit_id", "cells": "cell_id"}
"""Single ones that an intervention may reach, and the attribute that names them."""

VERSIONS = ("app_version", "firmware_version")
"""Attributes that an update changes."""

KIND_OF = {
    "device": "unit_replacement",
    "app": "app_update",
    "network": "cell_repair",
    "interaction": "firmware_update",
    "customer": "other",
}
"""The kind of action that usually ends a cause of each domain."""


@dataclass(frozen=True)
class Intervention:
    """Something done about faults, or believed to be.

    Parameters
    ----------
    action_id, kind, status : as in the feed `actions`
    effective_from : UTC, naive; sessions that start at or after it are reached
    conditions : a reached session meets them all (any attribute, `customer_id`, `unit_id`)
    reached : single ones with the time it reached each, as `{"customers": {"c-000001": time}}`
        (also `units`, `cells`); a reached session is then of one of them, and not before its time
    causes : ids of planted causes, `background`, or `EVERYTHING`: their hazard changes
    factor : by which it changes: 0 removes, 0.5 halves, 1 is useless, above 1 does harm
    versions : `app_version` or `firmware_version` that reached sessions run instead
    fresh_unit : whether each of the reached customers gets a unit of another lot
    against : the id that the platform gave the cause, for the feed only

    Who is reached is judged by what everyone would have used without any intervention.
    """

    action_id: str
    kind: str
    effective_from: datetime
    conditions: Mapping[str, str] = field(default_factory=dict)
    reached: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    factor: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    fresh_unit: bool = False
    against: str | None = None
    status: str = "done"


def repair(
    setting: Setting, plan: Plan, cause_id: str, at: datetime, *, factor: float = 0.0
) -> Intervention:
    """An intervention against one planted cause, reaching everyone who is under it."""
    planted = _conditions(setting, plan)
    if cause_id not in planted:
        raise InputRefused(f"no planted cause {cause_id!r}", todo=did_you_mean(cause_id, planted))
    conditions = planted[cause_id]
    return Intervention(
        action_id=f"fix-{cause_id}",
        kind=KIND_OF[domain_of(conditions)],
        effective_from=at,
        conditions=conditions,
        causes=(cause_id,),
        factor=factor,
    )


def actions_of(interventions: Sequence[Intervention]) -> pl.DataFrame:
    """The feed `actions`: a row an intervention, without what only the planted truth knows."""
    return pl.DataFrame(
        {
            "action_id": [one.action_id for one in interventions],
            "cause_id": [one.against for one in interventions],
            "conditions": [label(dict(one.conditions)) or None for one in interventions],
            "kind": [one.kind for one in interventions],
            "effective_from": [one.effective_from for one in interventions],
            "exposed": [_exposed(one) for one in interventions],
            "status": [one.status for one in interventions],
        },
        schema={
            name: pl.Datetime("us") if name == "effective_from" else pl.String
            for name in ACTIONS.names
        },
    )


def _exposed(one: Intervention) -> str | None:
    times = {
        whom: {name: f"{at.isoformat()}Z" for name, at in since.items()}
        for whom, since in one.reached.items()
    }
    return json.dumps(times) if times else None


def _conditions(setting: Setting, plan: Plan) -> dict[str, dict[str, str]]:
    texts = [cause.texts(setting) for cause in plan.shared]
    for group in plan.individuals:
        texts += [group.texts(number, setting) for number in range(len(group))]
    return dict(zip(plan.cause_ids, texts, strict=True))
