"""What care hears first, and what it hears when nobody knows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from cx_analytics.cli.answer_customer import (
    Customer,
    advice,
    alerts,
    cause_sentence,
    reason_sheet,
    verdicts,
)

LOT: dict[str, Any] = {
    "cause_id": "k1",
    "label": "modem_lot=M1",
    "kind": "shared",
    "domain": "device",
    "status": "active",
    "valid_from": datetime(2026, 1, 1, 5),
    "valid_to": None,
    "probability": 0.97,
    "share": 0.7,
}
UNKNOWN = dict.fromkeys(LOT) | {"cause_id": "background", "share": 0.3}
FIX: dict[str, Any] = {
    "cause_id": "k1",
    "label": "modem_lot=M1",
    "fix": "Replace the unit.",
    "avoid": "Do not reset it.",
    "faults_avoided_30d": 0.0,
    "low": 0.0,
    "high": 0.0,
    "verdict": None,
}
AGAIN: dict[str, Any] = {
    "cause_id": "k1",
    "label": "modem_lot=M1",
    "kind": "unit_replacement",
    "effective_from": datetime(2026, 1, 2),
    "not_updated": False,
    "faults": 2,
    "last_at": datetime(2026, 1, 5, 6, 7),
}
SINCE = "2 faults since the replacement of the unit of 2026-01-02, the last on 2026-01-05 06:07"


def one(**rows: list[dict[str, Any]]) -> Customer:
    names = ("reasons", "fixes", "faults", "repeated", "fit")
    return Customer("C1", {}, **{name: rows.get(name, []) for name in names})


def test_a_fix_in_vain_is_said_first_with_its_day_and_what_came_after() -> None:
    fix = FIX | {
        "verdict": "did_not",
        "verdict_on": date(2026, 1, 9),
        "verdict_smallest_effect": 0.6,
    }
    assert alerts(one(fixes=[fix], repeated=[AGAIN])) == [
        "Again after a fix: the fix did not help against modem lot M1 (as of 2026-01-09; a fall by "
        f"60 % or more would have shown), {SINCE}."
    ]
    assert verdicts(one(fixes=[fix])) == []


def test_a_verdict_without_a_day_is_said_without_one() -> None:
    assert verdicts(one(fixes=[FIX | {"verdict": "worked"}])) == [
        "So far: the fix worked against modem lot M1."
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (AGAIN, f"Again after a fix: modem lot M1, {SINCE}."),
        (AGAIN | {"not_updated": True}, f"Not updated yet: modem lot M1, {SINCE}."),
    ],
)
def test_faults_after_a_fix_are_said_once_a_cause(row: dict[str, Any], words: str) -> None:
    assert alerts(one(repeated=[row, row])) == [words]


def test_a_cause_that_came_back_is_said_first() -> None:
    assert alerts(one(reasons=[LOT | {"status": "recurred"}])) == [
        "Again after a fix: modem lot M1 came back, for all whom it touches."
    ]


LOT_WORDS = "a device issue, confirmed (97 % sure), known and open, since 2026-01-01."


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        ([], "No faults: nothing to do."),
        ([LOT, UNKNOWN], f"Cause: modem lot M1 (70 % of the faults), {LOT_WORDS}"),
        (
            [UNKNOWN | {"share": 0.6}, LOT | {"share": 0.4}],
            "Cause: not explained (60 % of the faults). Beside it, modem lot M1 "
            f"(40 % of the faults), {LOT_WORDS}",
        ),
        (
            [LOT | {"share": 0.4}, UNKNOWN],
            "Cause: not explained, since no cause explains half of the faults. The largest part "
            f"is modem lot M1 (40 % of the faults), {LOT_WORDS}",
        ),
    ],
)
def test_what_is_not_explained_is_said_so(reasons: list[dict[str, Any]], words: str) -> None:
    assert cause_sentence(one(reasons=reasons)) == words


def test_no_gain_is_promised_where_none_is_expected() -> None:
    assert advice(one(fixes=[FIX])) == ["Do: Replace the unit.", "Do not: reset it."]


def test_a_customers_own_cause_does_not_repeat_the_id() -> None:
    own = LOT | {"label": "customer_id=C1", "domain": "customer", "kind": "individual"}
    assert cause_sentence(one(reasons=[own])).startswith("Cause: this customer, everywhere (70 %")


def test_causes_below_one_in_a_hundred_stand_in_one_row() -> None:
    last = datetime(2026, 1, 5, 6, 7)
    shares = [("modem_lot=M1", 0.98), ("unit_id=U8", 0.006), ("unit_id=U9", 0.006)]
    rows = [
        LOT | {"label": label, "share": share, "last_at": last.replace(day=day)}
        for day, (label, share) in enumerate(shares, 5)
    ]
    assert [row[:2] for row in reason_sheet(rows).rows] == [
        ("modem lot M1", "98 %"),
        ("2 causes below 1 %", "1 %"),
    ]
    assert reason_sheet(rows).rows[1][-1] == "2026-01-07 06:07"
