"""The code location: every definition, put together by one function with overrides.

`dagster … -m cx_analytics.definitions` loads `defs` below, for the workspace that the
environment variable CX_WORKSPACE names; `cx run` and tests call `build_definitions` themselves.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from cx_analytics.defs.assets import all_assets
from cx_analytics.defs.automation import JOBS, daily_schedule, landing_sensor
from cx_analytics.defs.checks import all_checks
from cx_analytics.defs.partitions import days_from
from cx_analytics.defs.plan import known_days
from cx_analytics.defs.resources import House
from cx_analytics.workspace import Workspace

WORKSPACE_VARIABLE = "CX_WORKSPACE"


def build_definitions(
    root: str | Path, *, resources: Mapping[str, Any] | None = None, locked: bool = True
) -> dg.Definitions:
    """The definitions of one workspace.

    Parameters
    ----------
    root : the workspace's folder.
    resources : take the place of resources of the same name (tests swap the house).
    locked : whether each run takes the workspace's lock itself.
    """
    workspace = Workspace.open(root)
    first = min(known_days(workspace), default=None)
    house = House(root=str(workspace.root), locked=locked)
    return dg.Definitions(
        assets=all_assets(days_from(first)),
        asset_checks=all_checks(),
        jobs=JOBS,
        schedules=[daily_schedule],
        sensors=[landing_sensor(str(workspace.root), first)],
        resources={"house": house, **(resources or {})},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of the workspace that CX_WORKSPACE names (default: this folder)."""
    return build_definitions(os.environ.get(WORKSPACE_VARIABLE, "."))
