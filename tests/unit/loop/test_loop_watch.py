"""The watch on fixed causes: what is watched, and how often it cries wolf."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import CAUSES_HISTORY, RECURRENCES
from cx_analytics.loop import recurrences, watched
from cx_analytics.loop.watch import detect

DAY = date(2026, 1, 10)


def said(cause_id: str, **given: Any) -> dict[str, Any]:
    row = {
        "as_of": DAY,
        "cause_id": cause_id,
        "kind": "shared",
        "conditions": {"cell_id": "C1"},
        "valid_to": datetime(2026, 1, 8),
        "sessions": 1000,
        "expected_faults": 10.0,
    }
    return row | given


def test_only_causes_that_outlive_their_repair_are_watched() -> None:
    history = frame_of(
        [
            said("c-1"),
            said("c-2", valid_to=None),
            said("c-3", conditions={"app_version": "5.2.0"}),
            said("c-4", conditions={"modem_lot": "M7"}),
            said("c-5", kind="individual", conditions={"customer_id": "K"}),
            said("c-6"),
            said("c-6", as_of=date(2026, 1, 11), valid_to=None),
        ],
        CAUSES_HISTORY,
    )
    rows = watched(history).rows(named=True)
    assert [row["cause_id"] for row in rows] == ["c-1"]
    assert rows[0]["attributes"] == ["cell_id"] * 3
    assert rows[0]["rate"] == 0.01


def test_a_return_is_noticed_and_quiet_is_not() -> None:
    watch = watched(frame_of([said("c-1"), said("c-2")], CAUSES_HISTORY))
    days = pl.DataFrame(
        {
            "cause_id": ["c-1"] * 10 + ["c-2"] * 10,
            "day": [DAY + timedelta(days=n) for n in range(10)] * 2,
            "sessions": [1000] * 20,
            "faults": [10] * 10 + [40] * 10,
        }
    )
    table = recurrences(watch, days)
    assert tuple(table.columns) == RECURRENCES.names
    assert table["alarmed_at"][0] is None
    assert table["alarmed_at"][1] <= datetime(2026, 1, 14)
    assert table.select("exposed_sessions", "faults").rows() == [(10_000, 100), (10_000, 400)]


def test_a_cause_without_sessions_since_stands_without_evidence() -> None:
    watch = watched(frame_of([said("c-1")], CAUSES_HISTORY))
    days = pl.DataFrame(
        schema={
            "cause_id": pl.String,
            "day": pl.Date,
            "sessions": pl.Int64,
            "faults": pl.Int64,
        }
    )
    row = recurrences(watch, days).row(0, named=True)
    assert (row["exposed_sessions"], row["faults"], row["evidence"]) == (0, 0, 0.0)


def test_false_alarms_are_rare() -> None:
    """300 years of over-dispersed calm days at 5 faults a day: at most 1 % alarm."""
    random = np.random.default_rng(3)
    alarms = 0
    for _ in range(300):
        counts = random.negative_binomial(10, 10 / 15, 365)
        days = [(DAY + timedelta(days=n), 5.0, int(count)) for n, count in enumerate(counts)]
        alarms += detect(days)[1] is not None
    assert alarms <= 3
