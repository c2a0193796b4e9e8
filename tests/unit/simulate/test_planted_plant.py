"""A planted plant: the floor keeps its rules, and the truth adds up to what the log says."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.simulate.plant import STATIONS, Plant, PlantTruth, make_plant, write_plant
from cx_analytics.simulate.plant.floor import WORKING
from cx_analytics.simulate.plant.stations import DAY, HOUR, WEEK, weekly
from cx_analytics.simulate.plant.waits import CAUSES


@pytest.fixture(scope="module")
def plant() -> Plant:
    return make_plant(cases=600, seed=5, maker_kind="resource")


def test_the_same_seed_makes_the_same_plant(plant: Plant) -> None:
    again = make_plant(cases=600, seed=5, maker_kind="resource")
    assert again.events().equals(plant.events())
    assert again.waits().equals(plant.waits())
    assert not make_plant(cases=600, seed=6).events().equals(plant.events())


def test_waits_add_up_and_reconcile_with_the_log(plant: Plant) -> None:
    waits = plant.waits()
    parts = waits.select(pl.sum_horizontal(f"{cause}_s" for cause in CAUSES)).to_series()
    assert (parts - waits["wait_s"]).abs().max() == 0
    assert waits.select(pl.min_horizontal(pl.col(f"{one}_s").min() for one in CAUSES)).item() == 0
    for cause in CAUSES:
        assert waits[f"{cause}_s"].sum() > 0.03 * waits["wait_s"].sum(), cause
    spans = (
        plant.events()
        .group_by("case_id")
        .agg(
            (pl.col("ended_at").max() - pl.col("started_at").min())
            .dt.total_seconds()
            .alias("span_s"),
            (pl.col("ended_at") - pl.col("started_at")).dt.total_seconds().sum().alias("work_s"),
        )
    )
    told = waits.group_by("case_id").agg(pl.col("wait_s").sum())
    both = spans.join(told, on="case_id")
    assert both.height == 600
    assert (both["span_s"] - both["work_s"] - both["wait_s"]).abs().max() == 0


def test_only_an_oven_keeps_cases_waiting_while_it_is_idle_and_open(plant: Plant) -> None:
    ovens = [station.name for station in STATIONS if station.batch > 1]
    batching = plant.waits().filter(pl.col("batching_s") > 0)
    assert set(batching["step"]) == set(ovens)


def test_a_resource_serves_one_batch_at_a_time_within_its_hours(plant: Plant) -> None:
    for place, station in enumerate(STATIONS):
        for number, calendar in enumerate(station.calendars):
            own = [s for s in plant.floor.spells if (s.station, s.resource) == (place, number)]
            assert all(a.ended <= b.begun for a, b in pairwise(own))
            begins = [a.begun for a in own if a.state != WORKING or not station.setup_s]
            assert all(calendar.next_open(at) == at for at in begins)
    sizes = plant.events().group_by("step", "resource", "started_at").len()
    for station in STATIONS:
        assert sizes.filter(pl.col("step") == station.name)["len"].max() <= station.batch


def test_units_pass_every_station_or_are_scrapped(plant: Plant) -> None:
    events = plant.events()
    packed = events.filter(pl.col("step") == "packing").height
    scrapped = plant.defects().filter(pl.col("disposition") == "scrap").height
    assert packed + scrapped == 600
    rejects = events.filter(pl.col("quantity_rejected") > 0)
    assert set(rejects["step"]) == {"optical_inspection", "final_test"}
    assert rejects.height == plant.defects().filter(pl.col("found_step").is_not_null()).height


def test_the_maker_makes_its_ratio_of_defects() -> None:
    plant = make_plant(cases=6000, seed=2, rate_ratio=4.0, maker_kind="resource")
    assert plant.maker is not None
    defects = plant.defects().filter(pl.col("made_step") == plant.maker.step)
    others = defects.filter(~pl.col("exposed"))
    assert set(defects.filter("exposed")["made_resource"]) == {plant.maker.value}
    passes = plant.events().filter(pl.col("step") == plant.maker.step).height
    rate = (defects.height - others.height) / plant.floor.exposures
    usual = others.height / (passes - plant.floor.exposures)
    assert 3 < rate / usual < 5.3


@pytest.mark.parametrize("kind", ["resource", "component_lot", "shift"])
def test_what_the_maker_made_fails_more_often_in_the_field(kind: str, tmp_path: Path) -> None:
    plant = make_plant(cases=1500, seed=4, maker_kind=kind, rate_ratio=5.0)  # type: ignore[arg-type]
    write_plant(plant, tmp_path)
    truth = PlantTruth.read(tmp_path / "truth")
    sessions = pl.read_parquet(tmp_path / "landing" / "sessions" / "*.parquet")
    assert truth.description["maker"]["value"] == plant.maker.value  # type: ignore[union-attr]
    assert truth.faults.height == sessions["fault_code"].is_not_null().sum()
    assert 0.2 < truth.faults["by_maker"].mean() < 0.8  # type: ignore[operator]


def test_a_healthy_plant_has_no_maker(tmp_path: Path) -> None:
    plant = make_plant(cases=300, seed=1, difficulty="null")
    write_plant(plant, tmp_path)
    truth = PlantTruth.read(tmp_path / "truth")
    assert plant.maker is None
    assert truth.description["maker"] is None
    assert not truth.defects["exposed"].any()
    assert not truth.faults["by_maker"].any()


def test_genealogy_knows_scrapped_units_too(plant: Plant, tmp_path: Path) -> None:
    write_plant(plant, tmp_path)
    built = pl.read_parquet(tmp_path / "landing" / "components" / "*.parquet")
    for component, step in (("board", "placement"), ("battery", "assembly")):
        units = plant.events().filter(pl.col("step") == step)["unit_id"]
        assert set(built.filter(pl.col("component") == component)["unit_id"]) == set(units)


def test_files_follow_the_feeds(plant: Plant, tmp_path: Path) -> None:
    rows = write_plant(plant, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["landing", "truth"]
    assert set(rows) == {"production_events", "units", "components", "sessions"}
    for name in rows:
        feed, frame = FEEDS[name], pl.read_parquet(tmp_path / "landing" / name / "*.parquet")
        assert set(frame.columns) <= set(feed.names), name
        assert set(feed.required) <= set(frame.columns), name
        assert not frame.select(feed.required).null_count().sum_horizontal().item(), name
        key = [column for column in feed.key if column in frame.columns]
        assert frame.height == frame.select(key).unique().height, name


@pytest.mark.parametrize(
    "wrong",
    [{"cases": 5}, {"seed": -1}, {"rate_ratio": 0.5}, {"start": date(2026, 1, 6)}],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputRefused, match="no plant of"):
        make_plant(**wrong)  # type: ignore[arg-type]


def test_a_calendar_knows_its_closed_seconds() -> None:
    hours = weekly(range(5), [(6, 10), (10.5, 14)])
    open_a_week = 5 * 7.5 * HOUR
    at = np.array([0, 6 * HOUR, 10 * HOUR, 10 * HOUR + 1800, DAY, WEEK, 3 * WEEK])
    closed = [0, 6, 6, 6.5, 16.5, (WEEK - open_a_week) / HOUR, 3 * (WEEK - open_a_week) / HOUR]
    assert (hours.closed_before(at) / HOUR).tolist() == closed
    assert hours.next_open(10 * HOUR + 5) == 10 * HOUR + 1800
    assert hours.next_open(5 * DAY) == WEEK + 6 * HOUR
