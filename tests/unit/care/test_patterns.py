from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest

from cx_analytics.care import CareEvidence
from cx_analytics.care.patterns import patterns_of

AS_OF = datetime(2026, 2, 1)
NOTHING = pl.DataFrame()
CONDITIONS = pl.Map(pl.String(), pl.String())
SCHEMA = {
    "customer_id": pl.String,
    "attribute": pl.String,
    "value": pl.String,
    "sessions": pl.Int64,
    "faults": pl.Float64,
    "all_sessions": pl.Int64,
    "all_faults": pl.Float64,
}
Habit = tuple[str, str, str, int, float, int, float]


def evidence(*habits: Habit, version: str | None = "2") -> CareEvidence:
    """One customer with unit u1 and the only app, whose version 2 has most sessions."""
    return CareEvidence(
        causes=pl.DataFrame({"conditions": []}, schema={"conditions": CONDITIONS}),
        customer_causes=NOTHING,
        usage=pl.DataFrame(
            {
                "customer_id": "c1",
                "unit_id": "u1",
                "app_name": None,
                "app_version": [version],
                "unit_sessions": 10,
                "main_unit_sessions": 8,
            },
            schema_overrides={"app_name": pl.String, "app_version": pl.String},
        ),
        exposure=NOTHING,
        habits=pl.DataFrame(habits, schema=SCHEMA, orient="row"),
        version_counts=pl.DataFrame(
            {"app_name": "mail", "app_version": ["1", "2", "3", "9"], "sessions": [30, 60, 10, 99]}
        ),
        unit_versions=NOTHING,
        version_moves=NOTHING,
        releases=pl.DataFrame(
            {
                "app_name": "mail",
                "app_version": ["1", "2", "3"],
                "released_at": [datetime(2026, 1, day) for day in (1, 10, 20)],
            }
        ),
    )


def found(given: CareEvidence) -> tuple[object, ...]:
    return patterns_of(given, as_of=AS_OF).row(0)


@pytest.mark.parametrize(
    ("habit", "pattern"),
    [
        (("c1", "cell_id", "n1", 5, 2.0, 10, 2.5), ["one_cell"]),
        (("c1", "unit_id", "u1", 5, 2.0, 10, 2.5), ["one_unit"]),
        (("c1", "app_name", "mail", 5, 2.0, 10, 2.5), ["one_app"]),
        (("c1", "unit_id", "u9", 5, 2.0, 10, 2.5), []),
        (("c1", "cell_id", "n1", 8, 2.0, 10, 2.5), []),
        (("c1", "cell_id", "n1", 5, 2.0, 10, 4.0), []),
        (("c1", "cell_id", "n1", 1, 1.0, 10, 1.0), []),
    ],
)
def test_most_faults_where_the_customer_mostly_is_not(habit: Habit, pattern: list[str]) -> None:
    assert found(evidence(habit)) == ("c1", pattern, None)


def test_behind_most_others() -> None:
    assert found(evidence(version="1")) == ("c1", ["old_app"], "3")


@pytest.mark.parametrize("version", ["2", "3", "9", None])
def test_not_behind_most_others_or_not_in_the_trusted_list(version: str | None) -> None:
    assert found(evidence(version=version)) == ("c1", [], None)


def test_a_version_under_a_cause_is_no_step_to_take() -> None:
    bad = pl.DataFrame({"conditions": [{"app_version": "3"}]}, schema={"conditions": CONDITIONS})
    assert found(replace(evidence(version="1"), causes=bad)) == ("c1", ["old_app"], "2")


@pytest.mark.parametrize(
    ("main", "named", "pattern"),
    [(100, 100, ["sole_unit"]), (95, 100, ["sole_unit"]), (94, 100, []), (0, 0, ["sole_unit"])],
)
def test_a_customer_of_one_unit(main: int, named: int, pattern: list[str]) -> None:
    given = evidence()
    usage = given.usage.with_columns(
        main_unit_sessions=pl.lit(main, pl.Int64), unit_sessions=pl.lit(named, pl.Int64)
    )
    assert found(replace(given, usage=usage)) == ("c1", pattern, None)
