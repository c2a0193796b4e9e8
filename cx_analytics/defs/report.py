"""Group publish: the page of a run, beside the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg
import polars as pl

from cx_analytics.contracts.tables import (
    CAUSES,
    DATA_LIMITS,
    DEFECTS,
    RUNS,
    STEP_MAP,
)
from cx_analytics.defs.attribution import faults_of_days
from cx_analytics.defs.care import experience_of_days
from cx_analytics.defs.plan import window_of
from cx_analytics.defs.progress import tell
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.defs.step_page import PAGE
from cx_analytics.engine.files import write_text
from cx_analytics.ingest import runs_files
from cx_analytics.report import (
    Picture,
    causes_forest,
    experience_over_time,
    faults_by_day,
    png,
    summary_page,
)


@dg.asset(
    group_name="publish",
    deps=["causes", "fault_causes", "customer_experience", "defects", "data_limits", "step_map"],
    description="reports/index.html: one self-contained page of what the last run found.",
    kinds={"html"},
    retry_policy=RETRY,
)
@refusing
def report(house: House) -> dg.MaterializeResult[None]:
    tell("publish", "report")
    page = house.workspace.reports / "index.html"
    write_text(page, page_of(house))
    return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(page)})


def page_of(house: House) -> str:
    """The page from the derived tables of the workspace."""
    house.view("runs", runs_files(house.workspace.root), RUNS)
    causes = house.read(CAUSES)
    days = window_of(house.workspace)
    return summary_page(
        name=house.workspace.settings.name,
        as_of=days[-1] if days else None,
        intake=house.duck.model("report/rows_taken_in"),
        causes=causes,
        defects=house.read(DEFECTS),
        limits=house.read(DATA_LIMITS),
        pictures=pictures(house, causes),
        links=_links(house),
    )


def _links(house: House) -> dict[str, str]:
    made = {} if house.read(STEP_MAP).is_empty() else {"Map of production": PAGE}
    return {"Quality of the data": "quality/index.html", **made}


def pictures(house: House, causes: pl.DataFrame) -> list[Picture]:
    """Faults by cause, causes with their intervals, experience over time."""
    shared = causes.filter(pl.col("kind") == "shared")
    by_day, experience = faults_of_days(house), experience_of_days(house)
    drawn: list[tuple[str, Callable[..., dict[str, Any]], pl.DataFrame]] = [
        ("Faults by day and cause", faults_by_day, by_day),
        ("Rate ratio of each cause", causes_forest, shared),
        ("Experience of all customers", experience_over_time, experience),
    ]
    return [
        Picture(words, *(png(draw(frame, theme=theme), scale=2) for theme in ("light", "dark")))
        for words, draw, frame in drawn
        if frame.height
    ]
