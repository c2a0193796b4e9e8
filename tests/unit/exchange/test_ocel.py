"""The event log keeps the rules of OCEL 2.0, and names no person."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import jsonschema
import polars as pl

from cx_analytics.contracts.frames import schema_of
from cx_analytics.contracts.production import Supply
from cx_analytics.contracts.tables import STEP_TIMES
from cx_analytics.exchange.ocel import ocel_json
from cx_analytics.supply import places

KINDS = {"string": str, "float": (int, float), "integer": int, "boolean": bool, "time": str}


def _each(**properties: Any) -> dict[str, Any]:
    """A list of objects of which every property must be there and no other may."""
    item = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "array", "items": item | {"additionalProperties": False}}


TEXT = {"type": "string", "minLength": 1}
TIME = {"type": "string", "format": "date-time", "pattern": "Z$"}
VALUE = {"type": ["string", "number", "boolean"]}
TYPES = _each(name=TEXT, attributes=_each(name=TEXT, type={"enum": list(KINDS)}))
RELATED = _each(objectId=TEXT, qualifier=TEXT)
# The JSON form of OCEL 2.0 as its specification describes it (section 5.3), written down anew.
SCHEMA = {
    "type": "object",
    "required": ["objectTypes", "eventTypes", "objects", "events"],
    "additionalProperties": False,
    "properties": {
        "objectTypes": TYPES,
        "eventTypes": TYPES,
        "objects": _each(
            id=TEXT,
            type=TEXT,
            attributes=_each(name=TEXT, value=VALUE, time=TIME),
            relationships=RELATED,
        ),
        "events": _each(
            id=TEXT,
            type=TEXT,
            time=TIME,
            attributes=_each(name=TEXT, value=VALUE),
            relationships=RELATED,
        ),
    },
}


def demand_ocel(log: dict[str, Any]) -> None:
    """What the specification asks for: the shape, unique names, and nothing undeclared."""
    jsonschema.validate(log, SCHEMA, format_checker=jsonschema.FormatChecker())
    ids = [one["id"] for one in (*log["objects"], *log["events"])]
    assert len(ids) == len(set(ids))
    objects = {one["id"] for one in log["objects"]}
    for types, things in (("objectTypes", "objects"), ("eventTypes", "events")):
        declared = {one["name"]: one["attributes"] for one in log[types]}
        assert len(declared) == len(log[types])
        for one in log[things]:
            kinds = {each["name"]: each["type"] for each in declared[one["type"]]}
            for each in one["attributes"]:
                assert isinstance(each["value"], KINDS[kinds[each["name"]]])
            assert {each["objectId"] for each in one["relationships"]} <= objects


def a_log(rows: list[dict[str, Any]], supply: Supply, parts: list[tuple[str, str, str]]) -> Any:
    steps = pl.DataFrame(rows, schema=schema_of(STEP_TIMES))
    allowed = places(steps["resource"].drop_nulls(), supply)
    schema = dict.fromkeys(("unit_id", "component", "component_lot"), pl.String)
    built = pl.DataFrame(parts, schema=schema, orient="row")
    return json.loads("".join(ocel_json(steps, allowed, built)))


def a_step(case: str, position: int, hour: int, **more: Any) -> dict[str, Any]:
    return {
        "case_id": case,
        "position": position,
        "started_at": datetime(2026, 1, 1, hour),
        "ended_at": datetime(2026, 1, 1, hour, 30, 0, 250_000),
        "step": "cut",
        "work_s": 1800.25,
        "wait_s": 0.0,
        "wait_cause": "none",
        "rework": False,
        **more,
    }


ROWS = [
    a_step("C1", 1, 8, resource="saw", unit_id="C1", lot="L1", product="P"),
    a_step("C1", 2, 9, step='bore "x"', resource="Ada", unit_id="C1", lot="L1", product="P"),
    a_step("ü\n2", 1, 7, resource="Bob", quantity_completed=float("inf"), quantity_rejected=2.0),
    a_step("C3", 1, 10),
]
SUPPLY = Supply(people=("Bob",), operator_groups={"red": ("Ada",)})
PARTS = [("C1", "battery", "B-9"), ("C1", "modem", "M-1"), ("elsewhere", "modem", "M-2")]


def test_the_log_is_valid() -> None:
    log = a_log(ROWS, SUPPLY, PARTS)
    demand_ocel(log)
    assert [one["id"] for one in log["objects"]] == [
        "case:C1", "case:C3", "case:ü\n2", "unit:C1", "component_lot:B-9", "component_lot:M-1",
        "lot:L1", "resource:saw", "operator_group:red",
    ]  # fmt: skip
    assert [(one["type"], one["time"]) for one in log["events"]] == [
        ("cut", "2026-01-01T07:00:00Z"),
        ("cut", "2026-01-01T08:00:00Z"),
        ('bore "x"', "2026-01-01T09:00:00Z"),
        ("cut", "2026-01-01T10:00:00Z"),
    ]


def test_who_is_related_to_whom() -> None:
    log = a_log(ROWS, SUPPLY, PARTS)
    case, unit = (one for one in log["objects"] if one["id"] in ("case:C1", "unit:C1"))
    assert [tuple(one.values()) for one in case["relationships"]] == [
        ("unit:C1", "is or holds"),
        ("lot:L1", "belongs to"),
    ]
    assert case["attributes"] == [{"name": "product", "value": "P", "time": "2026-01-01T08:00:00Z"}]
    assert [tuple(one.values()) for one in unit["relationships"]] == [
        ("component_lot:B-9", "holds battery"),
        ("component_lot:M-1", "holds modem"),
    ]
    assert [tuple(one.values()) for one in log["events"][1]["relationships"]] == [
        ("case:C1", "works on"),
        ("unit:C1", "works on the unit"),
        ("lot:L1", "works on the lot"),
        ("resource:saw", "is done at"),
    ]


def test_no_person_is_named_and_no_number_is_infinite() -> None:
    log = a_log(ROWS, SUPPLY, PARTS)
    text = json.dumps(log)
    assert "Ada" not in text
    assert "Bob" not in text
    assert "operator_group:red" in text
    assert "M-2" not in text
    told = {one["name"]: one["value"] for one in log["events"][0]["attributes"]}
    assert told == {
        "ended_at": "2026-01-01T07:30:00.250000Z",
        "position": 1,
        "work_s": 1800.25,
        "wait_s": 0.0,
        "wait_cause": "none",
        "rework": False,
        "quantity_rejected": 2.0,
    }


def test_the_same_rows_in_another_order_are_the_same_log() -> None:
    assert a_log(ROWS, SUPPLY, PARTS) == a_log(ROWS[::-1], SUPPLY, PARTS[::-1])
