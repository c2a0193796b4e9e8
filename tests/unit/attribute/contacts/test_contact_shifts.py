"""Rises of contacts: found where they are planted, dated, and not made of a new version alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from cx_analytics.attribute.contacts import REACH_DAYS, contact_shifts
from cx_analytics.attribute.contacts.forecast import level, replaced
from cx_analytics.contracts.frames import schema_of
from cx_analytics.contracts.tables import CONTACT_SHIFTS

MONDAY = date(2026, 1, 5)
TOPICS, MODELS = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.5, 0.3, 0.2])
WEEK = np.array([1.1, 1.1, 1.0, 1.0, 1.0, 0.8, 0.7])
RELEASE = 60
"""Day of version 2, which replaces version 1 within two weeks."""

Change = Callable[[int, np.ndarray], None]


def contacts(
    change: Change | None = None, days: int = 100, base: float = 80.0, seed: int = 1
) -> pl.DataFrame:
    """Contacts by day; `change` alters the means (topic, version, model) of a day in place."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        adopted = 1 / (1 + np.exp(-(day - RELEASE - 6) / 2)) if day >= RELEASE else 0.0
        mean = base * WEEK[day % 7] * rng.gamma(100, 0.01)
        means = mean * np.einsum("t,v,m->tvm", TOPICS, [1 - adopted, adopted], MODELS)
        if change:
            change(day, means)
        counts = rng.poisson(means)
        for topic, version, model in np.argwhere(counts):
            rows.append(
                (
                    MONDAY + timedelta(days=day),
                    f"topic {topic}",
                    f"{version + 1}.0",
                    f"model {model}",
                    "chat",
                    int(counts[topic, version, model]),
                )
            )
    names = ["day", "topic", "app_version", "device_model", "channel", "contacts"]
    return pl.DataFrame(rows, schema=names, orient="row")


def most(shifts: pl.DataFrame) -> str:
    """What is told on most days."""
    return str(shifts["label"].value_counts(sort=True)["label"][0])


def labels(shifts: pl.DataFrame) -> list[str]:
    return shifts["label"].unique().sort().to_list()


@pytest.mark.parametrize("seed", [1, 2])
def test_quiet_weeks_are_quiet_and_a_new_version_alone_is_no_rise(seed: int) -> None:
    assert contact_shifts(contacts(seed=seed)).rows() == []


def test_the_first_weeks_say_nothing() -> None:
    def everything(day: int, means: np.ndarray) -> None:
        means *= 5.0 if day == 10 else 1.0

    assert contact_shifts(contacts(everything, days=20)).is_empty()
    assert contact_shifts(contacts().clear()).schema == schema_of(CONTACT_SHIFTS)


def test_a_topic_rises() -> None:
    def topic(day: int, means: np.ndarray) -> None:
        means[1] *= 3.0 if 75 <= day < 85 else 1.0

    shifts = contact_shifts(contacts(topic))
    assert most(shifts) == "topic=topic 1"
    assert set(labels(shifts)) <= {"topic=topic 1", "all contacts"}
    first = shifts.filter(pl.col("label") == "topic=topic 1").row(0, named=True)
    assert first["as_of"] - MONDAY <= timedelta(days=77)
    assert abs(first["started_on"] - MONDAY - timedelta(days=75)) <= timedelta(days=1)
    assert first["conditions"] == {"topic": "topic 1"}
    assert first["ratio"] == pytest.approx(first["contacts"] / first["expected"])
    assert first["excess"] == pytest.approx(first["contacts"] - first["expected"])
    assert first["gain"] >= 8


def test_a_version_that_brings_more_than_it_takes_over() -> None:
    def bad_release(day: int, means: np.ndarray) -> None:
        means[:, 1] *= 3.0

    shifts = contact_shifts(contacts(bad_release, days=80))
    assert most(shifts) == "app_version=2.0"
    assert set(labels(shifts)) <= {"app_version=2.0", "all contacts"}
    assert shifts["as_of"].min() - MONDAY >= timedelta(days=RELEASE)
    assert shifts["as_of"].min() - MONDAY <= timedelta(days=RELEASE + 8)


def test_a_version_and_a_topic_together() -> None:
    def bad_feature(day: int, means: np.ndarray) -> None:
        means[2, 1] *= 6.0

    shifts = contact_shifts(contacts(bad_feature, days=85, base=200.0))
    assert "app_version=2.0&topic=topic 2" in labels(shifts)


def test_all_kinds_rise_alike() -> None:
    def everything(day: int, means: np.ndarray) -> None:
        means *= 2.5 if 52 <= day < 57 else 1.0

    shifts = contact_shifts(contacts(everything))
    assert "all contacts" in labels(shifts)
    told = shifts.filter(pl.col("label") == "all contacts").row(0, named=True)
    assert told["conditions"] == {}
    assert told["as_of"] == MONDAY + timedelta(days=52)


def test_one_kind_only() -> None:
    def everything(day: int, means: np.ndarray) -> None:
        means *= 3.0 if day == 52 else 1.0

    one = contacts(everything, days=55).group_by("day").agg(pl.col("contacts").sum()).sort("day")
    texts = {name: pl.lit(None, dtype=pl.String) for name in ("app_version", "channel")}
    plain = one.with_columns(topic=pl.lit("help"), device_model=pl.lit("X"), **texts)
    assert contact_shifts(plain)["label"].to_list()[:1] == ["all contacts"]


def test_day_by_day_says_the_same_as_in_one_go() -> None:
    def topic(day: int, means: np.ndarray) -> None:
        means[1] *= 3.0 if 160 <= day < 165 else 1.0

    every = contacts(topic, days=180)
    shifts = contact_shifts(every)
    day = MONDAY + timedelta(days=162)
    until = every.filter(pl.col("day") <= day)
    reach = until.filter(pl.col("day") >= day - timedelta(days=REACH_DAYS))
    expected = shifts.filter(pl.col("as_of") == day)
    assert expected.height > 0
    assert contact_shifts(reach, day).equals(expected)


def test_odd_weeks_are_cut_down() -> None:
    weeks = np.array([[100.0], [100.0], [900.0], [100.0], [100.0], [100.0]])
    assert level(weeks)[0] == pytest.approx(105.0, abs=0.1)


def test_versions_replace_one_another_without_changing_the_sum() -> None:
    usual, observed = np.array([50.0, 30.0, 0.0, 20.0]), np.array([20.0, 35.0, 40.0, 20.0])
    moved = replaced(usual, observed)
    assert moved.sum() == pytest.approx(100.0)
    assert moved[0] == 20.0
    assert moved[3] == 20.0
    assert moved[2] == pytest.approx(30 * 40 / 45)
