"""What data cannot say is said with its numbers; sound data are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cx_analytics.attribute.limits import DataCounts, count_data, data_limits
from cx_analytics.attribute.limits.counts import Metric, Odd, Reach, Spread, Totals, Weight
from cx_analytics.contracts.frames import schema_of
from cx_analytics.contracts.tables import DATA_LIMITS
from cx_analytics.engine.duck import Duck

TOTALS = Totals(
    sessions=10_000,
    faults=500,
    customers=2_000,
    first_at=datetime(2026, 1, 1),
    last_at=datetime(2026, 1, 28),
    heaviest=(Weight(20, 3),),
)


def said(**counts: Any) -> list[str]:
    return data_limits(DataCounts(**{"totals": TOTALS, **counts}))["statement"].to_list()


def odd(value: str, readings: int, low: float, high: float, **more: Any) -> Odd:
    spread = Spread(readings, low, high, more.pop("impossible", 0))
    return Odd(more.pop("attribute", "os_version"), value, more.pop("customers", 50), spread)


def signal(*where: Odd, impossible: int = 0, **more: Any) -> Metric:
    spread = Spread(10_000, -120.0, 100.0, impossible)
    return replace(Metric("signal_dbm", -140.0, -30.0, 90, spread, where), **more)


def test_sound_data_have_no_limit() -> None:
    reach = Reach("cell_id", 300, 10_000, one_customer=5, few=40, few_sessions=120)
    limits = data_limits(DataCounts(TOTALS, (reach,), (), (signal(),)))
    assert limits.is_empty()
    assert limits.schema == schema_of(DATA_LIMITS)


def test_too_few_sessions_say_nothing_at_all() -> None:
    few = replace(TOTALS, sessions=99, last_at=TOTALS.first_at)
    assert said(totals=few, reaches=(Reach("lot", 0, 0),)) == []


def test_values_that_one_customer_met_cannot_be_blamed() -> None:
    thin = Reach("cell_id", 6_638, 9_900, one_customer=6_613, few=6_638, few_sessions=9_900)
    limits = data_limits(DataCounts(TOTALS, (thin,)))
    assert limits.select("kind", "values", "values_with_one_customer", "sessions", "share").row(
        0
    ) == ("thin_attribute", 6_638, 6_613, 9_900, 0.99)
    assert limits["statement"].item() == (
        "cell_id: 6,613 of 6,638 values were met by one customer each, all by fewer than 4; they "
        "cannot be blamed, since a cause needs 4 customers"
    )


@pytest.mark.parametrize(
    "reach",
    [
        Reach("lot", 19, 9_000, one_customer=19, few=19, few_sessions=9_000),
        Reach("lot", 500, 9_000, one_customer=400, few=480, few_sessions=4_000),
        Reach("lot", 50, 6_000, one_customer=50, few=50, few_sessions=99),
    ],
    ids=["few values", "most sessions lie elsewhere", "few sessions"],
)
def test_a_long_tail_is_no_limit(reach: Reach) -> None:
    assert not [one for one in said(reaches=(reach,)) if "blamed" in one]


def test_readings_that_cannot_be_true_are_named_with_what_reports_them() -> None:
    model = odd("M1", 900, 39, 107, impossible=900, attribute="device_model")
    system = odd("10", 1_468, 39, 107, impossible=1_468)
    limits = data_limits(DataCounts(TOTALS, metrics=(signal(model, system, impossible=1_468),)))
    assert limits.select("subject", "kind", "sessions").rows() == [
        ("signal_dbm", "impossible_metric", 1_468)
    ]
    assert dict(limits["conditions"][0]) == {"os_version": "10"}
    assert limits["statement"].item() == (
        "signal_dbm: all 1,468 readings with os_version=10 lie outside -140…-30: they belong to "
        "what reports, not to what is measured"
    )


def test_impossible_readings_that_nothing_explains_are_counted() -> None:
    assert said(metrics=(signal(impossible=300),)) == [
        "signal_dbm: 300 of 10,000 readings lie outside -140…-30: they are no measurements"
    ]
    assert said(metrics=(signal(impossible=99),)) == []


def test_a_reading_that_never_varies_is_an_artefact() -> None:
    models = [odd(f"M{n}", 700, -44, -44, attribute="device_model") for n in range(5)]
    system = odd("11", 8_532, -44, -44)
    assert said(metrics=(signal(*models, system),)) == [
        "signal_dbm is the same, -44, in all 8,532 sessions with os_version=11: a reporting "
        "artefact, not a measurement"
    ]
    assert said(metrics=(signal(system, odd("10", 1_468, 0, 0)),)) == [
        "signal_dbm is the same, -44, in all 8,532 sessions with os_version=11 and 0 in all 1,468 "
        "with os_version=10: a reporting artefact, not a measurement"
    ]
    assert said(metrics=(signal(*models),))[0].endswith(
        "-44 in all 700 with device_model=M1, and alike with 3 more values of it: a reporting "
        "artefact, not a measurement"
    )


def test_what_one_customer_reads_is_no_artefact_of_a_version() -> None:
    assert said(metrics=(signal(odd("11", 8_532, -44, -44, customers=3)),)) == []


def test_a_metric_that_never_varies_at_all_says_so_once() -> None:
    stuck = signal(spread=Spread(10_000, -44.0, -44.0), values=1)
    assert said(metrics=(stuck,)) == [
        "signal_dbm is the same, -44, in all 10,000 sessions that have it: it tells none from "
        "another"
    ]


def test_a_false_constant_is_called_impossible_and_not_twice() -> None:
    stuck = odd("10", 1_468, 255, 255, impossible=1_468)
    limits = data_limits(DataCounts(TOTALS, metrics=(signal(stuck, impossible=1_468),)))
    assert limits["kind"].to_list() == ["impossible_metric"]


def test_a_customer_who_weighs_much_is_counted_and_not_named() -> None:
    heavy = replace(TOTALS, heaviest=(Weight(588, 6), Weight(30, 60)))
    assert said(totals=heavy) == [
        "one of 2,000 customers has 588 of 10,000 sessions (5.9 %) and 6 of 500 faults (1.2 %); "
        "repeated faults of one customer count as one person's",
        "one of 2,000 customers has 30 of 10,000 sessions (0.3 %) and 60 of 500 faults (12.0 %); "
        "repeated faults of one customer count as one person's",
    ]
    assert said(totals=replace(heavy, customers=20)) == []


def test_attributes_that_lack_together_are_one_limit() -> None:
    reaches = (
        Reach("band", 3, 4_000),
        Reach("cell_id", 90, 4_000),
        Reach("lot", 0, 0),
        Reach("os_version", 4, 5_001),
    )
    assert said(reaches=reaches) == [
        "band, cell_id are missing in 6,000 of 10,000 sessions (60.0 %): for these it cannot be "
        "asked what they do",
        "lot has no value in any session: no cause can be made of what is not there",
    ]


def test_attributes_that_divide_alike_and_a_single_moment() -> None:
    limits = said(
        totals=replace(TOTALS, last_at=TOTALS.first_at),
        reaches=(Reach("band", 3, 10_000), Reach("vendor", 3, 10_000)),
        alike=(("band", "vendor"),),
    )
    assert limits == [
        "started_at is the same in all 10,000 sessions: nothing can be said about when a fault "
        "began or ended",
        "band and vendor divide the sessions alike, in 3 values: which of them is to blame cannot "
        "be told",
    ]


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    with Duck(spill=tmp_path / "spill", threads=1) as duck:
        yield duck


@pytest.fixture
def sick(duck: Duck) -> Duck:
    """4,000 sessions: one customer has 400, every cell is one customer's, os 11 reads -44."""
    rng = np.random.default_rng(5)
    customer = np.r_[np.zeros(400, dtype=int), rng.integers(1, 900, 3_600)]
    system = rng.choice(["9", "10", "11"], 4_000, p=[0.2, 0.2, 0.6])
    reading = np.where(system == "10", rng.uniform(40, 100, 4_000), rng.uniform(-120, -60, 4_000))
    frame = pl.DataFrame(
        {
            "customer_id": [f"c{n}" for n in customer],
            "started_at": pl.datetime_range(
                datetime(2026, 1, 1), datetime(2026, 1, 5), "1m", eager=True
            )[:4_000],
            "faulty": rng.random(4_000) < 0.1,
            "cell_id": [f"x-{n}" for n in customer],
            "os_version": system,
            "system_name": [f"os {name}" for name in system],
            "lot": pl.Series([None] * 4_000, dtype=pl.String),
            "signal_dbm": np.where(system == "11", -44.0, reading),
            "latency_ms": rng.uniform(10, 900, 4_000),
        }
    )
    duck.register("session", frame)
    return duck


def test_from_sessions_to_statements(sick: Duck) -> None:
    attributes = ("cell_id", "lot", "os_version", "system_name")
    metrics = {"signal_dbm": (-140.0, -30.0), "latency_ms": (0.0, None)}
    limits = data_limits(count_data(sick, attributes, metrics))
    assert limits.select("kind", "subject").rows() == [
        ("impossible_metric", "signal_dbm"),
        ("constant_metric", "signal_dbm"),
        ("thin_attribute", "cell_id"),
        ("heavy_customer", "customer_id"),
        ("inseparable_attributes", "os_version, system_name"),
        ("absent_attribute", "lot"),
    ]
    assert limits["rank"].to_list() == [1, 2, 3, 4, 5, 6]
    assert [dict(one) for one in limits["conditions"][:2]] == [
        {"os_version": "10"},
        {"os_version": "11"},
    ]
    assert "400 of 4,000 sessions (10.0 %)" in limits["statement"][3]
    # Nobody is named: the table is handed around.
    assert not limits["statement"].str.contains(r"\bc0\b").any()


def test_large_values_are_not_asked_for_their_customers(sick: Duck) -> None:
    reaches = {
        one.attribute: one for one in count_data(sick, ("cell_id", "os_version"), {}).reaches
    }
    assert reaches["os_version"].few == 0
    assert reaches["cell_id"].one_customer == reaches["cell_id"].values


def test_no_session_no_limit(duck: Duck) -> None:
    shape = {"customer_id": pl.String, "started_at": pl.Datetime("us"), "faulty": pl.Boolean}
    duck.register("session", pl.DataFrame(schema={**shape, "lot": pl.String, "mos": pl.Float64}))
    assert data_limits(count_data(duck, ("lot",), {"mos": (1.0, 5.0)})).is_empty()
