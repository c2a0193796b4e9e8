"""[supply] of cx.toml: what it may say, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from cx_analytics.contracts.errors import SettingsError
from cx_analytics.contracts.production import SHIFTS, Shift, Supply, parse_supply
from cx_analytics.contracts.sections import Section


def parse(values: dict[str, Any]) -> Supply:
    return parse_supply(Section(values, "supply", "cx.toml"))


def test_what_is_not_said_has_a_default() -> None:
    assert parse({}) == Supply()
    assert parse({}).shifts == SHIFTS


def test_a_plant_is_described() -> None:
    said = parse(
        {
            "inspections": ["* Q.C."],
            "people": "ID*",
            "operator_groups": {"team a": ["ID1", "ID2"]},
            "shifts": {"day": "06:00-18:00", "night": "18:00 - 06:00"},
            "case": "lot",
        }
    )
    assert said == Supply(
        ("* Q.C.",),
        ("ID*",),
        {"team a": ("ID1", "ID2")},
        (Shift("day", 360, 1080), Shift("night", 1080, 360)),
        "lot",
    )
    assert said.case_column == "lot"


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"inspection": []}, "has no setting 'inspection'"),
        ({"shifts": {"day": "6 to 18"}}, "day must be the hours of a shift"),
        ({"shifts": {"a": "06:00-15:00", "b": "14:00-22:00"}}, "a and b overlap"),
        ({"case": "batch"}, "'batch' is no kind of case"),
        ({"case": "Lot"}, "did you mean lot"),
        ({"case": 3}, "case = 3 has the wrong type"),
        ({"operator_groups": {"team": 3}}, "team = 3 has the wrong type"),
        ({"operator_groups": "team"}, "must be a table"),
    ],
)
def test_what_cannot_be_meant_is_refused(values: dict[str, Any], what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        parse(values)


def test_a_day_that_ends_at_midnight_is_covered_to_its_last_minute() -> None:
    late = parse({"shifts": {"late": "16:00-24:00"}}).shifts[0]
    assert [late.covers(minute) for minute in (959, 960, 1439, 0)] == [False, True, True, False]
