"""`cx steps --html`: the map of production as a page in a file.

Belongs here: warehouse rows → what the page shows, and the file. Stays out: HTML
(report/steps_map).
"""

from __future__ import annotations

from pathlib import Path

from cx_analytics.cli import page_file
from cx_analytics.cli.reader import Reader
from cx_analytics.engine.models import load
from cx_analytics.report.steps_map import steps_page


def write(reader: Reader, target: Path) -> None:
    """Write the page in one piece; InputRefused where that cannot be."""
    page_file.check(target)
    step_map, flow, log = (
        reader.connection.sql(sql).pl()
        for sql in (
            "SELECT * FROM step_map",
            load("report/step_flow").sql,
            load("report/step_log").sql,
        )
    )
    lead, last = log.row(0, named=True), reader.row("coverage")["last_at"]
    page = steps_page(
        name=reader.workspace.settings.name,
        as_of=lead["last_day"],
        snapshot=last.date() if last else None,
        step_map=step_map,
        flow=flow,
        lead=lead,
    )
    page_file.write(target, page)
