"""Baselines on tables whose only cause is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from cx_analytics.bench.baselines import BASELINES, Diagnosis, Sample
from cx_analytics.bench.baselines.diagnosis import Cell, diagnosis
from cx_analytics.bench.baselines.l1 import l1_logistic
from cx_analytics.bench.baselines.sample import pair_cells, rate_ratio, single_cells
from cx_analytics.bench.baselines.univariate import univariate

ATTRIBUTES = ("app", "lot", "region")


def _sample(share: float = 1.0) -> Sample:
    """4,000 sessions: 10 % of those of lot B fail, 1 % of the others; apps and regions are even."""
    rng = np.random.default_rng(5)
    count = 4000
    table = pl.DataFrame(
        {
            "session_id": [f"s{n}" for n in range(count)],
            "customer_id": [f"c{n % 400}" for n in range(count)],
            "started_at": [datetime(2026, 1, 1) + timedelta(minutes=n) for n in range(count)],
            "app": rng.choice(["1.0", "2.0"], count),
            "lot": rng.choice(["A", "B", "C", "D"], count),
            "region": rng.choice(["north", "south", None], count),
        }
    )
    chance = np.where(table["lot"] == "B", 0.10, 0.01)
    table = table.with_columns(faulty=pl.Series(rng.random(count) < chance))
    kept = pl.Series(rng.random(count) < share) | table["faulty"]
    weight = pl.when("faulty").then(1.0).otherwise(1.0 / share)
    sessions = table.filter(kept).select(*ATTRIBUTES, "faulty").with_columns(weight=weight)
    return Sample(sessions, table.filter("faulty"), ATTRIBUTES, share)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return _sample()


def test_cells_are_counted_and_a_missing_value_is_none(sample: Sample) -> None:
    lots = single_cells(sample).filter(a="lot").select("value_a", "faults").rows()
    told = sample.sessions.filter("faulty").group_by("lot").len().sort("lot").rows()
    assert lots == [row for row in told if row[1] >= 8]
    assert set(single_cells(sample).filter(a="region")["value_a"]) == {"north", "south"}
    pair = (
        pair_cells(sample).filter(a="app", value_a="1.0", b="lot", value_b="B").row(0, named=True)
    )
    mine = sample.sessions.filter(app="1.0", lot="B")
    assert (pair["sessions"], pair["faults"]) == (mine.height, mine["faulty"].sum())


def test_a_part_of_the_sessions_stands_for_all() -> None:
    whole, part = _sample(), _sample(share=0.5)
    assert part.faults.height == whole.faults.height
    assert part.rate == pytest.approx(whole.rate, rel=0.05)
    assert rate_ratio(part, (("lot", "B"),)) == pytest.approx(
        rate_ratio(whole, (("lot", "B"),)), rel=0.1
    )
    assert part.words == "all faults, 50% of the rest"


@pytest.mark.parametrize("find", [univariate, l1_logistic])
def test_the_bad_lot_is_found_alone(find: Callable[[Sample], Diagnosis], sample: Sample) -> None:
    found = find(sample)
    assert found.causes["label"].to_list() == ["lot=B"]
    assert found.causes["rate_ratio"][0] > 2.5
    totals = found.fault_causes.group_by("session_id").agg(pl.sum("share"))
    assert totals["share"].to_numpy() == pytest.approx(1)


@pytest.mark.parametrize("name", ["SliceLine", "pysubgroup"])
def test_packages_put_the_bad_lot_first(name: str, sample: Sample) -> None:
    baseline = next(one for one in BASELINES if one.name == name)
    pytest.importorskip(str(baseline.package))
    labels = baseline.find(sample).causes["label"].to_list()
    assert "lot=B" in labels[0]
    assert "lot=B" in labels


def test_shares_are_parts_of_the_hazard() -> None:
    faults = pl.DataFrame(
        {
            "session_id": ["s1", "s2"],
            "started_at": [datetime(2026, 1, 1)] * 2,
            "lot": ["B", "C"],
            "app": ["1.0", "1.0"],
        }
    )
    found = diagnosis([Cell({"lot": "B"}, 4.0), Cell({"app": "1.0"}, 2.0)], faults)
    assert found.causes.select("label", "faults", "excess_faults").rows() == [
        ("lot=B", 1, 0.75),
        ("app=1.0", 2, 1.0),
    ]
    assert sorted(found.fault_causes.rows()) == [
        ("s1", "app=1.0", 0.2),
        ("s1", "background", 0.2),
        ("s1", "lot=B", 0.6),
        ("s2", "app=1.0", 0.5),
        ("s2", "background", 0.5),
    ]


def test_without_faults_nothing_is_found() -> None:
    full = _sample()
    empty = Sample(
        full.sessions.filter(~pl.col("faulty")), full.faults.head(0), ATTRIBUTES, full.share
    )
    for find in (univariate, l1_logistic):
        assert find(empty).causes.is_empty()
