"""The answer for the supply chain: where production works and waits, and why.

Belongs here: warehouse rows → sentences and tables. Stays out: SQL (sql/answers/), layout.
"""

from __future__ import annotations

from cx_analytics.cli.answer_waste import waste
from cx_analytics.cli.phrases import counted
from cx_analytics.cli.reader import Reader, Row
from cx_analytics.cli.screen import Answer, Sheet, hours, number, percent
from cx_analytics.contracts.tables.supply import WAIT_PARTS

RESOURCES_SHOWN = 10
"""Reasons of waiting that are printed; all of them are in --json."""


def steps(reader: Reader, step: str | None) -> Answer:
    """Where production works and waits, and why; NotFound for an unknown step."""
    transitions = reader.rows("steps", step=step)
    if step is not None and not transitions:
        raise reader.missing("step", step, "step_map", "to_step")
    waits = reader.rows("step_waits", step=step)
    parts = reader.row("wait_parts", step=step)
    lead = reader.row("lead_time")
    data = {"step": step, "lead_time": lead, "transitions": transitions, "waits": waits}
    data["wait_parts"] = parts
    wasted, waste_sheets = waste(reader, step)
    data |= wasted
    sheets = (_transition_sheet(transitions), _part_sheet(parts), _wait_sheet(waits), *waste_sheets)
    return Answer((_lead_sentence(lead),), tuple(sheet for sheet in sheets if sheet.rows), data)


def _lead_sentence(lead: Row) -> str:
    if not lead["cases"]:
        return "There are no production events yet: put files into landing/production_events."
    cases = lead["cases"]
    idle = lead["wait_s"] / lead["span_s"] if lead["span_s"] else None
    flagged = f" Odd times: {lead['flagged']:,}." if lead["flagged"] else ""
    return (
        f"{counted(cases, 'case')}: {hours(lead['span_s'] / cases)} from end to end on average, "
        f"{percent(idle)} of it waiting.{flagged}"
    )


def _transition_sheet(transitions: list[Row]) -> Sheet:
    cells = tuple(
        (
            row["from_step"] or "(start)",
            row["to_step"],
            number(row["cases"]),
            hours(row["wait_s"]),
            hours(row["work_s"]),
            percent(row["idle_share"]),
            number(row["rework"]),
            number(row["scrap"]),
            number(row["scrap_made"]),
            number(row["field_faults"]),
        )
        for row in transitions
    )
    columns = (
        "from",
        "to",
        "cases",
        "wait",
        "work",
        "idle",
        "rework",
        "scrap",
        "made",
        "field faults",
    )
    return Sheet("Transitions, all cases together, longest waits first", columns, cells)


def _part_sheet(parts: Row) -> Sheet:
    """What all waits are made of, the largest part first; a part that is nothing is left out."""
    sums = {cause: parts[f"{cause}_s"] or 0.0 for cause, _ in WAIT_PARTS}
    whole = sum(sums.values())
    cells = tuple(
        (cause, hours(seconds), percent(seconds / whole))
        for cause, seconds in sorted(sums.items(), key=lambda one: -one[1])
        if seconds
    )
    return Sheet("What the waiting is made of", ("cause", "wait", "share"), cells)


def _wait_sheet(waits: list[Row]) -> Sheet:
    cells = tuple(
        (
            row["wait_cause"] or "-",
            row["resource"] or "-",
            number(row["times"]),
            hours(row["wait_s"]),
            hours(row["work_s"]),
            number(row["flagged"]),
        )
        for row in waits[:RESOURCES_SHOWN]
    )
    columns = ("wait cause", "resource", "times", "wait", "work", "odd times")
    return Sheet("Where cases wait, by the main cause of each wait", columns, cells)
