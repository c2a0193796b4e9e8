"""Group attribute: what the sessions of the window cannot answer, and the check that warns of it.

Belongs here: handing the window's sessions to the stage. Stays out: what a limit is
(attribute/limits/).
"""

from __future__ import annotations

import dagster as dg
import polars as pl

from cx_analytics.attribute.limits import count_data
from cx_analytics.attribute.limits import data_limits as judged
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import DATA_LIMITS, SESSIONS_TABLE
from cx_analytics.contracts.words import ARTEFACTS
from cx_analytics.defs.plan import window_of
from cx_analytics.defs.progress import tell
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import materialized, table_asset


@table_asset(DATA_LIMITS, group="attribute", deps=["sessions"])
def data_limits(house: House) -> dg.MaterializeResult[None]:
    tell("attribute", "limits")
    return materialized(DATA_LIMITS, house.write(DATA_LIMITS, limits_of(house)))


@dg.asset_check(asset=DATA_LIMITS.name, description="Metrics measure what they are named after.")
def measured(house: House) -> dg.AssetCheckResult:
    found = house.read(DATA_LIMITS).filter(pl.col("kind").is_in(ARTEFACTS))
    names = ", ".join(sorted(set(found["subject"])))
    return dg.AssetCheckResult(
        passed=found.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"artefacts": "\n".join(found["statement"]) or "none"},
        description=f"{names}: not what is measured (see data_limits)" if names else "As expected",
    )


def limits_of(house: House) -> pl.DataFrame:
    """The limits of the window that the causes rest on."""
    paths = house.parts.paths(SESSIONS_TABLE.name, window_of(house.workspace))
    if not paths:
        return frame_of([], DATA_LIMITS)
    house.engine.view("session", paths)
    settings = house.workspace.settings
    columns = list(house.engine.schema("SELECT * FROM session"))
    attributes = [one.name for one in settings.attributes_in(columns)]
    return judged(count_data(house.engine, attributes, settings.metrics_in(columns)))
