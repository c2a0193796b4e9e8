"""A proposed hold as B2MML: SyncMaterialLot with a lot of disposition `Restricted`.

Belongs here: the XML. Stays out: which lots (lots.py). ISA-95 has no message of
non-conformance: a lot on hold is a MaterialLot with a Status and a Disposition
(ANSI/ISA-95.00.02-2018, material lot; B2MML 7.1, B2MML-Material.xsd, MaterialLotType and
SyncMaterialLotType; ANSI/ISA-95.00.05-2018 for the verb Sync). What the standard has no element
for (case, expiry, probability) are MaterialLotProperty elements.

"The Business To Manufacturing Markup Language (B2MML) is used courtesy of MESA International."
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from cx_analytics.exchange.epcis import instant
from cx_analytics.exchange.gs1 import gtin14
from cx_analytics.exchange.lots import Lot, held_lots, others
from cx_analytics.exchange.safe import plain

XMLNS = "http://www.mesa.org/xml/B2MML"
RELEASE = "7.1"
STATUS, DISPOSITION = "HoldProposed", "Restricted"


def material_lots(
    defect: Mapping[str, Any], units: pl.DataFrame, *, at: datetime, expires_at: datetime
) -> bytes | None:
    """The document as UTF-8; None when there is no lot to hold.

    Parameters
    ----------
    defect : a row of `defects`.
    units : unit_id, gtin of its units.
    at, expires_at : time of the message and end of the proposal, naive UTC.
    """
    lots = held_lots(defect)
    if not lots:
        return None
    root = ET.Element("SyncMaterialLot", {"xmlns": XMLNS, "releaseID": RELEASE})
    area = ET.SubElement(root, "ApplicationArea")
    _text(ET.SubElement(area, "Sender"), "LogicalID", "cx-analytics")
    _text(area, "CreationDateTime", instant(at))
    _text(area, "BODID", _identity(defect, at))
    data = ET.SubElement(root, "DataArea")
    ET.SubElement(data, "Sync")
    for lot in lots:
        _lot(ET.SubElement(data, "MaterialLot"), lot, defect, units, expires_at)
    ET.indent(root, " ")
    text: str = ET.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _identity(defect: Mapping[str, Any], at: datetime) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{XMLNS}:{defect['defect_id']}:{instant(at)}"))


def _lot(
    node: ET.Element, lot: Lot, defect: Mapping[str, Any], units: pl.DataFrame, end: datetime
) -> None:
    """The children of a MaterialLot in the order of the schema's sequence."""
    _text(node, "ID", lot.lot)
    _text(node, "Description", f"Proposed hold: {lot.words} with more faults than others")
    if definition := _definition(lot, units):
        _text(node, "MaterialDefinitionID", definition)
    _text(node, "Status", STATUS)
    _text(node, "Disposition", DISPOSITION)
    for name, value in _properties(lot, defect, end):
        _property(node, name, value)


def _definition(lot: Lot, units: pl.DataFrame) -> str | None:
    """What the lot is a lot of: the component, or the GTIN when all units share one."""
    if lot.component:
        return lot.component
    items = units["gtin"].drop_nulls().unique()
    return gtin14(items[0]) if items.len() == 1 else None


def _properties(
    lot: Lot, defect: Mapping[str, Any], end: datetime
) -> list[tuple[str, str | int | float]]:
    values: list[tuple[str, Any]] = [
        ("CaseID", defect["defect_id"]),
        ("ProposedUntil", instant(end)),
        ("Probability", defect["probability"]),
        ("RateRatio", defect["rate_ratio"]),
        ("UnitsMade", defect["units_made"]),
        ("UnitsInField", defect["units_in_field"]),
        *((f"Only.{key}", value) for key, value in others(defect, lot).items()),
    ]
    return [(name, value) for name, value in values if value is not None]


def _property(node: ET.Element, name: str, value: str | int | float) -> None:
    """A MaterialLotProperty: its value as text, with the XML Schema type that reads it."""
    entry = ET.SubElement(node, "MaterialLotProperty")
    _text(entry, "ID", name)
    inner = ET.SubElement(entry, "Value")
    _text(inner, "ValueString", value if isinstance(value, str) else repr(value))
    kinds = {int: "integer", float: "double"}
    kind = "dateTime" if name == "ProposedUntil" else kinds.get(type(value), "string")
    _text(inner, "DataType", kind)


def _text(parent: ET.Element, name: str, text: str) -> None:
    """A child with text; control characters, which XML 1.0 cannot hold, become blanks."""
    ET.SubElement(parent, name).text = plain(text)
