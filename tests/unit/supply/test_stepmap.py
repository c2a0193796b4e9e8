"""Costs of the step map and the rule for working hours."""

from __future__ import annotations

import polars as pl
import pytest

from cx_analytics.contracts.errors import SettingsError
from cx_analytics.contracts.tables import STEP_MAP
from cx_analytics.contracts.tables.supply import WAIT_PARTS
from cx_analytics.supply import CalendarRule, no_field_faults, step_map


def transitions() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "from_step": [None, "cut"],
            "to_step": ["cut", "check"],
            "cases": [2, 2],
            "work_s": [7200.0, 3600.0],
            "wait_s": [0.0, 1800.0],
            "idle_share": [0.0, 1 / 3],
            "rework": [0, 1],
            "scrap": [None, 4.0],
        }
    ).with_columns(pl.lit(0.0).alias(f"{cause}_s") for cause, _ in WAIT_PARTS)


def test_costs_follow_the_rates_and_what_is_unknown_costs_nothing() -> None:
    rates = {"work_hour": 10.0, "wait_hour": 2.0, "reject_piece": 3.0, "field_fault": 100.0}
    faults = pl.DataFrame({"from_step": [None], "step": ["cut"], "faults": [0.5]})
    faults = faults.cast({"from_step": pl.String})
    assert step_map(transitions(), rates, None, faults)["cost"].to_list() == [70.0, 23.0]
    assert step_map(transitions(), {"rework": 5.0})["cost"].to_list() == [0.0, 5.0]


def test_a_reject_costs_where_it_was_made() -> None:
    made = pl.DataFrame(
        {
            "from_step": [None, None, "cut"],
            "step": ["cut", None, "check"],
            "rejects": [3.0, 1.0, 0.0],
        },
        schema_overrides={"from_step": pl.String},
    )
    priced = step_map(transitions(), {"reject_piece": 10.0}, made)
    assert priced["scrap_made"].to_list() == [3.0, 0.0]
    assert priced["cost"].to_list() == [30.0, 0.0]


def test_faults_in_the_field_stand_where_they_were_made_and_a_silent_field_is_unknown() -> None:
    faults = pl.DataFrame({"from_step": ["cut"], "step": ["check"], "faults": [2.0]})
    known = step_map(transitions(), {"field_fault": 10.0}, None, faults)
    assert known["field_faults"].to_list() == [0.0, 2.0]
    assert known["cost"].to_list() == [0.0, 20.0]
    silent = step_map(transitions(), {"field_fault": 10.0}, None, faults.clear())
    assert silent["field_faults"].to_list() == [None, None]


def test_without_rates_the_cost_is_unknown() -> None:
    priced = step_map(transitions(), {})
    assert priced["cost"].to_list() == [None, None]
    assert tuple(priced.columns) == STEP_MAP.names


def test_a_rate_that_does_not_exist_is_refused_with_a_hint() -> None:
    with pytest.raises(SettingsError, match="work_hours is no rate") as error:
        step_map(transitions(), {"work_hours": 1.0})
    assert error.value.todo == "did you mean work_hour?"


def test_a_silent_field_has_the_columns_that_the_model_reads() -> None:
    assert no_field_faults().columns == ["unit_id", "lot", "line", "station", "faults"]
    assert no_field_faults().height == 0


@pytest.mark.parametrize("wrong", [{"open_share": 1.5}, {"minimum_hours": 0}])
def test_a_calendar_rule_has_limits(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="open_share lies in 0 to 1"):
        CalendarRule(**wrong)
