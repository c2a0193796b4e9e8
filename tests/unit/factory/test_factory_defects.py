"""Defects, unit risk and holds from literal units."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.settings import Rails
from cx_analytics.contracts.tables import ACTION_LEDGER, CAUSES, DEFECTS, UNIT_HOLDS, UNIT_RISK
from cx_analytics.factory import (
    defect_conditions,
    defect_evidence,
    defects,
    hold_proposals,
    holds,
    unit_risk,
    units_at_risk,
)
from cx_analytics.factory.exposure import UNIT_SCHEMA

BEGIN, END = datetime(2026, 1, 1), datetime(2026, 1, 29)
NO_COMPONENTS = pl.DataFrame(
    schema={
        "defect_id": pl.String,
        "component": pl.String,
        "component_lot": pl.String,
        "supplier": pl.String,
        "units": pl.Int64,
    }
)


def cause(cause_id: str = "c-1", **given: Any) -> dict[str, Any]:
    row = {
        "cause_id": cause_id,
        "kind": "shared",
        "domain": "device",
        "conditions": {"lot": "L1"},
        "sessions": 1000,
        "faults": 30,
        "expected_faults": 10.0,
        "excess_faults": 20.0,
        "excess_low": 15.0,
        "excess_high": 25.0,
        "rate_ratio": 3.0,
        "rate_ratio_low": 2.0,
        "rate_ratio_high": 4.0,
        "probability": 0.97,
        "status": "active",
        "evidence_sql": "SELECT 1000 AS sessions, 30 AS faults",
    }
    return row | given


def causes(*rows: dict[str, Any]) -> pl.DataFrame:
    return frame_of(rows, CAUSES)


def units(causes_frame: pl.DataFrame, number: int = 40, **given: Any) -> pl.DataFrame:
    """Units of the first defect: the first half with one fault, the last one not in the field."""
    identity = defect_conditions(causes_frame)["defect_id"][0]
    rows = [
        {
            "defect_id": identity,
            "unit_id": f"U{index:02d}",
            "made": True,
            "device_model": "X",
            "lot": "L1",
            "site": "S1",
            "line": str(index % 2),
            "in_service_at": BEGIN if index < number - 1 else None,
            "sessions": 25 if index < number - 1 else 0,
            "faults": 1.0 if index < number // 2 else 0.0,
            "faults_ever": 1.0 if index < number // 2 else 0.0,
        }
        | given
        for index in range(number)
    ]
    return pl.DataFrame(rows, schema=UNIT_SCHEMA)


def test_a_lot_becomes_a_defect_with_its_units() -> None:
    found = causes(cause())
    row = defects(found, units(found), NO_COMPONENTS, begin=BEGIN, end=END).row(0, named=True)
    assert row["lot"] == "L1"
    assert row["site"] == "S1"
    assert row["line"] is None
    assert (row["units_made"], row["units_in_field"], row["units_failed"]) == (40, 39, 20)
    assert row["recommended_disposition"] == "non_sellable_other"
    assert row["forecast_faults_90d"] == pytest.approx(20 / 28 * 90)
    assert row["forecast_low"] < row["forecast_faults_90d"] < row["forecast_high"]


def test_an_ended_cause_forecasts_nothing_and_recommends_nothing() -> None:
    found = causes(cause(valid_to=datetime(2026, 1, 20), status="fixed"))
    gone = units(found, valid_to=datetime(2026, 1, 20))
    row = defects(found, gone, NO_COMPONENTS, begin=BEGIN, end=END).row(0, named=True)
    assert row["forecast_high"] == 0
    assert row["recommended_disposition"] is None
    assert unit_risk(gone, begin=BEGIN, end=END).is_empty()


def test_a_component_lot_names_component_and_supplier() -> None:
    found = causes(cause(conditions={"modem_lot": "M7"}))
    identity = defect_conditions(found)["defect_id"][0]
    inside = pl.DataFrame(
        {
            "defect_id": [identity] * 2,
            "component": ["modem", "modem"],
            "component_lot": ["M7", "M8"],
            "supplier": ["Q", "R"],
            "units": [40, 1],
        }
    )
    row = defects(found, units(found), inside, begin=BEGIN, end=END).row(0, named=True)
    assert (row["component"], row["component_lot"], row["supplier"]) == ("modem", "M7", "Q")
    assert row["recommended_disposition"] == "needs_replacement"


def test_without_genealogy_a_defect_still_stands() -> None:
    found = causes(cause())
    row = defects(found, pl.DataFrame(schema=UNIT_SCHEMA), NO_COMPONENTS, begin=BEGIN, end=END).row(
        0, named=True
    )
    assert (row["lot"], row["units_made"], row["forecast_high"]) == ("L1", 0, 0)


def test_software_individuals_and_places_are_no_defects() -> None:
    found = causes(
        cause("c-1", conditions={"firmware_version": "7"}),
        cause("c-2", conditions={"app_version": "5", "device_model": "X"}, domain="interaction"),
        cause("c-3", conditions={"unit_id": "U1"}, kind="individual"),
        cause("c-4", conditions={"cell_id": "C", "lot": "L1"}, domain="interaction"),
    )
    empty = defects(found, pl.DataFrame(schema=UNIT_SCHEMA), NO_COMPONENTS, begin=BEGIN, end=END)
    assert empty.is_empty()
    assert tuple(empty.columns) == DEFECTS.names
    assert defect_conditions(found).is_empty()


def test_conditions_on_software_do_not_narrow_the_units() -> None:
    found = causes(cause(conditions={"firmware_version": "7", "lot": "L1"}))
    rows = defect_conditions(found).select("attribute", "value", "conditions", "focus").rows()
    assert rows == [("lot", "L1", 1, True)]


def test_units_with_own_faults_and_more_use_rank_higher() -> None:
    found = causes(cause())
    frame = units(found).with_columns(
        pl.when(pl.col("unit_id") == "U30")
        .then(200)
        .otherwise(pl.col("sessions"))
        .alias("sessions"),
        pl.when(pl.col("unit_id") == "U00").then(5.0).otherwise(pl.col("faults")).alias("faults"),
    )
    risk = unit_risk(frame, begin=BEGIN, end=END)
    assert tuple(risk.columns) == UNIT_RISK.names
    assert risk["unit_id"][0] == "U00"
    assert risk["rank"].to_list() == list(range(1, 40))
    assert "U39" not in risk["unit_id"]
    chance = dict(risk.select("unit_id", "probability_90d").rows())
    assert chance["U00"] > chance["U01"] > chance["U31"]
    assert risk.filter(
        (pl.col("low") > pl.col("probability_90d")) | (pl.col("high") < pl.col("probability_90d"))
    ).is_empty()


def test_order_of_units_changes_nothing() -> None:
    found = causes(cause())
    frame = units(found)
    straight = unit_risk(frame, begin=BEGIN, end=END).sort("unit_id")
    turned = unit_risk(frame.reverse(), begin=BEGIN, end=END).sort("unit_id")
    assert straight["unit_id"].to_list() == turned["unit_id"].to_list()
    np.testing.assert_allclose(straight["probability_90d"], turned["probability_90d"])


def test_a_pack_list_holds_no_use_of_the_unit() -> None:
    found = causes(cause())
    frame = units(found)
    listed = units_at_risk(frame, unit_risk(frame, begin=BEGIN, end=END), begin=BEGIN, end=END)
    assert listed.height == 40
    assert not {"sessions", "faults", "faults_ever", "in_service_at", "first_seen"} & set(
        listed.columns
    )
    assert listed["unit_id"][-1] == "U39"


def proposals(rails: Rails, **given: Any) -> pl.DataFrame:
    found = causes(cause(**given))
    table = defects(found, units(found), NO_COMPONENTS, begin=BEGIN, end=END)
    return hold_proposals(table, rails, at=END)


def test_a_hold_is_proposed_within_the_rails_only() -> None:
    row = proposals(Rails()).row(0, named=True)
    assert (row["lot"], row["state"], row["units"]) == ("L1", "proposed", 40)
    assert row["expires_at"] == END + timedelta(days=14)
    assert proposals(Rails(minimum_units=40)).is_empty()
    assert proposals(Rails(minimum_probability=0.98)).is_empty()
    assert proposals(Rails(), conditions={"line": "3"}).is_empty()


def ledger(proposed: pl.DataFrame, *events: str, ends: datetime | None = None) -> pl.DataFrame:
    row = proposed.row(0, named=True)
    entries = [
        {
            "entry": number,
            "action_id": row["action_id"],
            "event": event,
            "kind": "lot_hold",
            "defect_id": row["defect_id"],
            "subject": "lot=L1",
            "actor": f"person {number}",
            "at": END + timedelta(hours=number),
            "reason": event,
            "expires_at": ends,
            "units": 40,
        }
        for number, event in enumerate(events, start=1)
    ]
    return frame_of(entries, ACTION_LEDGER)


NOW = END + timedelta(days=1)


@pytest.mark.parametrize(
    ("events", "states"),
    [
        ((), ["proposed"]),
        (("proposed",), ["proposed"]),
        (("proposed", "approved"), ["held"]),
        (("proposed", "approved", "in_effect"), ["held"]),
        (("proposed", "rejected"), []),
        (("proposed", "approved", "released"), ["released"]),
    ],
)
def test_the_ledger_says_where_a_hold_stands(events: tuple[str, ...], states: list[str]) -> None:
    proposed = proposals(Rails())
    table = holds(proposed, ledger(proposed, *events), now=NOW)
    assert table["state"].to_list() == states
    assert tuple(table.columns) == UNIT_HOLDS.names


def test_a_hold_tells_who_set_and_released_it() -> None:
    proposed = proposals(Rails())
    table = holds(proposed, ledger(proposed, "proposed", "approved", "released"), now=NOW)
    row = table.row(0, named=True)
    assert (row["lot"], row["set_by"], row["reason"]) == ("L1", "person 2", "released")
    assert row["released_at"] == END + timedelta(hours=3)


def test_an_expired_hold_is_proposed_again_beside_it() -> None:
    proposed = proposals(Rails())
    past = ledger(proposed, "proposed", "approved", ends=END + timedelta(hours=5))
    assert sorted(holds(proposed, past, now=NOW)["state"]) == ["expired", "proposed"]


def test_evidence_quotes_what_it_is_given() -> None:
    found = causes(cause(conditions={"lot": "L'1", "modem_lot": "M7"}))
    table = defects(found, units(found), NO_COMPONENTS, begin=BEGIN, end=END)
    made = defect_evidence(table, found).filter(pl.col("name") == "units_made").row(0, named=True)
    assert made["value"] == 40
    assert made["sql"] == (
        "SELECT count(*) AS value FROM units WHERE lot = 'L''1' AND unit_id IN "
        "(SELECT unit_id FROM components WHERE component = 'modem' AND component_lot = 'M7')"
    )
