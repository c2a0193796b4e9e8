"""Faults in the field come back to the steps that made them: the field is one more look."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from cx_analytics.contracts.tables import STEP_FIELD_FAULTS
from cx_analytics.supply import (
    MADE_FAULTS,
    field_wastes,
    left_faults,
    made_faults,
    step_field_faults,
)

SPREAD = pl.DataFrame({"from_step": [None, "cut"], "step": ["cut", "weld"], "faults": [2.0, 1.0]})


@pytest.fixture
def traced(plant: Any, trace: Any) -> Any:
    """A plant whose rejects stand for faults: what one look saw is what a unit did."""
    return trace(plant(seed=91, bad={"drill 2": 3.0}).step_times())


def test_faults_of_a_maker_and_of_other_device_causes_stand_side_by_side(traced: Any) -> None:
    made = made_faults(traced.scan, traced.found, SPREAD)
    assert tuple(made.columns) == MADE_FAULTS.names
    faults = step_field_faults(traced.scan, traced.found, made, 100.0)
    assert tuple(faults.columns) == STEP_FIELD_FAULTS.names
    assert faults["faults"].sum() == pytest.approx(made["faults"].sum())
    told = faults.select("step", "label", "resource").rows()
    assert told == [
        ("drill", "resource=drill 2 & step=drill", "drill 2"),
        ("cut", None, None),
        ("weld", None, None),
    ]
    first = faults.row(0, named=True)
    assert first["faults"] == pytest.approx(traced.causes["excess_rejects"].item())
    assert first["cost"] == pytest.approx(100 * first["faults"])
    assert first["cost_low"] < first["cost"] < first["cost_high"]


def test_what_a_maker_explains_is_no_longer_left(traced: Any) -> None:
    looks = traced.scan.looks
    units = looks.select("look", ("U" + pl.col("look").cast(pl.String)).alias("unit_id"))
    rows = {"unit_id": [*units["unit_id"], None, "elsewhere"]}
    faults = pl.DataFrame(rows).with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in ("lot", "line", "station")),
        pl.lit(1.0).alias("faults"),
    )
    left = left_faults(traced.scan, traced.found, units, faults)
    assert left.columns == faults.columns
    explained = traced.causes["excess_rejects"].sum()
    assert left["faults"].sum() == pytest.approx(faults.height - explained)
    assert left["faults"].to_numpy()[-2:].tolist() == [1.0, 1.0]
    assert np.all(left["faults"].to_numpy() > 0)


def test_only_what_a_maker_makes_can_be_saved(traced: Any) -> None:
    made = made_faults(traced.scan, traced.found, SPREAD)
    rows = field_wastes(step_field_faults(traced.scan, traced.found, made), 10.0)
    assert [(row["step"], row["saving"] is None) for row in rows] == [
        ("drill", False),
        ("cut", True),
        ("weld", True),
    ]
    assert sum(row["cost"] for row in rows) == pytest.approx(10 * made["faults"].sum())
    without = field_wastes(step_field_faults(traced.scan, traced.found, made))
    assert {row["cost"] for row in without} == {None}


def test_a_silent_field_has_no_rows(plant: Any, trace: Any) -> None:
    quiet = trace(plant(cases=20, rate=0.0).step_times())
    nothing = SPREAD.clear()
    made = made_faults(quiet.scan, quiet.found, nothing)
    assert made.is_empty()
    assert step_field_faults(quiet.scan, quiet.found, made, 1.0).is_empty()
    faults = pl.DataFrame(
        {"unit_id": ["U1"], "lot": ["L1"], "line": [None], "station": [None], "faults": [2.0]}
    )
    units = pl.DataFrame(schema={"look": pl.Int64, "unit_id": pl.String})
    assert left_faults(quiet.scan, quiet.found, units, faults)["faults"].to_list() == [2.0]
