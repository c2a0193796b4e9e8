"""Production as an object-centric event log (OCEL 2.0, JSON), for process-mining tools.

Belongs here: the format's shape, and which of our rows become which of its objects. Stays out:
reading tables, files.

An event is a step of a case; it happens to the case and, where they are known, to its unit and lot,
at a resource. Times are UTC; an object's attributes hold since its first event. No person, customer
or position is in it: a resource that is a person is left out, its operator group is not.

Berti, Koren, Adams, Park, Knopp, Graves, Rafiei, Liß, Tacke genannt Unterberg, Zhang, Schwanen,
Pegoraro and van der Aalst: OCEL (Object-Centric Event Log) 2.0 Specification, 2024.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

Attributes = Mapping[str, str]
"""Name → type of the format: string, time, integer, float, boolean."""

OBJECTS: Mapping[str, Attributes] = {
    "case": {"product": "string"},
    "unit": {},
    "lot": {},
    "component_lot": {},
    "resource": {},
    "operator_group": {},
}
"""Types of objects with their attributes."""

EVENT: Attributes = {
    "ended_at": "time",
    "position": "integer",
    "work_s": "float",
    "wait_s": "float",
    "wait_cause": "string",
    "rework": "boolean",
    "line": "string",
    "quantity_completed": "float",
    "quantity_rejected": "float",
}
"""Attributes of every type of event; what is null or no number is left out."""

RELATIONS: Mapping[str, tuple[str, str]] = {
    "case_id": ("case", "works on"),
    "unit_id": ("unit", "works on the unit"),
    "lot": ("lot", "works on the lot"),
    "machine": ("resource", "is done at"),
    "operator_group": ("operator_group", "is done by"),
}
"""Columns that name an object of an event, with its type and the qualifier of the relation."""

COLUMNS = ("step", "started_at", "case_id", "unit_id", "lot", "resource", "product", *EVENT)
"""What is read of step_times."""


def ocel_json(steps: pl.DataFrame, places: pl.DataFrame, parts: pl.DataFrame) -> Iterator[str]:
    """The log as pieces of one JSON text.

    Parameters
    ----------
    steps : rows of step_times (COLUMNS).
    places : resource, machine, operator_group: what may be said of a resource; a person has no
        machine.
    parts : unit_id, component, component_lot: what was built into units; those of units that are
        in the log are told.
    """
    rows = steps.select(COLUMNS).join(places, on="resource", how="left").drop("resource")
    ordered = rows.sort("started_at", "ended_at", "case_id", "position", "step")
    yield '{"objectTypes":' + _text([_type(name, each) for name, each in OBJECTS.items()])
    names = ordered["step"].unique().sort()
    yield ',\n"eventTypes":' + _text([_type(name, EVENT) for name in names])
    yield ',\n"objects":['
    yield from _joined(_objects(ordered, parts))
    yield '],\n"events":['
    yield from _joined(_events(ordered))
    yield "]}\n"


def _joined(each: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    for number, one in enumerate(each):
        yield ("," if number else "") + "\n" + _text(one)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _type(name: str, attributes: Attributes) -> dict[str, Any]:
    told = [{"name": name, "type": kind} for name, kind in attributes.items()]
    return {"name": name, "attributes": told}


def _id(kind: str, name: str) -> str:
    """An id that no object of another type has: a unit may be called as its case is."""
    return f"{kind}:{name}"


def _relation(kind: str, name: str, qualifier: str) -> dict[str, str]:
    return {"objectId": _id(kind, name), "qualifier": qualifier}


def _objects(steps: pl.DataFrame, parts: pl.DataFrame) -> Iterator[dict[str, Any]]:
    yield from _cases(steps)
    known = steps["unit_id"].drop_nulls().unique()
    built = parts.filter(pl.col("unit_id").is_in(known.implode())).sort(
        "unit_id", "component", "component_lot"
    )
    into = built.group_by("unit_id", maintain_order=True).agg("component", "component_lot")
    of = {row[0]: list(zip(row[1], row[2], strict=True)) for row in into.iter_rows()}
    for unit in known.sort():
        built_in = [
            _relation("component_lot", lot, f"holds {component}")
            for component, lot in of.get(unit, ())
        ]
        yield _object("unit", unit, built_in)
    for lot in built["component_lot"].unique().sort():
        yield _object("component_lot", lot)
    for column in ("lot", "machine", "operator_group"):
        for name in steps[column].drop_nulls().unique().sort():
            yield _object(RELATIONS[column][0], name)


def _cases(steps: pl.DataFrame) -> Iterator[dict[str, Any]]:
    cases = steps.group_by("case_id").agg(
        pl.col("started_at", "product").drop_nulls().first(),
        *(pl.col(name).drop_nulls().unique().sort() for name in ("unit_id", "lot")),
    )
    for row in cases.sort("case_id").iter_rows(named=True):
        related = [_relation("unit", unit, "is or holds") for unit in row["unit_id"]]
        related += [_relation("lot", lot, "belongs to") for lot in row["lot"]]
        since = {"time": _time(row["started_at"])}
        told = [{"name": "product", "value": row["product"]} | since] if row["product"] else []
        yield _object("case", row["case_id"], related, told)


def _object(
    kind: str,
    name: str,
    related: Sequence[Mapping[str, str]] = (),
    attributes: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    return {
        "id": _id(kind, name),
        "type": kind,
        "attributes": list(attributes),
        "relationships": list(related),
    }


def _events(steps: pl.DataFrame) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(steps.iter_rows(named=True), start=1):
        values = ((name, _value(row[name])) for name in EVENT)
        yield {
            "id": f"event:{number}",
            "type": row["step"],
            "time": _time(row["started_at"]),
            "attributes": [
                {"name": name, "value": value} for name, value in values if value is not None
            ],
            "relationships": [
                _relation(kind, row[column], qualifier)
                for column, (kind, qualifier) in RELATIONS.items()
                if row[column] is not None
            ],
        }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return _time(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _time(moment: datetime) -> str:
    return moment.isoformat() + "Z"
