"""The watch on fixed causes, from Parquet to tables: only the exposed can show a cause again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cx_analytics import loop
from cx_analytics.contracts.feeds import APP_RELEASES, COMPONENTS, UNITS
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import ACTIONS, CAUSES_HISTORY, SESSIONS_TABLE
from cx_analytics.defs.automation import PUBLISH
from cx_analytics.defs.ledger import compared_releases
from cx_analytics.defs.loop import watched_days
from cx_analytics.defs.resources import House

START, DAYS, EACH_DAY = date(2026, 1, 1), 20, 900
VERSIONS, UNIT_COUNT = ("5.2.0", "5.2.1", "999.9.9"), 30
FIX, MADE = datetime(2026, 1, 3), datetime(2025, 12, 20)


def sessions_of(day: int, rng: np.random.Generator) -> pl.DataFrame:
    """2 % faults; 20 % more on the old version, on the unknown one, and on units of lot L1."""
    version, unit = rng.integers(3, size=EACH_DAY), rng.integers(UNIT_COUNT, size=EACH_DAY)
    faulty = rng.random(EACH_DAY) < 0.02 + 0.2 * (version != 1) + 0.2 * (unit < 10)
    moment = datetime.combine(START, datetime.min.time()) + timedelta(days=day)
    return pl.DataFrame(
        {
            "session_id": [f"s{day}-{number}" for number in range(EACH_DAY)],
            "started_at": [moment + timedelta(seconds=60 * n) for n in range(EACH_DAY)],
            "customer_id": [f"C{one:02d}" for one in unit],
            "unit_id": [f"U{one:02d}" for one in unit],
            "device_model": ["X"] * EACH_DAY,
            "fault_code": ["app_crash" if one else None for one in faulty],
            "line": ["A"] * EACH_DAY,
            "app_name": ["shop"] * EACH_DAY,
            "app_version": [VERSIONS[one] for one in version],
            "faulty": faulty,
        }
    )


def unit(number: int) -> dict[str, Any]:
    """Ten units a lot, of one line: L1 made before the change, L2 just after it, L3 later on."""
    return {
        "unit_id": f"U{number:02d}",
        "device_model": "X",
        "lot": f"L{number // 10 + 1}",
        "line": "A",
        "produced_at": MADE + timedelta(days=number // 10 - 1),
    }


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root: Path = tmp_path_factory.mktemp("workspace")
    (root / "cx.toml").write_text("", encoding="utf-8")
    house = House(root=str(root), locked=False)
    rng = np.random.default_rng(7)
    for day in range(DAYS):
        house.write(SESSIONS_TABLE, sessions_of(day, rng), START + timedelta(days=day))
    house.lake.write(UNITS.name, frame_of([unit(n) for n in range(UNIT_COUNT)], UNITS))
    house.lake.write(COMPONENTS.name, frame_of([], COMPONENTS))
    yield house
    house.duck.close()


def recurrence(house: House, conditions: dict[str, str], rate: float, *actions: Any) -> Any:
    cause = {
        "as_of": START + timedelta(days=DAYS - 1),
        "cause_id": "c-1",
        "kind": "shared",
        "conditions": conditions,
        "sessions": 1000,
        "expected_faults": 1000 * rate,
    }
    released = {"5.2.0": datetime(2025, 12, 1), "5.2.1": FIX}
    releases = [
        {"app_name": "shop", "app_version": version, "released_at": at}
        for version, at in released.items()
    ]
    watches = loop.watched(
        frame_of([cause], CAUSES_HISTORY),
        frame_of([{"action_id": "a-1", "cause_id": "c-1"} | one for one in actions], ACTIONS),
        frame_of(releases, APP_RELEASES),
    )
    return loop.recurrences(watches, watched_days(house, watches)).row(0, named=True)


def test_faults_on_old_builds_and_unknown_versions_reopen_nothing(house: House) -> None:
    update = {"kind": "app_update", "effective_from": FIX}
    row = recurrence(house, {"app_version": "5.2.0"}, 0.09, update)
    assert row["watched_since"] == FIX
    assert 18 * EACH_DAY / 3 * 0.9 < row["exposed_sessions"] < 18 * EACH_DAY / 3 * 1.1
    assert row["alarmed_at"] is None


def test_faults_on_the_version_with_the_fix_do(house: House) -> None:
    update = {"kind": "app_update", "effective_from": FIX}
    row = recurrence(house, {"app_version": "5.2.0"}, 0.02, update)
    assert row["alarmed_at"] is not None


@pytest.mark.parametrize(("conditions", "lots"), [({"lot": "L1"}, 2), ({"line": "A"}, 2)])
def test_a_lot_is_judged_on_units_made_after_the_change(
    house: House, conditions: dict[str, str], lots: int
) -> None:
    change = {"kind": "process_change", "effective_from": MADE}
    for rate, alarms in ((0.16, False), (0.04, True)):
        row = recurrence(house, conditions, rate, change)
        expected = lots / 3 * EACH_DAY * DAYS
        assert 0.9 * expected < row["exposed_sessions"] < 1.1 * expected
        assert (row["alarmed_at"] is not None) == alarms


def test_a_release_is_held_against_the_one_before_at_the_same_stage(house: House) -> None:
    """999.9.9 is no release of the list: it is neither compared nor taken for the newest."""
    begin = datetime.combine(START, datetime.min.time())
    released = {"5.2.1": begin, "5.2.0": begin + timedelta(days=15)}
    rows = [
        {"app_name": "shop", "app_version": version, "released_at": at}
        for version, at in released.items()
    ]
    house.lake.write(APP_RELEASES.name, frame_of(rows, APP_RELEASES))
    told = compared_releases(house)
    assert told.select("app_version", "device_model", "previous_version").rows() == [
        ("5.2.1", None, None),
        ("5.2.1", "X", None),
        ("5.2.0", None, "5.2.1"),
        ("5.2.0", "X", "5.2.1"),
    ]
    worse = told.row(2, named=True)
    assert (worse["stage_days"], worse["customers"], worse["units"]) == (5, UNIT_COUNT, UNIT_COUNT)
    assert worse["previous_user_days"] == UNIT_COUNT * 5
    assert worse["ratio_low"] > 1.2
    assert worse["chance_wrong"] < 0.05
    assert told.row(0, named=True)["previous_user_days"] == 0


def test_what_is_said_of_causes_is_said_again_before_it_is_published(house: House) -> None:
    from cx_analytics.definitions import build_definitions

    job = build_definitions(house.root).resolve_job_def(PUBLISH.name)
    made = [key.to_user_string() for key in job.asset_layer.selected_asset_keys]
    assert {"causes", "recurrences"} <= set(made)
    assert "causes_history" not in made
