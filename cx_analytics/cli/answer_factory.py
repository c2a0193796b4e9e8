"""The answers for the factory: one unit, one lot.

Belongs here: warehouse rows → sentences and tables. Stays out: SQL (sql/answers/), layout, the
steps of production (answer_steps.py).
No answer here shows a customer's identity: it must never reach the factory.
"""

from __future__ import annotations

from cx_analytics.cli.answer_defect import ages_sheet, defect_sentences
from cx_analytics.cli.phrases import confidence, counted, in_words
from cx_analytics.cli.reader import Reader, Row
from cx_analytics.cli.screen import Answer, Sheet, hours, number, percent, when

PARTS_SHOWN = 20
"""Parts of a unit: a lot with many cases brings as many; --json has all."""

HOW = {
    "aggregation": "packed into",
    "transformation": "consumed by",
    "component": "built into",
}
"""Words for case_genealogy.via."""

PEERS_SHOWN = 8
"""Lots beside the one asked for: enough to see the healthy ones, not a whole year of them."""


def unit(reader: Reader, unit_id: str) -> Answer:
    """Where a unit comes from, how it fares, and what threatens it; NotFound when unknown."""
    unit_id = reader.known_as("unit_id", unit_id)
    facts = reader.row("unit_facts", unit_id=unit_id)
    if not facts["known"]:
        raise reader.missing("unit", unit_id, "units", "unit_id")
    parts = reader.rows("unit_components", unit_id=unit_id)
    inside = reader.rows("unit_parts", unit_id=unit_id)
    reasons = reader.rows("reasons", {"who": "unit_id"}, id=unit_id)
    defects = reader.rows("unit_defects", unit_id=unit_id)
    holds = reader.rows("holds", unit_id=unit_id, lot=facts["lot"])
    sheets = (
        _parts_sheet(parts),
        _inside_sheet(inside, parts),
        _why_sheet(reasons),
        _threat_sheet(defects),
        _hold_sheet(holds),
    )
    data = {"unit_id": unit_id, "facts": facts, "components": parts, "parts": inside}
    return Answer(
        (_made_sentence(unit_id, facts), _used_sentence(facts), _threat_sentence(defects)),
        tuple(sheet for sheet in sheets if sheet.rows),
        data | {"reasons": reasons, "defects": defects, "holds": holds},
    )


def _made_sentence(unit_id: str, facts: Row) -> str:
    named = (("lot", "lot"), ("site", "site"), ("line", "line"))
    origin = ", ".join(f"{word} {facts[key]}" for key, word in named if facts[key])
    made = f", made {when(facts['produced_at'])}" if facts["produced_at"] else ""
    model = facts["device_model"] or "unknown model"
    return f"Unit {unit_id}: {model}, {origin or 'origin unknown'}{made}."


def _used_sentence(facts: Row) -> str:
    last = f", last used {when(facts['last_session_at'])}" if facts["sessions"] else ""
    return (
        f"In the field: {counted(facts['faults'], 'fault')} in "
        f"{counted(facts['sessions'], 'session')}{last}."
    )


def _threat_sentence(defects: list[Row]) -> str:
    if not defects:
        return "No known defect."
    worst = defects[0]
    return (
        f"Defect {worst['defect_id']} ({in_words(worst['label'])}, {_sure(worst)}): "
        f"{percent(worst['probability_90d'])} risk of a fault by it in 90 days; "
        f"disposition to set: {worst['recommended_disposition'] or 'none'}."
    )


def _sure(defect: Row) -> str:
    return confidence({"probability": defect["probability"]})


def _parts_sheet(parts: list[Row]) -> Sheet:
    cells = tuple(
        (
            row["component"],
            row["component_lot"],
            row["supplier"] or "-",
            row["component_serial"] or "-",
            row["station"] or "-",
        )
        for row in parts
    )
    return Sheet("Built in", ("component", "lot", "supplier", "serial", "station"), cells)


def _inside_sheet(inside: list[Row], parts: list[Row]) -> Sheet:
    """Parts with production of their own, or of which only production knows."""
    built_in = {row[key] for row in parts for key in ("component_lot", "component_serial")}
    told = [row for row in inside if row["steps"] or row["part_id"] not in built_in]
    cells = tuple(
        (
            row["part_id"],
            f"{HOW[row['via']]} {row['into_id']}",
            number(row["depth"]),
            number(row["steps"]),
            hours(row["work_s"]),
            hours(row["wait_s"]),
            when(row["made_to"]),
        )
        for row in told[:PARTS_SHOWN]
    )
    more = len(told) - len(cells)
    title = "What went into it" + (f" (the first {len(cells)} of {len(told):,})" if more else "")
    columns = ("part", "how", "links", "steps", "work", "waiting", "made until")
    return Sheet(title, columns, cells)


def _why_sheet(reasons: list[Row]) -> Sheet:
    cells = tuple(
        (in_words(row["label"]), percent(row["share"]), confidence(row)) for row in reasons
    )
    return Sheet("Why it met faults", ("cause", "share of faults", "sure"), cells)


def _threat_sheet(defects: list[Row]) -> Sheet:
    cells = tuple(
        (
            row["defect_id"],
            in_words(row["label"]),
            percent(row["probability_90d"]),
            f"{percent(row['low'])} to {percent(row['high'])}",
            number(row["rank"]),
        )
        for row in defects
    )
    columns = ("defect", "what", "risk in 90 days", "90 % interval", "rank among units")
    return Sheet("Defects", columns, cells)


def _hold_sheet(holds: list[Row]) -> Sheet:
    cells = tuple(
        (
            row["unit_id"] or f"lot {row['lot']}",
            row["state"],
            row["reason"] or "-",
            row["set_by"] or "-",
            when(row["set_at"]),
            when(row["expires_at"], "open"),
        )
        for row in holds
    )
    return Sheet("Holds", ("on", "state", "why", "set by", "since", "until"), cells)


def lot(reader: Reader, lot_id: str, *, list_units: bool = False) -> Answer:
    """How a production or component lot fares beside its peers; NotFound when unknown."""
    members = reader.rows("lot_units", lot=lot_id)
    if not members:
        table, column = _lot_column(reader)
        raise reader.missing("lot", lot_id, table, column)
    peers = reader.rows("lot_peers", lot=lot_id)
    defects = reader.rows("lot_defects", lot=lot_id)
    holds = reader.rows("holds", unit_id=None, lot=lot_id)
    worst = defects[0]["defect_id"] if defects else None
    ages = reader.rows("defect_ages", defect_id=worst)
    sheets = [_defect_sheet(defects), ages_sheet(ages), _peer_sheet(peers, lot_id)]
    sheets.append(_hold_sheet(holds))
    if list_units:
        sheets.append(_unit_sheet(members))
    data = {"lot": lot_id, "defects": defects, "peers": peers, "holds": holds, "units": members}
    return Answer(
        (_lot_sentence(lot_id, members), *_defect_sentences(reader, defects)),
        tuple(sheet for sheet in sheets if sheet.rows),
        data | {"ages": ages},
    )


def _lot_column(reader: Reader) -> tuple[str, str]:
    """Where to look for a lot of that spelling: component lots only when no unit has a lot."""
    has_lots = reader.rows("nearest", {"relation": "units", "column": "lot"}, given="")
    return ("units", "lot") if has_lots else ("components", "component_lot")


def _lot_sentence(lot_id: str, members: list[Row]) -> str:
    roles = sorted({_role(row) for row in members})
    units = len({row["unit_id"] for row in members})
    models = sorted({row["device_model"] for row in members if row["device_model"]})
    in_service = sum(1 for row in members if row["in_service_at"])
    return (
        f"Lot {lot_id}: {' and '.join(roles)}, in {counted(units, 'unit')} "
        f"({', '.join(models) or 'model unknown'}), {in_service:,} in service."
    )


def _role(member: Row) -> str:
    if member["role"] == "production":
        return "production lot"
    supplier = f" by {member['supplier']}" if member["supplier"] else ""
    return f"{member['component']} lot{supplier}"


def _defect_sentences(reader: Reader, defects: list[Row]) -> list[str]:
    if not defects:
        return ["No defect names this lot."]
    coverage, capture = reader.row("forecast_coverage"), reader.row("risk_capture")
    return defect_sentences(defects[0], coverage, capture)


def _defect_sheet(defects: list[Row]) -> Sheet:
    cells = tuple(
        (
            row["defect_id"],
            in_words(row["label"]),
            number(row["units_made"]),
            number(row["units_in_field"]),
            number(row["units_failed"]),
            number(row["excess_faults"]),
            percent(row["probability"]),
        )
        for row in defects
    )
    columns = ("defect", "what", "made", "in field", "failed", "excess faults", "sure")
    return Sheet("Defects", columns, cells)


def _peer_sheet(peers: list[Row], lot_id: str) -> Sheet:
    shown = [row for row in peers if row["lot"] == lot_id]
    shown += [row for row in peers if row["lot"] != lot_id][:PEERS_SHOWN]
    cells = tuple(
        (
            row["lot"],
            row["component"] or "whole unit",
            number(row["units"]),
            number(row["units_failed"]),
            number(row["sessions"]),
            number(row["faults_per_1000"], 1),
        )
        for row in shown
    )
    columns = ("lot", "of", "units", "with faults", "sessions", "faults per 1,000 sessions")
    title = f"This lot and the {len(shown) - 1} worst beside it (raw rates)"
    return Sheet(title if len(shown) > 1 else "This lot (raw rates)", columns, cells)


def _unit_sheet(members: list[Row]) -> Sheet:
    cells = tuple(
        (
            row["unit_id"],
            row["device_model"] or "-",
            row["lot"] or "-",
            row["line"] or "-",
            when(row["in_service_at"]),
            row["disposition"] or "-",
        )
        for row in members
    )
    return Sheet("Units", ("unit", "model", "lot", "line", "in service", "disposition"), cells)
