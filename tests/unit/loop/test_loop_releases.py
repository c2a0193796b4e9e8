"""New releases beside the one before, and when it is proposed to stop one: seeded chance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from cx_analytics.contracts.feeds import APP_RELEASES
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.settings import Rails
from cx_analytics.contracts.tables import CAUSES, DEFECTS, RELEASE_LIMITS, UNIT_HOLDS
from cx_analytics.loop import new_releases, proposals, proposals_table, release_limits, stages

BEGIN, END = datetime(2026, 1, 1), datetime(2026, 1, 29)
RAILS = Rails()


def released(*versions: tuple[str, datetime], app: str = "shop") -> pl.DataFrame:
    rows = [{"app_name": app, "app_version": name, "released_at": at} for name, at in versions]
    return frame_of(rows, APP_RELEASES)


OLD, NEW = ("5.1.0", BEGIN), ("5.2.0", datetime(2026, 1, 19))


def test_a_release_is_compared_over_the_same_days_after_publication() -> None:
    found = new_releases(released(OLD, NEW), begin=BEGIN, end=END)
    told = stages(found).filter(pl.col("stage") >= 2).rows()
    assert told == [
        (2, "shop", "5.2.0", NEW[1], END),
        (3, "shop", "5.1.0", BEGIN, BEGIN + timedelta(days=10)),
    ]


def test_one_that_lost_its_first_days_is_named_and_not_compared() -> None:
    before = ("5.1.0", BEGIN - timedelta(days=1))
    (one,) = new_releases(released(before, NEW), begin=BEGIN, end=END)
    assert (one.app_version, one.previous, one.previous_at, one.days) == (
        "5.2.0",
        "5.1.0",
        None,
        10,
    )
    assert stages([one])["stage"].to_list() == [0]


def test_what_is_not_released_yet_or_long_ago_is_none() -> None:
    late, old = ("6", END), ("4", END - timedelta(days=40))
    assert new_releases(released(late, old), begin=datetime(2025, 1, 1), end=END) == []


def test_apps_do_not_precede_each_other() -> None:
    both = pl.concat([released(("1", BEGIN), app="mail"), released(NEW, app="shop")])
    found = new_releases(both, begin=BEGIN, end=END)
    assert [(one.app_name, one.previous) for one in found] == [("mail", None), ("shop", None)]


def counts(
    stage: int, model: str | None, customers: int, share: float, **more: Any
) -> pl.DataFrame:
    """Customers of ten user-days each, crashing at random on a share of them."""
    random = np.random.default_rng(more.pop("seed", 1))
    clustered = more.pop("clustered", False)
    days = np.full(customers, 10.0)
    crashes = (
        np.where(random.random(customers) < share, 10.0, 0.0)
        if clustered
        else random.binomial(10, share, customers).astype(float)
    )
    row = {
        "stage": stage,
        "device_model": model,
        "customers": customers,
        "units": customers,
        "user_days": int(days.sum()),
        "crash_days": int(crashes.sum()),
        "days_squared": float((days**2).sum()),
        "days_crashes": float((days * crashes).sum()),
        "crashes_squared": float((crashes**2).sum()),
    }
    return pl.DataFrame([row], schema_overrides={"device_model": pl.String})


def limits(*counted: pl.DataFrame, releases: pl.DataFrame | None = None) -> pl.DataFrame:
    given = releases if releases is not None else released(("5.1.0", BEGIN), NEW)
    found = [one for one in new_releases(given, begin=BEGIN, end=END) if one.app_version == "5.2.0"]
    frame = pl.concat(counted).with_columns(pl.col("stage") + 2 * found[0].number)
    return release_limits(found, frame, RAILS)


def stops(table: pl.DataFrame, rails: Rails = RAILS, **causes: Any) -> list[str]:
    none = frame_of([], DEFECTS), frame_of([], UNIT_HOLDS)
    found = proposals(frame_of(causes.get("of", []), CAUSES), *none, rails, 10_000, table)
    return [one.subject for one, _ in found]


WHOLE = "app_name=shop & app_version=5.2.0"


def test_a_release_over_the_limit_and_worse_than_before_is_stopped() -> None:
    table = limits(counts(0, "X", 800, 0.03), counts(1, "X", 800, 0.01, seed=2))
    assert tuple(table.columns) == RELEASE_LIMITS.names
    whole, model = table.iter_rows(named=True)
    assert (whole["device_model"], whole["limit_share"]) == (None, 0.0109)
    assert (model["device_model"], model["limit_share"]) == ("X", 0.08)
    assert whole["low"] < 0.03 < whole["high"]
    assert whole["ratio_low"] < 3 < whole["ratio_high"]
    assert whole["chance_wrong"] < 0.001
    assert model["chance_wrong"] == 1
    assert stops(table) == [WHOLE]
    (row,) = proposals_table(
        proposals(
            frame_of([], CAUSES),
            frame_of([], DEFECTS),
            frame_of([], UNIT_HOLDS),
            RAILS,
            10_000,
            table,
        ),
        RAILS,
    ).iter_rows(named=True)
    assert (row["proposal"], row["kind"], row["sample"]) == ("stop_rollout", "rollout_stop", 800)
    assert row["chance_wrong"] == pytest.approx(whole["chance_wrong"], abs=1e-9)
    assert "8,000 user-days" in row["reason"]
    assert "the limit is 1.09%" in row["reason"]
    assert "times 5.1.0 then" in row["reason"]


def test_one_bad_model_among_good_ones_is_stopped_alone() -> None:
    now = [counts(0, "X", 100, 0.2), *(counts(0, name, 8000, 0.002) for name in ("Y", "Z"))]
    before = [counts(1, name, 800, 0.002, seed=3) for name in ("X", "Y", "Z")]
    assert stops(limits(*now, *before)) == [f"{WHOLE} & device_model=X"]


@pytest.mark.parametrize(
    ("now", "before"),
    [
        pytest.param({"share": 0.03}, {"share": 0.03}, id="no worse than before"),
        pytest.param({"share": 0.008}, {"share": 0.001}, id="worse, but within the limit"),
        pytest.param({"share": 0.1, "customers": 20}, {"share": 0.01}, id="too few customers"),
        pytest.param(
            {"share": 0.02, "clustered": True, "customers": 200},
            {"share": 0.01},
            id="a few customers",
        ),
    ],
)
def test_no_stop(now: dict[str, Any], before: dict[str, Any]) -> None:
    size = {"customers": 800}
    table = limits(counts(0, "X", **(size | now)), counts(1, "X", **(size | before), seed=2))
    assert stops(table) == []


def test_without_a_release_before_the_limit_alone_decides() -> None:
    table = limits(counts(0, "X", 800, 0.03), releases=released(NEW))
    assert table["ratio"].to_list() == [None, None]
    assert table["previous_user_days"].to_list() == [0, 0]
    assert stops(table) == [WHOLE]


def test_releases_at_the_limit_that_are_no_worse_are_not_stopped() -> None:
    """At the limit itself and no worse than before; 5 % would be allowed."""
    wrong = 0
    for seed in range(300):
        pair = counts(0, "X", 400, 0.0109, seed=seed), counts(1, "X", 400, 0.0109, seed=seed + 999)
        wrong += bool(stops(limits(*pair)))
    assert wrong / 300 <= 0.05


def test_mixes_of_models_do_not_make_a_release_worse() -> None:
    """The new release is on the bad model mostly, the old one was on the good one."""
    now = counts(0, "bad", 900, 0.05), counts(0, "good", 100, 0.005)
    before = counts(1, "bad", 100, 0.05, seed=2), counts(1, "good", 900, 0.005, seed=2)
    whole = limits(*now, *before).row(0, named=True)
    assert whole["crash_share"] > 3 * whole["previous_crash_share"]
    assert whole["ratio_low"] < 1 < whole["ratio_high"]


def test_a_version_that_a_cause_stops_is_not_stopped_twice() -> None:
    cause = {
        "cause_id": "c-1",
        "kind": "shared",
        "domain": "interaction",
        "conditions": {"app_version": "5.2.0", "device_model": "X"},
        "label": "app_version=5.2.0 & device_model=X",
        "faults": 90,
        "sessions": 900,
        "probability": 0.99,
        "customers": 90,
        "status": "active",
    }
    table = limits(counts(0, "X", 800, 0.03), counts(1, "X", 800, 0.01, seed=2))
    assert stops(table, of=[cause]) == ["app_version=5.2.0 & device_model=X"]
    elsewhere = {"app_name": "player", "app_version": "5.2.0"}
    of_another_app = cause | {
        "conditions": elsewhere,
        "label": "app_name=player & app_version=5.2.0",
    }
    assert stops(table, of=[of_another_app]) == ["app_name=player & app_version=5.2.0", WHOLE]


def test_an_older_release_is_over_and_is_not_stopped() -> None:
    table = limits(counts(0, "X", 800, 0.03), counts(1, "X", 800, 0.01, seed=2))
    newer = table.with_columns(
        pl.lit("5.3.0").alias("app_version"),
        pl.lit(END - timedelta(days=1)).cast(pl.Datetime("us")).alias("released_at"),
        pl.lit(1.0).alias("chance_wrong"),
    )
    assert stops(pl.concat([table, newer])) == []
