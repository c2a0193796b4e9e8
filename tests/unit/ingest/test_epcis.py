"""EPCIS documents become flat rows, or say why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cx_analytics.contracts.feeds import PRODUCTION_EVENTS
from cx_analytics.ingest.epcis import flat_rows, is_epcis
from cx_analytics.supply import retracted_events

EXAMPLES = Path(__file__).resolve().parents[4] / "shared/data/epcis2_examples/JSON"
UNIT = "urn:epc:id:sgtin:0614141.107346.2017"
LOT = "urn:epc:class:lgtin:4012345.012345.998877"


def event(**more: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventID": "urn:uuid:1",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "eventTime": "2005-04-03T20:33:31.116-06:00",
        "eventTimeZoneOffset": "-06:00",
        "epcList": [UNIT],
        "readPoint": {"id": "dock"},
        "bizLocation": {"id": "line-1"},
    } | more


def document(*events: Any) -> dict[str, Any]:
    return {"type": "EPCISDocument", "epcisBody": {"eventList": list(events)}}


def column(found: list[dict[str, str | None]], name: str) -> list[str | None]:
    return [row[name] for row in found]


def test_an_object_event_is_a_row_per_epc_at_a_moment() -> None:
    rows, issues = flat_rows(document(event()))
    assert issues == []
    assert rows == [
        {
            "case_id": UNIT,
            "step": "shipping",
            "started_at": "2005-04-04T02:33:31.116000+00:00",
            "ended_at": "2005-04-04T02:33:31.116000+00:00",
            "resource": "dock",
            "line": "line-1",
            "quantity_completed": None,
            "quantity_rejected": None,
            "unit_id": "2017",
            "lot": None,
            "product": "10614141073464",
            "order_id": None,
            "shipment_id": None,
            "parent_id": None,
            "input_ids": None,
            "event_id": "urn:uuid:1",
        }
    ]
    assert set(rows[0]) == set(PRODUCTION_EVENTS.names)


@pytest.mark.parametrize(
    "wrapped",
    [
        event(),
        [event()],
        [document(event())],
        {"type": "EPCISDocument", "epcisBody": {"event": event()}},
        {
            "type": "EPCISQueryDocument",
            "epcisBody": {"queryResults": {"resultsBody": {"eventList": [event()]}}},
        },
    ],
)
def test_every_wrapping_gives_the_same_row(wrapped: object) -> None:
    assert is_epcis(wrapped)
    assert flat_rows(wrapped) == flat_rows(document(event()))


def test_a_lot_is_a_case_and_only_pieces_are_counted() -> None:
    pieces = {"epcClass": LOT, "quantity": 200}
    weight = {
        "epcClass": "https://id.gs1.org/01/70614141123451/10/A%2F1",
        "quantity": 5,
        "uom": "KGM",
    }
    rows, _ = flat_rows(event(epcList=[], quantityList=[pieces, weight]))
    assert column(rows, "case_id") == [LOT, "https://id.gs1.org/01/70614141123451/10/A%2F1"]
    assert column(rows, "lot") == ["998877", "A/1"]
    assert column(rows, "quantity_completed") == ["200", None]


def test_an_aggregation_notes_the_parent_and_a_place_is_no_case() -> None:
    packing = {"type": "AggregationEvent", "epcList": None, "childEPCs": [UNIT]}
    rows, _ = flat_rows(event(**packing, parentID="urn:epc:id:sscc:0614141.1"))
    assert column(rows, "case_id") == ["urn:epc:id:sscc:0614141.1", UNIT]
    assert column(rows, "parent_id") == [None, "urn:epc:id:sscc:0614141.1"]
    rows, _ = flat_rows(event(**packing, parentID="urn:epc:id:sgln:4012345.00002.12"))
    assert column(rows, "case_id") == [UNIT]


def test_order_and_shipment_are_the_first_of_their_kinds_that_are_named() -> None:
    named = [
        {"type": "urn:epcglobal:cbv:btt:po", "bizTransaction": "po-1"},
        {"type": "desadv", "bizTransaction": "notice-1"},
        {"type": "https://ref.gs1.org/cbv/BTT-prodorder", "bizTransaction": "work-1"},
    ]
    ((row,), _) = flat_rows(document(event(bizTransactionList=named)))
    assert (row["order_id"], row["shipment_id"]) == ("work-1", "notice-1")
    pallet = "urn:epc:id:sscc:0614141.1234567890"
    packed = event(type="AggregationEvent", parentID=pallet, childEPCs=[UNIT], epcList=None)
    rows, _ = flat_rows(document(packed | {"bizTransactionList": named[1:2]}))
    assert column(rows, "case_id") == [pallet, UNIT]
    assert column(rows, "shipment_id") == [pallet, pallet]


def test_a_transformation_makes_its_outputs_and_notes_its_inputs() -> None:
    made = event(
        type="TransformationEvent",
        epcList=None,
        inputEPCList=["urn:in:1"],
        inputQuantityList=[{"epcClass": LOT, "quantity": 10}],
        outputEPCList=[UNIT],
    )
    rows, _ = flat_rows(made)
    assert column(rows, "case_id") == [UNIT]
    assert json.loads(rows[0]["input_ids"] or "") == [LOT, "urn:in:1"]


def test_many_inputs_are_shortened_to_what_a_column_holds() -> None:
    inputs = [f"urn:epc:id:sgtin:4012345.011122.{number}" for number in range(500)]
    rows, _ = flat_rows(
        event(type="TransformationEvent", inputEPCList=inputs, outputEPCList=[UNIT], epcList=None)
    )
    noted = json.loads(rows[0]["input_ids"] or "")
    assert len(rows[0]["input_ids"] or "") <= 2000
    assert noted[-1] == f"… {501 - len(noted)} more"


def test_events_of_one_transformation_span_its_time() -> None:
    begin = event(
        type="TransformationEvent",
        transformationID="T",
        eventTime="2026-01-01T08:00:00Z",
        inputEPCList=["urn:in:1"],
        epcList=None,
    )
    end = event(
        type="TransformationEvent",
        transformationID="T",
        eventTime="2026-01-01T09:30:00Z",
        outputEPCList=[UNIT],
        epcList=None,
        eventID="urn:uuid:2",
    )
    rows, issues = flat_rows(document(begin, end))
    assert issues == []
    assert column(rows, "case_id") == ["urn:in:1", UNIT]
    assert column(rows, "started_at") == ["2026-01-01T08:00:00+00:00"] * 2
    assert column(rows, "ended_at") == ["2026-01-01T09:30:00+00:00"] * 2


def test_an_error_declaration_retracts_every_record_of_the_event() -> None:
    wrong = event(errorDeclaration={"declarationTime": "2006-01-01T00:00:00Z"})
    rows, issues = flat_rows(document(event(), wrong, event(eventID="urn:uuid:2")))
    assert column(rows, "event_id") == ["urn:uuid:2"]
    assert [(issue.index, issue.rule) for issue in issues] == [
        (0, "epcis_retracted"),
        (1, "epcis_retracted"),
    ]


def test_a_declaration_alone_names_the_event_of_an_earlier_document() -> None:
    wrong = {"type": "ObjectEvent", **event(), "epcList": [UNIT] * 200}
    wrong["errorDeclaration"] = {"declarationTime": "2006-01-01T00:00:00Z"}
    rows, (issue,) = flat_rows(document({name: wrong[name] for name in sorted(wrong)}))
    refused = pl.DataFrame({"rule": [issue.rule], "record": [issue.record]})
    assert rows == []
    assert retracted_events(refused)["event_id"].to_list() == ["urn:uuid:1"]


def test_readings_of_a_place_name_no_object_that_moves() -> None:
    sensed = event(epcList=[], sensorElementList=[{"sensorReport": [{"type": "Temperature"}]}])
    rows, (issue,) = flat_rows(document(sensed))
    assert (rows, issue.rule) == ([], "epcis_no_object")
    assert issue.reason == (
        "the event holds readings of sensors and names no object (EPCIS 2.0, 7.4.2)"
    )


def test_an_event_without_an_id_is_retracted_by_what_it_says() -> None:
    bare = event(eventID=None)
    wrong = bare | {"errorDeclaration": {"declarationTime": "2006-01-01T00:00:00Z"}}
    rows, issues = flat_rows(document(bare, wrong))
    assert (rows, len(issues)) == ([], 2)


@pytest.mark.parametrize(
    ("step", "word"),
    [
        ("urn:epcglobal:cbv:bizstep:receiving", "receiving"),
        ("https://ref.gs1.org/cbv/BizStep-receiving", "receiving"),
        ("http://example.org/bizstep/x", "http://example.org/bizstep/x"),
    ],
)
def test_a_step_is_the_short_word_of_the_vocabulary(step: str, word: str) -> None:
    assert flat_rows(event(bizStep=step))[0][0]["step"] == word


@pytest.mark.parametrize(
    ("broken", "rule", "clause"),
    [
        (event(bizStep=None), "epcis_no_step", "7.4.1"),
        (event(epcList=[]), "epcis_no_object", "7.4.2"),
        (event(epcList=[7]), "epcis_object", "7.4.2"),
        (event(quantityList=[{"quantity": 1}]), "epcis_object", "7.4.2"),
        (event(eventTime="yesterday"), "epcis_event_time", "7.4.1"),
        (event(eventTime="2026-01-01T00:00:00"), "epcis_event_time", "7.4.1"),
        (event(eventTime="0001-01-01T00:00:00+14:00"), "epcis_event_time", "7.4.1"),
        (event(type="PartyEvent"), "epcis_event_type", "7.4"),
        (event(type=["ObjectEvent"]), "epcis_event_type", "7.4"),
        ("no event", "epcis_no_event", "7.4.1"),
    ],
)
def test_an_event_that_lacks_what_a_row_needs_is_an_issue(
    broken: object, rule: str, clause: str
) -> None:
    rows, issues = flat_rows(document(event(), broken))
    assert len(rows) == 1
    assert [(issue.index, issue.rule) for issue in issues] == [(1, rule)]
    assert f"EPCIS 2.0, {clause}" in issues[0].reason


@pytest.mark.parametrize(
    "broken", [{"type": "EPCISDocument"}, {"type": "EPCISDocument", "epcisBody": {}}]
)
def test_a_document_without_events_is_refused_as_a_whole(broken: object) -> None:
    rows, issues = flat_rows(broken)
    assert rows == []
    assert [issue.index for issue in issues] == [None]


def test_foreign_json_is_no_epcis() -> None:
    for other in (None, 1, "x", [], {}, {"case_id": "1"}, [{"case_id": "1", "type": "S"}]):
        assert not is_epcis(other)


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="GS1's example documents are not here")
def test_gs1_examples_are_read_or_refused_with_a_clause() -> None:
    refused = {}
    documents = sorted(EXAMPLES.rglob("*.jsonld"))
    for path in documents:
        example = json.loads(path.read_text(encoding="utf-8"))
        rows, issues = flat_rows(example)
        assert is_epcis(example)
        assert rows or issues
        assert all("EPCIS 2.0, " in issue.reason for issue in issues)
        refused |= {(path.stem, issue.index): issue.rule for issue in issues}
    assert len(documents) == 47
    assert set(refused.values()) == {"epcis_retracted", "epcis_no_object"}
    assert {key for key, rule in refused.items() if rule == "epcis_no_object"} == {
        ("SensorDataExample1b", 0),
        ("SensorDataExample3", 0),
    }
