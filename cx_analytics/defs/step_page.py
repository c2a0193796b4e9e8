"""Group publish: the map of production as a page, beside the warehouse."""

from __future__ import annotations

import dagster as dg

from cx_analytics.contracts.tables import STEP_MAP, STEP_TIMES
from cx_analytics.defs.metadata import plot
from cx_analytics.defs.plan import window_of
from cx_analytics.defs.progress import tell
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.engine.files import write_text
from cx_analytics.report.plots import svg_png
from cx_analytics.report.steps_map import map_svg, step_graph, steps_page

PAGE = "steps.html"


@dg.asset(
    group_name="publish",
    deps=["step_map", "step_times"],
    description="reports/steps.html: the map of production, to zoom, with a table of all "
    "transitions. Not there while there are no production events.",
    kinds={"html"},
    retry_policy=RETRY,
)
@refusing
def step_page(house: House) -> dg.MaterializeResult[None]:
    tell("publish", "step map")
    page = house.workspace.reports / PAGE
    text = page_of(house)
    if text is None:
        page.unlink(missing_ok=True)
        return dg.MaterializeResult(metadata={"page": "none: there are no production events"})
    write_text(page, text)
    return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(page)})


def page_of(house: House) -> str | None:
    """The page from the derived tables of the workspace; None without production events."""
    house.views({"step_times": STEP_TIMES}, house.parts)
    step_map = house.read(STEP_MAP)
    if step_map.is_empty():
        return None
    lead = house.duck.model("report/step_log").row(0, named=True)
    days = window_of(house.workspace)
    return steps_page(
        name=house.workspace.settings.name,
        as_of=lead["last_day"],
        snapshot=days[-1] if days else None,
        step_map=step_map,
        flow=house.duck.model("report/step_flow"),
        lead=lead,
    )


def picture(house: House) -> dict[str, dg.MetadataValue]:
    """The map as Dagster's UI shows it with the table step_map; nothing while it is empty."""
    house.views({"step_times": STEP_TIMES}, house.parts)
    step_map = house.read(STEP_MAP)
    if step_map.is_empty():
        return {}
    graph = step_graph(step_map, house.duck.model("report/step_flow"))
    drawn = svg_png(map_svg(graph, theme="light"), scale=1.0)
    return {"picture": plot(drawn, "map of production")}
