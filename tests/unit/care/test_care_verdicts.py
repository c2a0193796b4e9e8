"""Verdicts beside fixes."""

from __future__ import annotations

from datetime import date

from cx_analytics.care import with_verdicts
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import CUSTOMER_FIXES, CUSTOMER_VERDICTS


def test_a_verdict_stands_beside_the_fix_it_is_about() -> None:
    fixes = [("K1", 1, "c-1"), ("K1", 2, "c-2"), ("K2", 1, "c-1"), ("K3", 1, "background")]
    told = [
        ("a-1", "K1", "c-2", False, date(2026, 1, 3), "did_not", 0.4),
        ("a-2", "K1", "c-2", False, date(2026, 1, 9), "worked", 0.3),
        ("a-3", "K2", None, False, date(2026, 1, 3), "worked", None),
        ("a-4", "K3", None, True, date(2026, 1, 3), "too_early", None),
    ]
    names = ("action_id", "customer_id", "cause_id", "listed", "reached_on", "verdict")
    verdicts = frame_of(
        [
            {**dict(zip((*names, "smallest_effect"), row, strict=True)), "verdict_on": row[4]}
            for row in told
        ],
        CUSTOMER_VERDICTS,
    )
    given = frame_of(
        [dict(zip(("customer_id", "rank", "cause_id"), row, strict=True)) for row in fixes],
        CUSTOMER_FIXES,
    )
    found = with_verdicts(given, verdicts)
    assert tuple(found.columns) == CUSTOMER_FIXES.names
    assert found.select("customer_id", "rank", "verdict", "verdict_smallest_effect").rows() == [
        ("K1", 1, None, None),
        ("K1", 2, "worked", 0.3),
        ("K2", 1, None, None),
        ("K3", 1, "too_early", None),
    ]
    assert found["verdict_on"].to_list() == [None, date(2026, 1, 9), None, date(2026, 1, 3)]
