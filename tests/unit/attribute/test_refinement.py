"""Causes of three conditions, pieces that are one cause, and what else might be the cause."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cx_analytics.attribute import find_causes, fit_days
from cx_analytics.attribute.assess import LEAST_RATIO_PAIR


def labels(findings) -> list[str]:
    return sorted(findings.causes["label"].to_list())


def three() -> pl.Expr:
    return (
        (pl.col("app_version") == "5.1")
        & (pl.col("device_model") == "M2")
        & (pl.col("network_type") == "nr")
    )


def test_three_conditions_are_found_when_asked_for(clinic, plant) -> None:
    frame = plant(lambda f: three() * 0.25, count=80_000)
    assert labels(clinic.find(frame)) == ["app_version=5.1 & device_model=M2 & network_type=nr"]


def test_a_small_excess_of_a_large_pair_is_told_where_it_is_beyond_doubt(clinic, plant) -> None:
    both = (pl.col("app_version") == "5.1") & (pl.col("network_type") == "nr")
    found = clinic.find(plant(lambda f: both * 0.042, base=0.12, count=240_000))
    assert labels(found) == ["app_version=5.1 & network_type=nr"]
    assert found.causes["rate_ratio"][0] < LEAST_RATIO_PAIR


def test_what_was_not_counted_is_not_claimed(clinic, plant) -> None:
    frame = plant(lambda f: three() * 0.25, count=80_000)
    counts = clinic.counts(frame)
    found = find_causes(counts, as_of=counts.days[-1])
    assert all(label.count("&") < 2 for label in labels(found))


def test_a_triple_stays_from_day_to_day(clinic, plant) -> None:
    frame = plant(lambda f: three() * 0.25, count=80_000)
    counts = clinic.counts(frame)
    found = list(fit_days(counts, counts.days[10:], count=clinic.counting(frame)))
    assert {tuple(labels(one)) for one in found} == {
        ("app_version=5.1 & device_model=M2 & network_type=nr",)
    }
    assert pl.concat([one.causes for one in found])["cause_id"].n_unique() == 1


def test_a_gap_does_not_make_two_causes(clinic, plant) -> None:
    weak = pl.col("started_at").is_between(datetime(2026, 1, 6), datetime(2026, 1, 8))
    harm = (pl.col("lot") == "L07") * pl.when(weak).then(0.05).otherwise(0.3)
    found = clinic.find(plant(lambda f: harm)).causes
    assert found["label"].to_list() == ["lot=L07"]
    assert found["valid_from"].to_list() == [None]
    assert found["valid_to"].to_list() == [None]


def test_what_cannot_be_told_apart_is_a_rival(clinic, plant) -> None:
    frame = plant(lambda f: (pl.col("lot") == "L07") * 0.15)
    nearly_all = (pl.col("lot") == "L07") & (pl.col("session_id").str.slice(-2) != "77")
    frame = frame.with_columns(
        app_version=pl.when(nearly_all).then(pl.lit("6.0")).otherwise("app_version")
    )
    found = clinic.find(frame)
    assert found.causes.height == 1
    credible = {*labels(found), *found.rivals["rival"]}
    assert {"lot=L07", "app_version=6.0"} <= credible
    assert found.rivals["nats_behind"].max() < 6.0


def test_doubled_rows_say_nothing_new(clinic, plant) -> None:
    frame = plant(lambda f: (pl.col("lot") == "L07") * 0.15)
    twin = frame.with_columns(session_id=pl.col("session_id") + "b")
    once, twice = clinic.find(frame), clinic.find(pl.concat([frame, twin]))
    assert labels(twice) == labels(once) == ["lot=L07"]
    assert twice.causes["evidence"][0] < 1.6 * once.causes["evidence"][0]
