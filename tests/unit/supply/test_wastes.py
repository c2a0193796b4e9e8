"""Wastes in money: what adds up, what is ranked, and what is promised to be saved."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from cx_analytics.contracts.frames import frame_of, schema_of
from cx_analytics.contracts.tables import REJECT_CAUSES, STEP_WASTE
from cx_analytics.supply import MADE_REJECTS, step_waste
from cx_analytics.supply.wastes import PARTS

RATES = {"wait_hour": 2.0, "rework": 5.0, "work_hour": 10.0, "reject_piece": 40.0}
FIRST = date(2026, 3, 2)


def days(**columns: list[float]) -> pl.DataFrame:
    count = len(next(iter(columns.values())))
    zero = dict.fromkeys((*PARTS, "rework", "rework_hours"), [0.0] * count)
    at = {"step": ["cut"] * count, "day": [FIRST + timedelta(days=one) for one in range(count)]}
    return pl.DataFrame(at | {"passes": [10] * count} | zero | columns)


def made(*rows: tuple[str | None, str | None, float]) -> pl.DataFrame:
    full = [(None, *row) for row in rows]
    return pl.DataFrame(full, schema=schema_of(MADE_REJECTS), orient="row")


def causes() -> pl.DataFrame:
    ends = {"excess_rejects": 6.0, "excess_low": 3.0, "excess_high": 7.5}
    return frame_of([{"reject_cause_id": "r1", "label": "step=cut", **ends}], REJECT_CAUSES)


def waste(
    of_days: pl.DataFrame, rates: dict[str, float] = RATES, **more: pl.DataFrame
) -> list[dict[str, Any]]:
    found = step_waste(of_days, more.get("made", made()), more.get("causes", causes()), rates)
    assert tuple(found.columns) == STEP_WASTE.names
    return found.to_dicts()


def test_waiting_saves_what_lies_above_the_median_day() -> None:
    (row,) = waste(days(batching=[1.0, 2.0, 2.0, 2.0, 8.0]))
    assert (row["waste"], row["detail"], row["amount"], row["cost"]) == (
        "waiting",
        "batching",
        15,
        30,
    )
    assert row["saving"] == 2 * (8 - 2)
    assert row["cost_low"] < row["cost"] < row["cost_high"]
    assert row["saving_low"] <= row["saving"] <= row["saving_high"]


def test_days_alike_have_no_interval_and_nothing_to_save() -> None:
    (row,) = waste(days(setup=[3.0, 3.0, 3.0]))
    assert (row["cost_low"], row["cost_high"], row["saving"]) == (18, 18, 0)


def test_rejects_are_saved_where_a_cause_explains_them() -> None:
    rows = waste(
        days(other=[0.0]), made=made(("cut", "r1", 4.0), (None, "r1", 2.0), ("cut", None, 9.0))
    )
    told = [(row["step"], row["detail"], row["cost"], row["saving"]) for row in rows]
    assert told == [
        ("cut", None, 360, None),
        ("cut", "step=cut", 160, 160),
        (None, "step=cut", 80, 80),
    ]
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert (rows[1]["saving_low"], rows[1]["saving_high"]) == (80, 200)


def test_rework_costs_its_fee_and_its_work_and_is_saved_with_its_causes() -> None:
    rows = waste(
        days(rework=[2.0, 0.0], rework_hours=[0.5, 0.0]),
        made=made(("cut", "r1", 6.0), ("cut", None, 6.0)),
    )
    row = next(row for row in rows if row["waste"] == "rework")
    assert (row["amount"], row["cost"], row["saving"]) == (2, 15, 7.5)


def test_what_has_no_rate_has_no_cost_and_no_rank() -> None:
    rows = waste(
        days(other=[4.0], rework=[1.0]), {"reject_piece": 1.0}, made=made(("cut", None, 2.0))
    )
    assert {row["waste"]: (row["rank"], row["cost"]) for row in rows} == {
        "rejects": (1, 2.0),
        "rework": (None, None),
        "waiting": (None, None),
    }


def test_nothing_wasted_is_no_row() -> None:
    assert waste(days(other=[0.0])) == []
    assert waste(days(other=[0.0]).clear()) == []


@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_the_waiting_is_a_waste(part: str) -> None:
    assert [row["detail"] for row in waste(days(**{part: [1.0]}))] == [part]
