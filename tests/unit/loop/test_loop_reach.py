"""What an action says: its conditions, its list, its cause, its days, and the plan that follows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import ACTIONS, CAUSES_HISTORY
from cx_analytics.loop.acts import acts_of, incidents_of
from cx_analytics.loop.calendar import calendar_of
from cx_analytics.loop.reach import Reached, Scope, reached_of, scope_of

SINCE = datetime(2026, 1, 20)
COLUMNS = (
    *("unit_id", "customer_id", "cell_id", "app_version", "app_name", "device_model", "region"),
    *("network_type", "lot", "modem_lot"),
)


def action(action_id: str, **given: Any) -> dict[str, Any]:
    return {"action_id": action_id, "kind": "other", "effective_from": SINCE} | given


def cause(cause_id: str, **given: Any) -> dict[str, Any]:
    row = {
        "as_of": date(2026, 1, 25),
        "cause_id": cause_id,
        "conditions": {"cell_id": "C1"},
        "label": "cell_id=C1",
        "first_reported_on": date(2026, 1, 10),
        "valid_from": datetime(2026, 1, 4, 6),
        "faults": 100,
        "expected_faults": 25.0,
    }
    return row | given


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, []),
        ("[]", []),
        ("all of them", []),
        ('{"U1": "soon"}', [Reached(None, "U1", None)]),
        ("[7, true, null]", [Reached(None, "7", None)]),
        ('["U1", "U1"]', [Reached(None, "U1", None)]),
        (
            '{"units": [{"id": "U1", "at": "2026-01-02T03:00:00+01:00"}], "note": 3}',
            [Reached("unit_id", "U1", datetime(2026, 1, 2, 2))],
        ),
        (
            '[{"cell_id": "C1", "since": "2026-01-02"}, ["C2", "2026-01-03"]]',
            [
                Reached("cell_id", "C1", datetime(2026, 1, 2)),
                Reached(None, "C2", datetime(2026, 1, 3)),
            ],
        ),
    ],
)
def test_lists_of_the_reached_in_any_shape(text: str | None, found: list[Reached]) -> None:
    assert reached_of(text) == found


@pytest.mark.parametrize(
    ("kind", "conditions", "column", "plan"),
    [
        (
            "cell_repair",
            {"cell_id": "C1"},
            None,
            Scope("cell_id", "C1", strata=("network_type", "region")),
        ),
        (
            "app_update",
            {"app_version": "5.2.0", "device_model": "X"},
            None,
            Scope(
                "customer_id",
                None,
                {"device_model": "X"},
                {"app_version": "5.2.0"},
                strata=("app_name",),
            ),
        ),
        ("other", {"modem_lot": "M7"}, None, Scope("modem_lot", "M7", strata=("device_model",))),
        (
            "other",
            {"modem_lot": "M7"},
            "unit_id",
            Scope("unit_id", None, {"modem_lot": "M7"}, listed=True, strata=("device_model",)),
        ),
    ],
)
def test_the_part_of_each_condition(
    kind: str, conditions: dict[str, str], column: str | None, plan: Scope
) -> None:
    assert scope_of(kind, conditions, column, COLUMNS) == plan


@pytest.mark.parametrize(
    ("kind", "conditions", "why"),
    [
        ("other", {}, "neither whom it reached nor its conditions"),
        ("other", {"colour": "red"}, "sessions have no colour"),
        ("lot_hold", {"lot": "L1"}, "units or releases to come"),
        ("rollout_stop", {"app_version": "5.2.0"}, "units or releases to come"),
        (
            "other",
            dict.fromkeys(("region", "lot", "app_name", "app_version", "cell_id"), "1"),
            "more than 3 conditions",
        ),
    ],
)
def test_why_nothing_can_be_compared(kind: str, conditions: dict[str, str], why: str) -> None:
    assert why in scope_of(kind, conditions, None, COLUMNS)


def test_the_cause_of_an_action() -> None:
    history = frame_of(
        [
            cause("c-1", as_of=date(2026, 1, 24), valid_from=None),
            cause("c-1"),
            cause("c-2", label="lot=L1", conditions={"lot": "L1"}, valid_to=datetime(2026, 1, 6)),
        ],
        CAUSES_HISTORY,
    )
    given = frame_of(
        [
            action("a-1", cause_id="c-1"),
            action("a-2", conditions="cell_id=C1"),
            action("a-3", conditions="lot=L1"),
            action("a-4", cause_id="c-9"),
        ],
        ACTIONS,
    )
    one, two, three, four = acts_of(given, history)
    assert one.conditions == {"cell_id": "C1"}
    assert (one.onset, one.first_reported_on, one.excess) == (
        datetime(2026, 1, 4, 6),
        date(2026, 1, 10),
        0.75,
    )
    assert (two.cause_id, three.cause_id, four.cause_id) == ("c-1", None, "c-9")
    assert four.conditions == {}
    assert incidents_of(history, "c-1")["cause_id"].to_list() == ["c-2"]
    assert incidents_of(history, "c-2")["cause_id"].to_list() == []


def days_of(**given: Any) -> tuple[date, date, date | None, date | None]:
    found = calendar_of(SINCE, date(2026, 1, 1), date(2026, 1, 28), **given)
    return found.first, found.last_before, found.left_from, found.left_to


def test_days_after_the_first_report_count_when_there_was_one() -> None:
    onset, reported = datetime(2026, 1, 4, 6), date(2026, 1, 10)
    assert days_of(onset=onset, first_reported_on=reported) == (
        date(2026, 1, 11),
        date(2026, 1, 19),
        date(2026, 1, 4),
        reported,
    )


def test_without_a_report_the_days_just_before_are_left_out() -> None:
    expected = (date(2026, 1, 1), date(2026, 1, 19), date(2026, 1, 11), date(2026, 1, 19))
    assert days_of() == expected
    assert days_of(first_reported_on=date(2026, 1, 20)) == expected
    assert days_of(onset=datetime(2026, 1, 4, 6))[0] == date(2026, 1, 5)


def test_the_day_of_the_action_is_neither_before_nor_after() -> None:
    found = calendar_of(datetime(2026, 1, 20, 9), date(2026, 1, 1), date(2026, 1, 28))
    assert (found.last_before, found.first_after) == (date(2026, 1, 19), date(2026, 1, 21))
    assert found.is_before(date(2026, 1, 10))
    assert not found.is_before(date(2026, 1, 15))
    assert not found.is_before(date(2026, 1, 20))


def test_no_history_is_no_obstacle() -> None:
    acts = acts_of(frame_of([action("a-1")], ACTIONS), frame_of([], CAUSES_HISTORY))
    assert [act.cause_id for act in acts] == [None]
    assert isinstance(
        acts_of(frame_of([], ACTIONS), pl.DataFrame(schema=frame_of([], CAUSES_HISTORY).schema)),
        list,
    )
