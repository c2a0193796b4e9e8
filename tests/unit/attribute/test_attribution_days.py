"""Day after day: stable ids, first reports, statuses, and what was counted already."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from cx_analytics.attribute import find_causes, fit_days, missing_cells, wanted_cells


def test_ids_stay_while_the_window_overlaps(clinic, plant) -> None:
    counts = clinic.counts(plant(lambda f: (pl.col("lot") == "L07") * 0.15))
    found = list(fit_days(counts, counts.days))
    rows = pl.concat([one.causes.with_columns(as_of=pl.lit(one.as_of)) for one in found])
    rows = rows.filter(pl.col("label") == "lot=L07")
    assert rows["cause_id"].n_unique() == 1
    assert rows["first_reported_on"].n_unique() == 1
    assert rows["first_reported_on"][0] <= date(2026, 1, 5)
    assert rows["status"].to_list() == ["new"] + ["active"] * (rows.height - 1)
    assert [one.shares is not None for one in found] == [False] * 13 + [True]


def test_an_onset_keeps_its_date_when_the_window_moves_on(clinic, plant) -> None:
    late = (pl.col("lot") == "L07") & (pl.col("started_at") >= datetime(2026, 1, 5))
    counts = clinic.counts(plant(lambda f: late * 0.4, count=60_000))
    found = list(fit_days(counts, counts.days[8:], window_days=7))
    assert found[0].causes["valid_from"].to_list() == [datetime(2026, 1, 5)]
    assert found[-1].causes["valid_from"].to_list() == [datetime(2026, 1, 5)]
    assert found[-1].causes["status"].to_list() == ["active"]


def test_what_ended_is_fixed_and_stays(clinic, plant) -> None:
    early = (pl.col("lot") == "L07") & (pl.col("started_at") < datetime(2026, 1, 6))
    counts = clinic.counts(plant(lambda f: early * 0.5, count=60_000))
    found = list(fit_days(counts, counts.days[3:], window_days=8))
    last = found[-1].causes
    assert last["label"].to_list() == ["lot=L07"]
    assert last["status"].to_list() == ["fixed"]
    assert last["valid_to"].to_list() == [datetime(2026, 1, 6)]
    assert last["first_reported_on"][0] <= date(2026, 1, 4)


def test_a_cold_start_agrees_with_a_warm_one(clinic, plant) -> None:
    counts = clinic.counts(plant(lambda f: (pl.col("lot") == "L07") * 0.15))
    warm = list(fit_days(counts, counts.days))[-1].causes
    cold = find_causes(counts, as_of=counts.days[-1]).causes
    same = ["label", "sessions", "faults"]
    assert warm.select(same).equals(cold.select(same))


def test_only_what_is_missing_is_counted(clinic, plant) -> None:
    counts = clinic.counts(plant(lambda f: (pl.col("lot") == "L07") * 0.15))
    wanted = wanted_cells(counts)
    assert wanted.height > 0
    assert missing_cells(wanted, counts.cells).height == 0
    last = counts.days[-1]
    missing = missing_cells(wanted, counts.cells.filter(pl.col("day") != last))
    assert missing["day"].unique().to_list() == [last]
