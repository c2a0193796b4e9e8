from dataclasses import replace
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cx_analytics.care import CareEvidence, customer_fixes, default_playbook
from cx_analytics.contracts.tables import CUSTOMER_FIXES

START, AS_OF = datetime(2026, 1, 1), datetime(2026, 1, 31)
Cause = tuple[str, str, str, dict[str, str], datetime | None, str, float]

APP: Cause = ("app", "shared", "app", {"app_version": "5.2"}, None, "active", 0.99)
CELL: Cause = ("cell", "shared", "network", {"cell_id": "n1"}, None, "new", 0.99)
FIRMWARE: Cause = (
    "fw",
    "shared",
    "device",
    {"firmware_version": "F1"},
    None,
    "active",
    0.99,
)
LOT: Cause = ("lot", "shared", "device", {"modem_lot": "M7"}, None, "active", 0.9)
UNIT: Cause = ("unit", "individual", "device", {"unit_id": "u1"}, None, "active", 0.99)
OWN: Cause = ("own", "individual", "customer", {"customer_id": "c1"}, None, "active", 0.6)
HOME: Cause = (
    "home",
    "individual",
    "customer",
    {"customer_id": "c1", "cell_id": "n1"},
    None,
    "active",
    0.9,
)
ENDED: Cause = (
    "past",
    "shared",
    "network",
    {"cell_id": "n2"},
    datetime(2026, 1, 9),
    "active",
    0.99,
)


def causes(*rows: Cause) -> pl.DataFrame:
    types = {
        "cause_id": pl.String,
        "kind": pl.String,
        "domain": pl.String,
        "conditions": pl.Map(pl.String(), pl.String()),
        "valid_to": pl.Datetime("us"),
        "status": pl.String,
        "probability": pl.Float64,
    }
    columns = {name: [row[i] for row in rows] for i, name in enumerate(types)}
    frame = pl.DataFrame(columns, schema=types)
    return frame.with_columns(
        sessions=pl.lit(1000),
        excess_faults=pl.lit(100.0),
        valid_from=pl.lit(None, dtype=pl.Datetime("us")),
    )


def habits(*rows: tuple[str, str, str, int, float, int, float]) -> pl.DataFrame:
    """Rows of the model `care/fault_habits`."""
    schema = {
        "customer_id": pl.String,
        "attribute": pl.String,
        "value": pl.String,
        "sessions": pl.Int64,
        "faults": pl.Float64,
        "all_sessions": pl.Int64,
        "all_faults": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def evidence(
    known: pl.DataFrame,
    faults: dict[str, dict[str, float]],
    exposure: dict[str, tuple[int, int]] | None = None,
) -> CareEvidence:
    """Faults by customer and cause; each customer had 30 sessions, under a cause as given."""
    pairs = [(who, cause, n) for who, mine in faults.items() for cause, n in mine.items()]
    met = exposure or {}
    return CareEvidence(
        causes=known,
        customer_causes=pl.DataFrame(
            [(who, date(2026, 1, 5), cause, n, n, 80.0 * n) for who, cause, n in pairs],
            schema=["customer_id", "day", "cause_id", "faults", "faults_squared", "lost"],
            orient="row",
        ),
        usage=pl.DataFrame(
            {
                "customer_id": list(faults),
                "sessions": 30,
                "late_sessions": 7,
                "unit_id": "u1",
                "device_model": "X",
                "app_name": "mail",
                "app_version": "5.3",
                "unit_sessions": 30,
                "main_unit_sessions": 20,
            }
        ),
        exposure=pl.DataFrame(
            [(who, cause, 30, *met.get(cause, (20, 0))) for who, cause, _ in pairs],
            schema=["customer_id", "cause_id", "met", "exposed", "later"],
            orient="row",
        ).filter(pl.col("cause_id").is_in(known["cause_id"].implode())),
        habits=habits(),
        version_counts=pl.DataFrame(
            {
                "app_name": "mail",
                "app_version": ["5.2", "5.3"],
                "device_model": "X",
                "sessions": 1000,
                "own_faults": [100.0, 5.0],
                "sessions_squared": 1000,
            }
        ),
        unit_versions=pl.DataFrame(
            {
                "attribute": "firmware_version",
                "version": ["F1", "F2"],
                "device_model": "X",
                "sessions": 1000,
                "own_faults": [100.0, 5.0],
                "sessions_squared": 1000,
            }
        ),
        version_moves=pl.DataFrame(
            {
                "attribute": "firmware_version",
                "from_version": ["F1"],
                "to_version": "F2",
                "units": 9,
            }
        ),
        releases=pl.DataFrame(
            {
                "app_name": "mail",
                "app_version": ["5.2", "5.3"],
                "released_at": [datetime(2025, 12, 1), datetime(2026, 1, 1)],
            }
        ),
    )


def fixes(given: CareEvidence) -> pl.DataFrame:
    return customer_fixes(given, default_playbook(), window_start=START, as_of=AS_OF)


def ranked(found: pl.DataFrame) -> list[tuple[str, int, str, str]]:
    return found.select("customer_id", "rank", "cause_id", "fix_code").rows()


@pytest.mark.parametrize(
    ("cause", "fix_code", "confidence", "words"),
    [
        (APP, "update_app", "confirmed", "Update the app to 5.3"),
        (FIRMWARE, "update_firmware", "confirmed", "Install firmware F2"),
        (CELL, "network_repair", "confirmed", "Nothing to do on your side: known network issue"),
        (LOT, "replace_unit", "probable", "modem lot M7"),
        (UNIT, "replace_unit", "confirmed", "Replace the unit"),
        (OWN, "change_sim", "suspected", "change the SIM"),
        (ENDED, "none_ended", "confirmed", "ended 2026-01-09"),
    ],
)
def test_each_cause_has_its_fix(cause: Cause, fix_code: str, confidence: str, words: str) -> None:
    found = fixes(evidence(causes(cause), {"c1": {cause[0]: 3.0, "background": 1.0}}))
    assert tuple(found.columns) == CUSTOMER_FIXES.names
    row = found.row(0, named=True)
    assert (found.height, row["fix_code"], row["confidence"]) == (1, fix_code, confidence)
    assert words in row["fix"]
    assert row["share"] == 0.75
    assert row["avoid"].startswith("Do not")
    assert row["low"] <= row["faults_avoided_30d"] <= row["high"]
    assert "c1" not in row["fix"]


def test_the_fix_that_avoids_most_comes_first() -> None:
    found = fixes(evidence(causes(APP, CELL, ENDED), {"c1": {"past": 4, "cell": 1, "app": 3}}))
    assert ranked(found) == [
        ("c1", 1, "app", "update_app"),
        ("c1", 2, "cell", "network_repair"),
        ("c1", 3, "past", "none_ended"),
    ]
    assert found["faults_avoided_30d"][2] == 0


def test_the_cause_of_most_faults_leads_unless_another_fix_avoids_half_a_fault_more() -> None:
    """The issue that made 7 of 10 faults has ended; the cell brings little, or a lot."""
    told = evidence(causes(ENDED, CELL), {"c1": {"past": 7.0, "cell": 3.0}}, {"cell": (1, 0)})
    assert fixes(told)["cause_id"].to_list() == ["past", "cell"]
    told = evidence(causes(ENDED, CELL), {"c1": {"past": 7.0, "cell": 3.0}}, {"cell": (20, 0)})
    assert fixes(told)["cause_id"].to_list() == ["cell", "past"]


@pytest.mark.parametrize(
    "mine", [{"background": 1.0}, {"background": 0.6, "app": 0.4}, {"forgotten": 1.0}]
)
def test_not_explained_when_no_cause_explains_half(mine: dict[str, float]) -> None:
    row = fixes(evidence(causes(APP), {"c1": mine})).row(0, named=True)
    assert (row["cause_id"], row["fix_code"]) == ("background", "observe")
    assert (row["confidence"], row["faults_avoided_30d"]) == ("not explained", 0)


def test_three_thirds_are_not_explained_and_what_is_known_follows() -> None:
    found = fixes(evidence(causes(APP, CELL, LOT), {"c1": {"app": 1, "cell": 1, "lot": 1}}))
    assert found["cause_id"].to_list()[0] == "background"
    assert sorted(found["cause_id"].to_list()[1:]) == ["app", "cell", "lot"]
    assert found["share"][0] == 0


def test_a_unit_is_not_replaced_for_little_or_on_suspicion() -> None:
    rare = evidence(causes(LOT), {"c1": {"lot": 1}}, {"lot": (2, 0)})
    assert fixes(rare)["fix_code"].to_list() == ["watch_unit"]
    unsure = (*UNIT[:-1], 0.7)
    assert fixes(evidence(causes(unsure), {"c1": {"unit": 9}}))["fix_code"].to_list() == [
        "test_unit"
    ]


@pytest.mark.parametrize("named", [UNIT, OWN])
@pytest.mark.parametrize(("elsewhere", "is_told_apart"), [(0, False), (1, False), (2, True)])
def test_a_unit_and_its_sim_are_told_apart_by_sessions_elsewhere(
    named: Cause, elsewhere: int, is_told_apart: bool
) -> None:
    given = evidence(causes(named), {"c1": {named[0]: 3.0}})
    usage = given.usage.with_columns(main_unit_sessions=30 - elsewhere)
    (fix_code,) = fixes(replace(given, usage=usage))["fix_code"]
    assert (fix_code != "unit_or_sim") == is_told_apart


def test_without_any_unit_id_nothing_speaks_against_the_unit() -> None:
    given = evidence(causes(OWN), {"c1": {"own": 3.0}})
    unknown = given.usage.with_columns(unit_sessions=0, main_unit_sessions=0)
    assert fixes(replace(given, usage=unknown))["fix_code"].to_list() == ["unit_or_sim"]


@pytest.mark.parametrize(("cause", "fix_code"), [(HOME, "watch_place"), (OWN, "watch_customer")])
def test_little_of_a_customers_own_is_watched(cause: Cause, fix_code: str) -> None:
    rare = evidence(causes(cause), {"c1": {cause[0]: 0.2}}, {cause[0]: (20, 0)})
    assert fixes(rare)["fix_code"].to_list() == [fix_code]


def test_who_left_the_cause_behind_needs_no_fix() -> None:
    left = evidence(causes(APP), {"c1": {"app": 3}}, {"app": (20, 10)})
    assert fixes(left)["fix_code"].to_list() == ["none_left"]
    lately = evidence(causes(APP), {"c1": {"app": 3}}, {"app": (10, 3)})
    assert fixes(lately)["fix_code"].to_list() == ["update_app"]


def test_without_a_trusted_release_there_is_no_update() -> None:
    given = evidence(causes(APP), {"c1": {"app": 3}})
    bare = CareEvidence(**{**vars(given), "releases": given.releases.clear()})
    row = fixes(bare).row(0, named=True)
    assert (row["fix_code"], row["faults_avoided_30d"]) == ("await_app", 0)


def test_every_customer_with_a_fault_has_ranks_from_1() -> None:
    mine: dict[str, dict[str, Any]] = {
        f"c{i}": {"app": i % 3, "cell": i % 2, "background": 0.1 + i % 5} for i in range(30)
    }
    given = evidence(causes(APP, CELL), mine)
    found = fixes(given)
    assert found.filter(pl.col("rank") == 1)["customer_id"].to_list() == sorted(mine)
    assert found.select(pl.struct("customer_id", "rank").is_duplicated().any()).item() is False
    mixed = {
        name: frame.sample(fraction=1, shuffle=True, seed=1) for name, frame in vars(given).items()
    }
    assert_frame_equal(found, fixes(CareEvidence(**mixed)))


def test_no_faults_no_fixes() -> None:
    given = evidence(causes(APP), {"c1": {"app": 3}})
    empty = {name: frame.clear() for name, frame in vars(given).items()}
    found = fixes(CareEvidence(**empty))
    assert (found.height, tuple(found.columns)) == (0, CUSTOMER_FIXES.names)
