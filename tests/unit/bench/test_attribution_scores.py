"""The scores: perfect findings score perfectly, and each fault of a finding lowers its figure."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest

from cx_analytics.bench import score
from cx_analytics.bench.blame import calibration_error
from cx_analytics.bench.matching import match
from cx_analytics.simulate import Truth, World, make_world

MAP = pl.Map(pl.String(), pl.String())


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(sessions=30_000, days=14, seed=9, difficulty="easy")


@pytest.fixture(scope="module")
def truth(world: World) -> Truth:
    return Truth.of(world)


@pytest.fixture(scope="module")
def faults(world: World) -> pl.DataFrame:
    return pl.concat([day.filter("faulty") for day in world.each_joined()])


def _perfect(truth: Truth) -> tuple[pl.DataFrame, pl.DataFrame]:
    causes = truth.causes.with_columns(
        cause_id=pl.format("found-{}", "cause_id"),
        excess_low=pl.col("excess_faults") - 1,
        excess_high=pl.col("excess_faults") + 1,
        first_reported_on=pl.lit(date(2026, 1, 3)),
    )
    shares = truth.fault_posteriors.select(
        "session_id",
        cause_id=pl.when(pl.col("cause_id") == "background")
        .then(pl.lit("background"))
        .otherwise(pl.format("found-{}", "cause_id")),
        share="posterior",
    )
    return causes, shares


def _causes(*rows: tuple[dict[str, str], datetime | None, datetime | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "conditions": pl.Series([row[0] for row in rows], dtype=MAP),
            "valid_from": pl.Series([row[1] for row in rows], dtype=pl.Datetime("us")),
            "valid_to": pl.Series([row[2] for row in rows], dtype=pl.Datetime("us")),
        }
    )


def test_match_measures_the_overlap_of_fault_rows() -> None:
    faults = pl.DataFrame(
        {
            "started_at": [datetime(2026, 1, day) for day in (1, 2, 3, 4)],
            "lot": ["A", "A", "A", None],
            "region": ["n", "n", "s", "s"],
        }
    )
    true = _causes(({"lot": "A"}, None, None))
    found = _causes(
        ({"lot": "A"}, datetime(2026, 1, 2), None),
        ({"lot": "A", "region": "n"}, None, datetime(2026, 1, 2)),
        ({"region": "x"}, None, None),
        ({"no_such_column": "x"}, None, None),
    )
    matching = match(found, true, faults)
    assert matching.overlap[:, 0] == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert matching.partner.tolist() == [-1, -1, -1, -1]
    assert match(true, true, faults).partner.tolist() == [0]


def test_the_truth_itself_scores_perfectly(truth: Truth, faults: pl.DataFrame) -> None:
    causes, shares = _perfect(truth)
    found = score(truth, causes, shares, faults)
    assert (found.f1, found.precision, found.recall, found.individual_recall) == (1, 1, 1, 1)
    assert found.false_causes == 0
    assert found.accuracy_gap == 0
    assert found.log_loss_gap == 0
    assert found.customer_top_cause == 1
    assert found.interval_coverage == 1
    assert found.calibration_error < 0.04


def test_a_missed_cause_costs_recall_and_its_faults(truth: Truth, faults: pl.DataFrame) -> None:
    causes, shares = _perfect(truth)
    largest = causes.filter(kind="shared").sort("faults").get_column("cause_id")[-1]
    blamed = shares.with_columns(pl.col("cause_id").replace(largest, "background"))
    merged = blamed.group_by("session_id", "cause_id").agg(pl.sum("share"))
    found = score(truth, causes.filter(pl.col("cause_id") != largest), merged, faults)
    detectable = truth.causes.filter(pl.col("detectable"), kind="shared").height
    assert found.recall == pytest.approx((detectable - 1) / detectable)
    assert found.precision == 1
    assert found.accuracy_gap > 0.02
    assert found.log_loss_gap > 0.02


def test_an_excess_is_held_against_what_was_expected_and_what_was(
    truth: Truth, faults: pl.DataFrame
) -> None:
    causes, shares = _perfect(truth)
    told = causes.with_columns(excess_faults=1.5 * pl.col("faults").cast(pl.Float64))
    found = score(truth, told, shares, faults)
    assert found.lot_excess_error == pytest.approx(0.5)
    lots = truth.causes.filter(
        pl.col("detectable"), pl.col("label").str.contains(r"^(\w+_)?lot=[^&]*$"), kind="shared"
    )
    away = (lots["faults"] - lots["excess_faults"]).abs() / lots["excess_faults"]
    assert found.lot_excess_chance == pytest.approx(away.mean())
    assert 0 < found.lot_excess_chance < 0.5


def test_an_invented_cause_is_false(truth: Truth, faults: pl.DataFrame) -> None:
    causes, shares = _perfect(truth)
    invented = causes.head(1).with_columns(
        cause_id=pl.lit("invented"),
        conditions=pl.Series([{"app_name": "Ride", "network_type": "umts"}], dtype=MAP),
    )
    found = score(truth, pl.concat([causes, invented]), shares, faults)
    shared = truth.causes.filter(kind="shared").height
    assert found.false_causes == 1
    assert found.precision == pytest.approx(shared / (shared + 1))


def test_nothing_found_scores_zero(truth: Truth, faults: pl.DataFrame) -> None:
    causes, shares = _perfect(truth)
    background = shares.unique("session_id").with_columns(
        cause_id=pl.lit("background"), share=pl.lit(1.0)
    )
    found = score(truth, causes.head(0), background, faults)
    share = (truth.fault_causes.get_column("cause_id") == "background").mean()
    assert (found.f1, found.recall, found.false_causes) == (0, 0, 0)
    assert found.fault_accuracy == pytest.approx(share)
    assert np.isnan(found.precision)
    assert np.isnan(found.lot_excess_error)


def test_a_repeat_is_no_second_hit(truth: Truth, faults: pl.DataFrame) -> None:
    causes, shares = _perfect(truth)
    repeat = causes.head(1).with_columns(cause_id=pl.lit("repeat"))
    found = score(truth, pl.concat([causes, repeat]), shares, faults)
    shared = truth.causes.filter(kind="shared").height
    assert (found.recall, found.false_causes, found.unmatched_causes) == (1, 0, 0)
    assert found.precision == pytest.approx(shared / (shared + 1))


def test_individuals_count_in_the_second_reading(truth: Truth, faults: pl.DataFrame) -> None:
    causes, shares = _perfect(truth)
    found = score(truth, causes.filter(kind="shared"), shares, faults)
    detectable = truth.causes.filter("detectable")
    own = detectable.filter(kind="individual").height
    assert (found.f1, found.all_precision) == (1, 1)
    assert found.all_recall == pytest.approx(1 - own / detectable.height)


def test_a_rival_saves_a_label(truth: Truth, faults: pl.DataFrame) -> None:
    causes, shares = _perfect(truth)
    first = causes.filter(kind="shared").row(0, named=True)
    renamed = causes.with_columns(
        label=pl.when(pl.col("cause_id") == first["cause_id"])
        .then(pl.lit("another=name"))
        .otherwise("label")
    )
    shared = causes.filter(kind="shared").height
    rivals = pl.DataFrame({"cause_id": [first["cause_id"]], "rival": [first["label"]]})
    without = score(truth, renamed, shares, faults)
    assert without.credible_set == pytest.approx(1 - 1 / shared)
    assert score(truth, renamed, shares, faults, rivals).credible_set == 1


def test_true_counts_are_told_beside_the_oracle(truth: Truth, faults: pl.DataFrame) -> None:
    causes, shares = _perfect(truth)
    found = score(truth, causes, shares, faults)
    assert found.customer_top_cause_counted == found.oracle_top_cause_counted
    assert found.oracle_top_cause_counted > 0.8


def test_calibration_error_of_nothing_is_unknown() -> None:
    assert np.isnan(calibration_error(np.array([]), np.array([])))
    assert calibration_error(np.array([1.0, 1.0]), np.array([1.0, 0.0])) == 0.5
