"""A small published warehouse whose every number is known."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cx_analytics.cli.start import make_workspace
from cx_analytics.contracts.tables import TABLES
from cx_analytics.engine.frames import conform, schema_of
from cx_analytics.engine.store import Store
from cx_analytics.engine.warehouse import publish

NOON = datetime(2026, 1, 2, 12)

CAUSE: dict[str, Any] = {
    "cause_id": "k1",
    "kind": "shared",
    "domain": "device",
    "conditions": {"modem_lot": "M1"},
    "label": "modem_lot=M1",
    "first_reported_on": date(2026, 1, 2),
    "sessions": 2,
    "faults": 2,
    "expected_faults": 0.5,
    "excess_faults": 1.5,
    "excess_low": 1.0,
    "excess_high": 2.0,
    "rate_ratio": 4.0,
    "rate_ratio_low": 2.0,
    "rate_ratio_high": 8.0,
    "probability": 0.97,
    "customers": 1,
    "units": 1,
    "status": "active",
    "evidence_sql": "SELECT 2 AS sessions, 2 AS faults",
}

ROWS: dict[str, list[dict[str, Any]]] = {
    "sessions": [
        {"session_id": "s1", "customer_id": "C1", "unit_id": "U1", "fault_code": "crash"},
        {"session_id": "s2", "customer_id": "C1", "unit_id": "U1", "fault_code": "drop"},
        {"session_id": "s3", "customer_id": "C2", "unit_id": "U2"},
    ],
    "fault_causes": [
        {"session_id": "s1", "cause_id": "k1", "share": 0.75},
        {"session_id": "s1", "cause_id": "background", "share": 0.25},
        {"session_id": "s2", "cause_id": "k1", "share": 1.0},
    ],
    "causes": [CAUSE],
    "customer_experience": [
        {"customer_id": "C1", "day": date(2026, 1, 2), "sessions": 2, "faults": 2, "score": 40.0},
        {"customer_id": "C2", "day": date(2026, 1, 2), "sessions": 1, "faults": 0, "score": 100.0},
    ],
    "customer_fixes": [
        {
            "customer_id": "C1",
            "rank": 1,
            "cause_id": "k1",
            "fix_code": "swap_unit",
            "fix": "Replace the unit",
            "avoid": "Reinstalling the app does not help",
            "share": 0.875,
            "faults_avoided_30d": 3.0,
            "low": 2.0,
            "high": 4.0,
            "confidence": "confirmed",
        }
    ],
    "units": [
        {"unit_id": "U1", "device_model": "X", "lot": "L1", "in_service_at": NOON},
        {"unit_id": "U2", "device_model": "X", "lot": "L1"},
    ],
    "components": [
        {"unit_id": "U1", "component": "modem", "component_lot": "M1", "supplier": "Acme"},
        {"unit_id": "U2", "component": "modem", "component_lot": "M2", "supplier": "Acme"},
    ],
    "defects": [
        {
            "defect_id": "d1",
            "cause_id": "k1",
            "conditions": {"modem_lot": "M1"},
            "component": "modem",
            "component_lot": "M1",
            "supplier": "Acme",
            "units_made": 1,
            "units_in_field": 1,
            "units_failed": 1,
            "rate_ratio": 4.0,
            "low": 2.0,
            "high": 8.0,
            "forecast_faults_90d": 12.0,
            "forecast_low": 8.0,
            "forecast_high": 16.0,
            "forecast_low_80": 9.0,
            "forecast_high_80": 15.0,
            "forecast_low_95": 7.0,
            "forecast_high_95": 18.0,
            "forecast_returns_90d": 3.0,
            "returns_low_80": 2.0,
            "returns_high_80": 5.0,
            "returns_low_95": 1.0,
            "returns_high_95": 6.0,
            "cannot_separate": "cannot be told from line=3 (1.2 nats behind)",
            "recommended_disposition": "non_sellable_other",
            "probability": 0.97,
        }
    ],
    "action_proposals": [
        {
            "action_id": "a77",
            "proposal": "stop_rollout",
            "kind": "rollout_stop",
            "subject": "app_version=5.2.0 & device_model=X",
            "cause_id": "k2",
            "reason": "stop the rollout",
            "sample": 90,
            "chance_wrong": 0.25,
            "units": 40,
            "production_share": 0.5,
        }
    ],
    "defect_ages": [
        {
            "defect_id": "d1",
            "cohort_month": date(2025, month, 1),
            "months_in_service": 1,
            "units_at_risk": 4,
            "unit_months": 3.5,
            "units_failed": 1,
            "faults": 1.5,
        }
        for month in (11, 12)
    ],
    "defect_life": [
        {
            "defect_id": "d1",
            "units_failed": 7,
            "units_censored": 9,
            "pattern": "early failures",
            "shape": 0.6,
            "shape_low": 0.4,
            "shape_high": 0.9,
            "scale_days": 50.0,
            "b10_days": 3.0,
            "b10_low": 2.0,
            "b10_high": 5.0,
            "exponential_p": 0.03,
        }
    ],
    "forecast_backtest": [
        {
            "defect_id": defect,
            "as_of": date(2025, 12, 19),
            "horizon_days": 14,
            "inside": True,
            "inside_80": inside,
            "inside_95": True,
        }
        for defect, inside in (("d1", True), ("d2", False))
    ],
    "unit_risk_capture": [
        {
            "as_of": date(2025, 12, day),
            "horizon_days": 14,
            "units": 20,
            "failures": 5,
            "top_share": 0.1,
            "captured": captured,
        }
        for day, captured in ((5, 2), (19, 1))
    ],
    "unit_risk": [
        {
            "unit_id": "U1",
            "defect_id": "d1",
            "probability_90d": 0.6,
            "low": 0.5,
            "high": 0.7,
            "rank": 1,
        }
    ],
    "step_times": [
        {
            "case_id": "U1",
            "position": 1,
            "step": "assembly",
            "resource": "cell 1",
            "lot": "L1",
            "started_at": NOON,
            "ended_at": datetime(2026, 1, 2, 13),
            "work_s": 3600.0,
            "wait_s": 0.0,
            "wait_cause": "none",
        },
        {
            "case_id": "U1",
            "position": 2,
            "from_step": "assembly",
            "step": "inspection",
            "resource": "bench",
            "lot": "L1",
            "started_at": datetime(2026, 1, 2, 16),
            "ended_at": datetime(2026, 1, 2, 17),
            "work_s": 3600.0,
            "wait_s": 10800.0,
            "wait_cause": "batching",
            "batching_s": 7200.0,
            "setup_s": 3600.0,
        },
    ],
    "case_genealogy": [
        {
            "case_id": "U1",
            "part_id": part,
            "via": via,
            "depth": depth,
            "part_is_case": is_case,
            "into_id": into,
        }
        for part, via, depth, is_case, into in (
            ("M1", "component", 1, False, "U1"),
            ("modem 7", "component", 1, True, "U1"),
            ("solder 3", "transformation", 2, False, "modem 7"),
        )
    ],
    "reject_causes": [
        {
            "reject_cause_id": "r-1",
            "rank": 1,
            "label": "resource=cell 1 & step=assembly",
            "step": "assembly",
            "found_at": "inspection",
            "pieces": 100.0,
            "rejects": 12.0,
            "excess_rejects": 9.0,
            "excess_low": 6.0,
            "excess_high": 11.0,
            "rate_ratio": 4.0,
            "probability": 0.97,
        }
    ],
    "step_waste": [
        {
            "rank": 1,
            "step": "assembly",
            "waste": "rejects",
            "detail": "resource=cell 1 & step=assembly",
            "amount": 9.0,
            "unit": "pieces",
            "cost": 360.0,
            "cost_low": 240.0,
            "cost_high": 440.0,
            "saving": 360.0,
            "saving_low": 240.0,
            "saving_high": 440.0,
        },
        {
            "rank": 2,
            "step": "inspection",
            "waste": "waiting",
            "detail": "batching",
            "amount": 2.0,
            "unit": "h",
            "cost": 40.0,
            "cost_low": 30.0,
            "cost_high": 50.0,
        },
    ],
    "step_map": [
        {"to_step": "assembly", "cases": 1, "work_s": 3600.0, "wait_s": 0.0},
        {
            "from_step": "assembly",
            "to_step": "inspection",
            "cases": 1,
            "work_s": 3600.0,
            "wait_s": 10800.0,
            "idle_share": 0.75,
        },
    ],
}

_NEUTRAL = {"VARCHAR": "-", "BIGINT": 0, "DOUBLE": 0.0}
"""What stands in a required column that a test says nothing about."""


def _filled(name: str, row: dict[str, Any]) -> dict[str, Any]:
    required = [column for column in TABLES[name].columns if column.required]
    neutral = {column.name: _NEUTRAL.get(column.type) for column in required}
    if name == "sessions":
        neutral |= {"started_at": NOON, "device_model": "X", "faulty": "fault_code" in row}
    return neutral | row


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace whose warehouse holds ROWS."""
    made = make_workspace(tmp_path_factory.mktemp("cli") / "ws")
    store = Store(made.parts)
    for name, rows in ROWS.items():
        table = TABLES[name]
        full = [_filled(name, row) for row in rows]
        given = {column for row in full for column in row}
        schema = {column: kind for column, kind in schema_of(table).items() if column in given}
        store.write(name, conform(pl.DataFrame(full, schema=schema), table))
    publish(made.database, {name: store.paths(name) for name in ROWS}, spill=made.root / ".spill")
    return made.root
