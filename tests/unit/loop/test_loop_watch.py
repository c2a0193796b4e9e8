"""The watch on fixed causes: who is watched, and that a return is noticed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from cx_analytics.contracts.feeds import APP_RELEASES
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import ACTIONS, CAUSES, CAUSES_HISTORY, RECURRENCES
from cx_analytics.loop import DAYS_SCHEMA, Exposed, Watch, recurrences, say_recurred, watched

DAY = date(2026, 1, 10)
ENDED = datetime(2026, 1, 8)
SHOP = {"app_name": "shop"}
RELEASES = frame_of(
    [
        SHOP | {"app_version": "5.1.0", "released_at": datetime(2025, 12, 1)},
        SHOP | {"app_version": "5.2.0", "released_at": datetime(2026, 1, 1)},
        SHOP | {"app_version": "5.2.1", "released_at": datetime(2026, 1, 7)},
        SHOP | {"app_version": "5.3.0", "released_at": datetime(2026, 1, 9)},
        {"app_name": "mail", "app_version": "9.0", "released_at": datetime(2026, 1, 9)},
    ],
    APP_RELEASES,
)


def said(cause_id: str = "c-1", **given: Any) -> dict[str, Any]:
    row = {
        "as_of": DAY,
        "cause_id": cause_id,
        "kind": "shared",
        "conditions": {"cell_id": "C1"},
        "valid_to": ENDED,
        "sessions": 1000,
        "expected_faults": 10.0,
        "status": "fixed",
    }
    return row | given


def act(kind: str, at: datetime = datetime(2026, 1, 9), **given: Any) -> dict[str, Any]:
    return {"action_id": "a-1", "cause_id": "c-1", "kind": kind, "effective_from": at} | given


def watch(*causes: dict[str, Any], actions: tuple[dict[str, Any], ...] = ()) -> list[Watch]:
    return watched(frame_of(causes, CAUSES_HISTORY), frame_of(actions, ACTIONS), RELEASES)


def exposed(
    conditions: dict[str, str], *actions: dict[str, Any], valid_to: datetime | None = None
) -> Exposed | None:
    found = watch(said(conditions=conditions, valid_to=valid_to), actions=actions)
    return found[0].exposed if found else None


def test_after_a_stop_the_releases_to_come_are_watched() -> None:
    """Nobody who kept the stopped version tells whether the next one is better."""
    version = {"app_version": "5.2.0"}
    assert exposed(version) is None
    found = exposed(version, act("rollout_stop", datetime(2026, 1, 5)))
    assert found is not None
    assert found.versions == (("shop", "5.2.1"), ("shop", "5.3.0"))
    assert found.since == datetime(2026, 1, 7)


def test_what_outlives_its_repair_is_watched_as_it_stands() -> None:
    found = watch(
        said("c-1"),
        said("c-2", valid_to=None),
        said("c-3", conditions={"hardware_revision": "B"}),
        said("c-4", conditions={"modem_lot": "M7"}),
        said("c-5", kind="individual", conditions={"customer_id": "K"}),
        said("c-6"),
        said("c-6", as_of=date(2026, 1, 11), valid_to=None),
        said("c-7", conditions={"line": "A"}),
    )
    assert found == [Watch("c-1", Exposed(ENDED, {"cell_id": "C1"}), 0.01)]


def test_the_first_release_after_a_version_that_has_ended_is_the_fix() -> None:
    conditions = {"app_version": "5.2.0", "device_model": "X"}
    found = exposed(conditions, valid_to=datetime(2026, 1, 9))
    assert found == Exposed(
        datetime(2026, 1, 7),
        {"device_model": "X"},
        versions=(("shop", "5.2.1"), ("shop", "5.3.0")),
    )
    assert exposed(conditions) is None, "it still acts, and nobody says that it was fixed"


def test_a_version_that_is_found_no_more_has_ended() -> None:
    old = said(conditions={"app_version": "5.2.0"}, valid_to=None)
    later = said("c-2", as_of=date(2026, 1, 11))
    assert [one.cause_id for one in watch(old, later)] == ["c-1", "c-2"]


@pytest.mark.parametrize(
    ("given", "versions"),
    [
        ({"conditions": "app_version=5.3.0"}, ["5.3.0"]),
        ({"exposed": '{"app_version": "5.3.0"}'}, ["5.3.0"]),
        ({"exposed": '["5.3.0"]'}, ["5.3.0"]),
        ({"exposed": '{"customers": ["K1"]}', "effective_from": ENDED}, ["5.2.1", "5.3.0"]),
        ({"conditions": "app_version=5.2.0", "effective_from": ENDED}, ["5.2.1", "5.3.0"]),
        ({"conditions": "app_version=999.9.9"}, ["5.3.0"]),
        ({"exposed": "no JSON"}, ["5.3.0"]),
    ],
)
def test_an_update_says_which_version_is_the_fix(
    given: dict[str, Any], versions: list[str]
) -> None:
    found = exposed({"app_version": "5.2.0"}, act("app_update") | given)
    assert found is not None
    assert found.versions == tuple(("shop", version) for version in versions)


def test_the_watch_begins_once_the_fix_is_released_and_in_effect() -> None:
    late = act("app_update", datetime(2026, 1, 10), conditions="app_version=5.2.1")
    found = exposed({"app_version": "5.2.0"}, late)
    assert found is not None
    assert found.since == datetime(2026, 1, 10)


def test_a_version_that_no_release_names_orders_nothing() -> None:
    assert exposed({"app_version": "999.9.9"}, valid_to=ENDED) is None
    assert exposed({"app_version": "5.3.0"}, valid_to=ENDED) is None, "nothing newer"
    assert exposed({"app_version": "9.0", "app_name": "shop"}, valid_to=ENDED) is None


def test_a_firmware_is_watched_only_on_the_version_that_an_action_names() -> None:
    conditions = {"firmware_version": "7", "device_model": "X"}
    update = act("firmware_update", exposed='{"firmware_version": "8"}')
    assert exposed(conditions, update) == Exposed(
        datetime(2026, 1, 9), {"firmware_version": "8", "device_model": "X"}
    )
    for silent in (act("firmware_update"), act("firmware_update", exposed='["U1"]')):
        assert exposed(conditions, silent, valid_to=ENDED) is None


@pytest.mark.parametrize(
    ("conditions", "held", "lot"),
    [
        ({"lot": "L1"}, {}, ("lot", "L1")),
        ({"device_model": "X", "modem_lot": "M1"}, {"device_model": "X"}, ("modem_lot", "M1")),
        ({"line": "A"}, {"line": "A"}, None),
        ({"modem_supplier": "Acme"}, {"modem_supplier": "Acme"}, None),
    ],
)
def test_after_a_change_of_production_only_new_units_are_watched(
    conditions: dict[str, str], held: dict[str, str], lot: tuple[str, str] | None
) -> None:
    at = datetime(2026, 1, 9)
    assert exposed(conditions, act("process_change", at)) == Exposed(
        at, held, made_since=at, lot=lot
    )
    assert exposed(conditions, valid_to=ENDED) is None
    assert exposed(conditions, act("lot_hold", status="approved")) is None
    assert exposed(conditions, act("lot_hold", at, status="released")) is not None


def test_a_hold_counts_from_its_release() -> None:
    hold = act("lot_hold", status="released")
    released = {"a-1": datetime(2026, 1, 20)}
    history = frame_of([said(conditions={"lot": "L1"})], CAUSES_HISTORY)
    (found,) = watched(history, frame_of([hold], ACTIONS), RELEASES, released)
    assert found.exposed.made_since == datetime(2026, 1, 20)


def test_another_causes_action_changes_nothing() -> None:
    other = act("process_change", cause_id="c-2")
    assert exposed({"lot": "L1"}, other) is None
    same = act("process_change", cause_id=None, conditions="lot=L1")
    assert exposed({"lot": "L1"}, same) is not None


def days(cause_id: str, faults: int) -> pl.DataFrame:
    rows = [(cause_id, DAY + timedelta(days=n), 1000, faults) for n in range(10)]
    return pl.DataFrame(rows, schema=DAYS_SCHEMA, orient="row")


def test_a_return_is_noticed_and_quiet_is_not() -> None:
    table = recurrences(
        watch(said("c-1"), said("c-2")), pl.concat([days("c-1", 10), days("c-2", 40)])
    )
    assert tuple(table.columns) == RECURRENCES.names
    assert table["alarmed_at"][0] is None
    assert table["alarmed_at"][1] <= datetime(2026, 1, 14)
    figures = table.select("exposed_sessions", "faults", "expected_faults").rows()
    assert figures == [(10_000, 100, 100.0), (10_000, 400, 100.0)]


def test_a_cause_without_sessions_since_stands_without_evidence() -> None:
    row = recurrences(watch(said("c-1")), pl.DataFrame(schema=DAYS_SCHEMA)).row(0, named=True)
    assert (row["exposed_sessions"], row["faults"], row["evidence"]) == (0, 0, 0.0)


def test_what_came_back_is_said_so_also_when_the_last_run_did_not_find_it() -> None:
    history = frame_of([said("c-1"), said("c-2", as_of=date(2026, 1, 9))], CAUSES_HISTORY)
    causes = frame_of([said("c-1"), said("c-3")], CAUSES)
    back = frame_of(
        [
            {"cause_id": "c-1", "alarmed_at": None},
            {"cause_id": "c-2", "alarmed_at": ENDED},
            {"cause_id": "c-3", "alarmed_at": ENDED},
        ],
        RECURRENCES,
    )
    told = say_recurred(causes, back, history).select("cause_id", "status").rows()
    assert told == [("c-1", "fixed"), ("c-3", "recurred"), ("c-2", "recurred")]
