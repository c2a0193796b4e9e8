"""Fixes scored: what counts as addressing a planted cause, and what only names it."""

from __future__ import annotations

import math

import polars as pl
import pytest

from cx_analytics.bench.care import HELPS, CareScore, judge_fixes, mean_of
from cx_analytics.care import default_playbook
from cx_analytics.contracts.words import BACKGROUND
from cx_analytics.simulate import Truth

MAP = pl.Map(pl.String(), pl.String())
PLANTED = {
    "cell": ("shared", "network", {"cell_id": "n1"}),
    "unit": ("individual", "device", {"unit_id": "u1"}),
    "sim": ("individual", "customer", {"customer_id": "c1"}),
    "home": ("individual", "customer", {"customer_id": "c1", "cell_id": "n2"}),
}


def judged(true: str, against: str, fix_code: str, *, struck: int = 3) -> dict[str, float]:
    """One customer with four faults, `struck` of them by the true cause."""
    sessions = [f"s{number}" for number in range(4)]
    causes = [true] * struck + ["other"] * (4 - struck)
    truth = Truth(
        causes=pl.DataFrame(
            {
                "cause_id": list(PLANTED),
                "kind": [kind for kind, _, _ in PLANTED.values()],
                "domain": [domain for _, domain, _ in PLANTED.values()],
                "conditions": pl.Series([keys for *_, keys in PLANTED.values()], dtype=MAP),
            }
        ),
        fault_causes=pl.DataFrame({"session_id": sessions, "cause_id": causes}),
        fault_posteriors=pl.DataFrame(
            {"session_id": sessions, "cause_id": causes, "posterior": 1.0}
        ),
    )
    fixes = pl.DataFrame(
        {
            "customer_id": ["c1"],
            "fix_code": [fix_code],
            "confidence": ["not explained" if against == BACKGROUND else "confirmed"],
            "against": [against],
        }
    )
    known = pl.DataFrame({"session_id": sessions, "customer_id": "c1"})
    return judge_fixes(fixes, truth, known)


@pytest.mark.parametrize(
    ("true", "against", "fix_code", "named", "addressed"),
    [
        ("cell", "cell", "network_repair", 1, 1),
        ("cell", "unit", "replace_unit", 0, 0),
        (BACKGROUND, BACKGROUND, "observe", 1, 1),
        (BACKGROUND, "cell", "network_repair", 0, 0),
        ("cell", BACKGROUND, "observe", 0, 0),
        ("sim", "sim", "replace_unit", 1, 0),
        ("sim", "sim", "unit_or_sim", 1, 1),
        ("unit", "unit", "unit_or_sim", 1, 1),
        ("unit", "unit", "change_sim", 1, 0),
        ("home", "home", "check_coverage", 1, 1),
        ("home", "home", "unit_or_sim", 1, 0),
    ],
)
def test_a_fix_of_a_customers_own_trouble_has_to_help(
    true: str, against: str, fix_code: str, named: float, addressed: float
) -> None:
    told = judged(true, against, fix_code)
    assert (told["named"], told["addressed"]) == (named, addressed)


@pytest.mark.parametrize(
    ("true", "wrongly", "own"),
    [("cell", 1.0, math.nan), ("sim", math.nan, 1.0), ("unit", math.nan, math.nan)],
)
def test_units_replaced_because_of_something_else(true: str, wrongly: float, own: float) -> None:
    told = judged(true, "unit", "replace_unit")
    figures = (told["wrongly_replaced"], told["replaced_for_own"])
    assert figures == pytest.approx((wrongly, own), nan_ok=True)


def test_who_has_no_main_cause_does_not_count() -> None:
    assert judged("cell", "cell", "network_repair", struck=2)["customers"] == 0


def test_fixes_that_are_said_to_help_are_in_the_playbook() -> None:
    assert set(HELPS) <= {rule.then.fix_code for rule in default_playbook().rules}


def test_the_mean_leaves_out_worlds_without_the_figure() -> None:
    one, two = (CareScore(*[figure] * 11) for figure in (0.8, math.nan))
    assert mean_of([one, two]) == one
