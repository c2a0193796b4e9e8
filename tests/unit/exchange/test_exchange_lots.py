"""Holds of lots: B2MML against MESA's schema, CFX as IPC-2591 has it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cx_analytics.exchange.b2mml import XMLNS, material_lots
from cx_analytics.exchange.cfx import block_request

AT, EXPIRES = datetime(2026, 2, 1), datetime(2026, 2, 15)
SCHEMAS = Path(__file__).resolve().parents[4] / "shared" / "data" / "b2mml_schema"
XSD = "{http://www.w3.org/2001/XMLSchema}"
UNITS = pl.DataFrame({"unit_id": ["U1", "U2"], "gtin": ["4006381333931", None]})


def defect(conditions: dict[str, str], disposition: str | None = "needs_replacement") -> Any:
    return {
        "defect_id": "d-0123456789",
        "conditions": conditions,
        "recommended_disposition": disposition,
        "probability": 0.97,
        "rate_ratio": None,
        "units_made": 9,
        "units_in_field": 8,
    }


def request(conditions: dict[str, str], disposition: str | None = "needs_replacement") -> Any:
    return block_request(defect(conditions, disposition), at=AT, expires_at=EXPIRES)


def lots(conditions: dict[str, str]) -> ET.Element:
    found = material_lots(defect(conditions), UNITS, at=AT, expires_at=EXPIRES)
    assert found is not None
    return ET.fromstring(found)


def test_a_station_is_asked_to_block_the_component_lot() -> None:
    told = request({"modem_lot": "M7", "device_model": "X"})
    assert told["MessageName"] == "CFX.Materials.Management.BlockMaterialsRequest"
    assert told["MessageBody"] == {
        "$type": "CFX.Materials.Management.BlockMaterialsRequest, CFX",
        "MaterialPackageIdentifiers": ["M7"],
        "Reason": "SuspectedProblem",
        "Comments": "Proposed by case d-0123456789 until 2026-02-15T00:00:00.000Z: lot of modem "
        "with more faults in the field than others, together with device_model X.",
    }
    assert told == request({"device_model": "X", "modem_lot": "M7"})
    assert told["UniqueID"] != request({"modem_lot": "M8"})["UniqueID"]


@pytest.mark.parametrize(
    ("conditions", "disposition"),
    [({"line": "3"}, "non_sellable_other"), ({"lot": "L1"}, None)],
)
def test_what_is_no_lot_or_no_proposal_blocks_nothing(
    conditions: dict[str, str], disposition: str | None
) -> None:
    given = defect(conditions, disposition)
    assert request(conditions, disposition) is None
    assert material_lots(given, UNITS, at=AT, expires_at=EXPIRES) is None


def test_a_lot_on_hold_is_restricted() -> None:
    (lot,) = lots({"lot": "L1", "hardware_revision": "B"}).iter(f"{{{XMLNS}}}MaterialLot")
    text = {child.tag.rpartition("}")[2]: child.text for child in lot}
    assert text["ID"] == "L1"
    assert text["MaterialDefinitionID"] == "04006381333931"
    assert (text["Status"], text["Disposition"]) == ("HoldProposed", "Restricted")
    named = {
        entry.findtext(f"{{{XMLNS}}}ID"): entry.findtext(f".//{{{XMLNS}}}ValueString")
        for entry in lot.iter(f"{{{XMLNS}}}MaterialLotProperty")
    }
    assert named["CaseID"] == "d-0123456789"
    assert named["ProposedUntil"] == "2026-02-15T00:00:00.000Z"
    assert named["Only.hardware_revision"] == "B"
    assert "RateRatio" not in named


HOSTILE = {"lot": "</ID><ID>&\x00\x0bü", "modem_lot": "=M7"}


def test_b2mml_follows_the_sequences_of_the_schema() -> None:
    if not SCHEMAS.is_dir():
        pytest.skip("the B2MML schema is not shipped: put it into ../shared/data/b2mml_schema")
    checked = [
        follows(node, kind)
        for node, kind in (
            *((node, "MaterialLotType") for node in lots(HOSTILE).iter(f"{{{XMLNS}}}MaterialLot")),
            *(
                (node, "MaterialLotPropertyType")
                for node in lots(HOSTILE).iter(f"{{{XMLNS}}}MaterialLotProperty")
            ),
            (lots(HOSTILE)[0], "TransApplicationAreaType"),
        )
    ]
    assert len(checked) > 3
    assert "Restricted" in dispositions()


def follows(node: ET.Element, kind: str) -> None:
    """The children stand in the order of the type's sequence, and nothing required is missing."""
    (declared,) = (
        found
        for name in ("B2MML-Material.xsd", "B2MML-Common.xsd")
        for found in ET.parse(SCHEMAS / name).iter(f"{XSD}complexType")
        if found.get("name") == kind
    )
    elements = list(declared[0].iter(f"{XSD}element"))
    order = [element.get("name") for element in elements]
    names = [child.tag.removeprefix(f"{{{XMLNS}}}") for child in node]
    assert [order.index(name) for name in names] == sorted(order.index(name) for name in names)
    required = {e.get("name") for e in elements if e.get("minOccurs", "1") != "0"}
    assert required <= set(names)


def dispositions() -> set[str | None]:
    common = ET.parse(SCHEMAS / "B2MML-Common.xsd")
    (kind,) = (t for t in common.iter(f"{XSD}complexType") if t.get("name") == "Disposition1Type")
    return {one.get("value") for one in kind.iter(f"{XSD}enumeration")}


@pytest.mark.parametrize("conditions", [{"lot": "L1"}, {"modem_lot": "M7"}, HOSTILE])
def test_b2mml_is_valid_against_the_schema(conditions: dict[str, str]) -> None:
    if not SCHEMAS.is_dir():
        pytest.skip("the B2MML schema is not shipped: put it into ../shared/data/b2mml_schema")
    import xmlschema

    found = material_lots(defect(conditions), UNITS, at=AT, expires_at=EXPIRES)
    assert found is not None
    xmlschema.XMLSchema(SCHEMAS / "B2MML-Material.xsd").validate(found.decode())


def test_equal_input_gives_equal_messages() -> None:
    given = defect({"lot": "L1"})
    twice = [material_lots(given, UNITS, at=AT, expires_at=EXPIRES) for _ in range(2)]
    assert twice[0] == twice[1]
    assert json.dumps(request({"lot": "L1"})) == json.dumps(request({"lot": "L1"}))
