"""How long each step of a workspace's runs took, from Dagster's own records.

Belongs here: reading the event log. Stays out: processor time and memory, which it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from cx_analytics.defs.assets import all_assets
from cx_analytics.defs.partitions import days_from

CHECKS = "quality"
"""Group of the steps that are checks of assets."""


@dataclass(frozen=True)
class StepTime:
    """A step that succeeded: its group of assets, and when it began and ended (s since 1970)."""

    group: str
    step: str
    began: float
    ended: float


def step_times(instance: dg.DagsterInstance) -> list[StepTime]:
    """The steps of all runs, in the order in which they ended; a step tried again counts once."""
    group_of = _groups()
    found = []
    for run in instance.get_runs():
        began: dict[str, float] = {}
        for entry in instance.all_logs(run.run_id):
            kind = entry.dagster_event.event_type if entry.dagster_event else None
            step = entry.step_key or ""
            if kind == dg.DagsterEventType.STEP_START:
                began[step] = entry.timestamp
            elif kind == dg.DagsterEventType.STEP_SUCCESS:
                group = group_of.get(step, CHECKS)
                found.append(StepTime(group, step, began[step], entry.timestamp))
    return sorted(found, key=lambda one: one.ended)


def _groups() -> dict[str, str]:
    """The group of each step that makes assets."""
    return {
        asset.op.name: next(iter(asset.group_names_by_key.values()))
        for asset in all_assets(days_from(None))
    }
