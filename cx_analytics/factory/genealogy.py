"""Which causes are defects of the factory, and which units fall under them.

Belongs here: the rule that makes a cause a defect, its id, and its conditions as rows for SQL.
Stays out: numbers of a defect (defect_table.py) and the matching itself (sql/factory/).

The rule. A shared cause is a defect when the factory can find its units again:

- a production attribute is among its conditions (lot, site, line, hardware revision, a
  component's lot or supplier), whatever else is, or
- its conditions are the device model alone: a fault of the design.

A cause of firmware, operating system or app is none, nor is one of a model with a firmware: a
release repairs it. Nor is one that needs a place (a cell, its site or region): that is the
network's, and a place may not leave towards a factory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from cx_analytics.contracts.feeds import COMPONENT_COLUMNS
from cx_analytics.contracts.ids import stable_id

BODY = ("lot", "line", "hardware_revision", "site", "device_model")
"""Attributes of the unit itself, the narrowest first."""

PLACES = frozenset({"cell_id", "site_id", "region", "latitude", "longitude"})

CONDITION_SCHEMA = pl.Schema(
    {
        "defect_id": pl.String(),
        "cause_id": pl.String(),
        "attribute": pl.String(),
        "value": pl.String(),
        "conditions": pl.Int64(),
        "focus": pl.Boolean(),
        "valid_from": pl.Datetime("us"),
        "valid_to": pl.Datetime("us"),
    }
)


@dataclass(frozen=True)
class ComponentAttribute:
    """An attribute such as `modem_lot`, taken apart."""

    component: str
    column: str


def component_of(attribute: str) -> ComponentAttribute | None:
    """The component that an attribute speaks of, or None.

    >>> component_of("modem_lot")
    ComponentAttribute(component='modem', column='lot')
    >>> component_of("lot") is None
    True
    """
    component, _, column = attribute.rpartition("_")
    return (
        ComponentAttribute(component, column) if component and column in COMPONENT_COLUMNS else None
    )


def is_genealogy(attribute: str) -> bool:
    """Whether units can be found by this attribute."""
    return attribute in BODY or component_of(attribute) is not None


def is_defect(kind: str, conditions: Iterable[str]) -> bool:
    """Whether a cause of this kind with these condition keys is a defect of the factory.

    >>> is_defect("shared", ["lot"]), is_defect("shared", ["firmware_version"])
    (True, False)
    >>> is_defect("shared", ["device_model"]), is_defect("shared", ["app_version", "device_model"])
    (True, False)
    >>> is_defect("shared", ["cell_id", "lot"]), is_defect("individual", ["unit_id"])
    (False, False)
    """
    keys = set(conditions)
    if kind != "shared" or keys & PLACES:
        return False
    produced = any(is_genealogy(key) and key != "device_model" for key in keys)
    return produced or keys == {"device_model"}


def genealogy(conditions: Mapping[str, str]) -> dict[str, str]:
    """The conditions by which units are found, in alphabetical order of their keys."""
    return {key: conditions[key] for key in sorted(conditions) if is_genealogy(key)}


def focus(conditions: Mapping[str, str]) -> str:
    """The narrowest attribute of a defect: what a hold would act on.

    A component's lot comes before the lot of the units, that before line, hardware revision,
    a component's supplier, site and model.

    >>> focus({"device_model": "X", "lot": "L1"})
    'lot'
    >>> focus({"modem_supplier": "S", "site": "A"})
    'modem_supplier'
    """
    return min(genealogy(conditions), key=lambda key: (_breadth(key), key))


def _breadth(attribute: str) -> int:
    part = component_of(attribute)
    if part is not None:
        return 0 if part.column == "lot" else 4
    return {"lot": 1, "line": 2, "hardware_revision": 3, "site": 5, "device_model": 6}[attribute]


def defect_id(cause_id: str) -> str:
    """The id of the defect behind a cause: as stable as the cause's own."""
    return stable_id("d", cause_id)


def defect_causes(causes: pl.DataFrame) -> list[dict[str, Any]]:
    """The causes that are defects, as rows, in the order of their ids."""
    rows = causes.sort("cause_id").iter_rows(named=True)
    return [row for row in rows if is_defect(row["kind"], row["conditions"])]


def defect_conditions(causes: pl.DataFrame) -> pl.DataFrame:
    """One row a genealogy condition of each defect: the table `defect_condition` of the models.

    `conditions` is how many of them a unit must meet; `focus` marks the narrowest.
    """
    rows = []
    for cause in defect_causes(causes):
        found = genealogy(cause["conditions"])
        narrowest = focus(found)
        rows += [
            {
                "defect_id": defect_id(cause["cause_id"]),
                "cause_id": cause["cause_id"],
                "attribute": key,
                "value": value,
                "conditions": len(found),
                "focus": key == narrowest,
                "valid_from": cause["valid_from"],
                "valid_to": cause["valid_to"],
            }
            for key, value in found.items()
        ]
    return pl.DataFrame(rows, schema=CONDITION_SCHEMA)


def is_open(valid_to: datetime | None, until: datetime) -> bool:
    """Whether a cause still acts at the end of the window."""
    return valid_to is None or valid_to > until
