"""Working hours that cx.toml gives: what they open, and what cannot be meant."""

from __future__ import annotations

import polars as pl
import pytest

from cx_analytics.contracts.calendar import Calendar
from cx_analytics.contracts.errors import SettingsError
from cx_analytics.supply import given_hours
from cx_analytics.workspace import parse_settings

THURSDAY, MONDAY = 0, 4 * 96
"""First quarters of these days in a week that begins on a Thursday, as 1970 did."""


def test_hours_are_quarters_of_a_week_that_begins_on_thursday() -> None:
    given = given_hours(Calendar(("mon 00:00-00:30", "thu 00:15-00:30")))
    assert sorted(given["quarter"]) == [THURSDAY + 1, MONDAY, MONDAY + 1]


def test_lines_and_resources_have_hours_of_their_own() -> None:
    raw = {
        "calendar": {
            "hours": ["mon-sun 00:00-24:00"],
            "line": {"L1": ["mon 06:00-06:15"]},
            "resource": {"R1": "fri 23:45-00:15"},
        }
    }
    resource, line = pl.col("resource"), pl.col("line")
    given = given_hours(parse_settings(raw).calendar)
    assert given.filter(resource.is_null() & line.is_null()).height == 672
    assert given.filter(line == "L1")["quarter"].to_list() == [MONDAY + 24]
    assert sorted(given.filter(resource == "R1")["quarter"]) == [191, 192]


def test_without_hours_all_are_learned() -> None:
    assert given_hours(Calendar()).is_empty()


@pytest.mark.parametrize("wrong", ["mon 06:10-07:00", "monday 06:00-07:00", "mon 06:00-24:15", ""])
def test_hours_that_cannot_be_meant_are_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match="no hours of a week"):
        parse_settings({"calendar": {"line": {"L1": [wrong]}}})
