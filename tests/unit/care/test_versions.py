from datetime import datetime

import polars as pl
import pytest

from cx_analytics.care import better_versions

AS_OF = datetime(2026, 2, 1)
RELEASES = pl.DataFrame(
    {
        "app_name": "mail",
        "app_version": ["5.1", "5.2", "5.3", "5.4", "9.9"],
        "released_at": [
            datetime(2025, 12, 1),
            datetime(2026, 1, 1),
            datetime(2026, 1, 10),
            datetime(2026, 1, 20),
            datetime(2026, 3, 1),
        ],
    }
)


def causes(*conditions: dict[str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"cause_id": [f"k{i}" for i in range(len(conditions))], "conditions": list(conditions)},
        schema={"cause_id": pl.String, "conditions": pl.Map(pl.String(), pl.String())},
    )


def counts(*rows: tuple[str | None, str, str | None, int, int], each: int = 1) -> pl.DataFrame:
    """Version counts whose customers had `each` sessions."""
    schema = {
        "app_name": pl.String,
        "app_version": pl.String,
        "device_model": pl.String,
        "sessions": pl.Int64,
        "own_faults": pl.Float64,
    }
    found = pl.DataFrame(rows, schema=schema, orient="row")
    return found.with_columns(sessions_squared=pl.col("sessions") * each)


BAD = ("mail", "5.2", "X", 1000, 100)
COUNTS = counts(
    BAD,
    ("mail", "5.1", "X", 1000, 1),
    ("mail", "5.3", "X", 1000, 10),
    ("mail", "9.9", "X", 1000, 0),
    ("mail", "666", "X", 1000, 0),
)


def targets(
    found_causes: pl.DataFrame, version_counts: pl.DataFrame = COUNTS
) -> list[tuple[object, ...]]:
    found = better_versions(found_causes, version_counts, RELEASES, as_of=AS_OF)
    return found.drop("probability_better").rows()


def test_newer_released_and_better() -> None:
    """Not an older one, not one that is not out yet, not one that no release names."""
    assert targets(causes({"app_version": "5.2"})) == [("k0", "mail", "X", "5.3")]


def test_the_latest_of_several() -> None:
    more = pl.concat([COUNTS, counts(("mail", "5.4", "X", 500, 5))])
    assert targets(causes({"app_version": "5.2"}), more) == [("k0", "mail", "X", "5.4")]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"app_version": "5.3"}, []),
        ({"app_version": "5.3", "device_model": "X"}, []),
        ({"app_version": "5.3", "device_model": "Y"}, [("k0", "mail", "X", "5.3")]),
    ],
)
def test_a_version_under_a_cause_itself_is_no_target(
    other: dict[str, str], expected: list[tuple[str, ...]]
) -> None:
    assert targets(causes({"app_version": "5.2", "device_model": "X"}, other)) == expected


@pytest.mark.parametrize("faults", [1, 2])
def test_little_evidence_is_no_evidence(faults: int) -> None:
    little = counts(BAD, ("mail", "5.3", "X", 10, faults))
    assert targets(causes({"app_version": "5.2"}), little) == []


def test_better_on_another_model_is_not_better_here() -> None:
    other = counts(BAD, ("mail", "5.3", "X", 1000, 100), ("mail", "5.3", "Y", 1000, 1))
    assert targets(causes({"app_version": "5.2"}), other) == []


def test_a_version_that_no_release_names_orders_nothing() -> None:
    unlisted = counts(("mail", "5.0-beta", "X", 1000, 100), ("mail", "5.3", "X", 1000, 1))
    assert targets(causes({"app_version": "5.0-beta"}), unlisted) == []


def test_unnamed_sessions_belong_to_the_only_app_of_the_list() -> None:
    unnamed = counts((None, "5.2", None, 1000, 100), (None, "5.3", None, 1000, 1))
    assert targets(causes({"app_version": "5.2"}), unnamed) == [("k0", "mail", None, "5.3")]


def test_nothing_to_compare() -> None:
    assert targets(causes({"lot": "L1"})) == []
    assert targets(causes(), counts()) == []


def test_faults_of_few_customers_tell_less_than_those_of_many() -> None:
    rows = (("mail", "5.2", "X", 1000, 20.0), ("mail", "5.3", "X", 1000, 11.0))
    assert targets(causes({"app_version": "5.2"}), counts(*rows)) == [("k0", "mail", "X", "5.3")]
    assert targets(causes({"app_version": "5.2"}), counts(*rows, each=500)) == []
