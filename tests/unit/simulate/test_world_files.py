"""What a world looks like as files: every feed, delivered as messily as announced."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.simulate import Truth, Written, make_world, write_world
from cx_analytics.simulate.files import write_table


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    world = make_world(sessions=20_000, days=6, seed=3, difficulty="easy")
    return write_world(world, tmp_path_factory.mktemp("world"))


def test_every_feed_has_its_columns(written: Written) -> None:
    for name, feed in FEEDS.items():
        frame = pl.read_parquet(written.root / "landing" / name / "*.parquet")
        assert set(frame.columns) <= set(feed.names), name
        assert set(feed.required) <= set(frame.columns), name
        assert not frame.select(feed.required).null_count().sum_horizontal().item(), name
        if name not in ("sessions", "contacts", "actions"):
            key = [column for column in feed.key if column in frame.columns]
            assert frame.height == frame.select(key).unique().height, name


def test_nothing_but_landing_and_truth_is_written(written: Written) -> None:
    assert sorted(path.name for path in written.root.iterdir()) == ["landing", "truth"]


def test_rows_come_twice_and_late_but_none_is_lost(written: Written) -> None:
    files = sorted((written.root / "landing" / "sessions").iterdir())
    days = [pl.read_parquet(file) for file in files]
    rows = pl.concat(days)
    assert len(files) == 6
    assert rows.get_column("session_id").n_unique() == 20_000
    assert rows.height == 20_000 + written.rows["duplicates"] == written.rows["sessions"]
    assert rows.unique().height == 20_000
    late = days[1].filter(pl.col("started_at") < datetime(2026, 1, 2))
    assert 0 < late.height < 40


def test_truth_is_read_back_as_it_was_made(written: Written) -> None:
    world = make_world(sessions=20_000, days=6, seed=3, difficulty="easy")
    read, made = Truth.read(written.root / "truth"), Truth.of(world)
    assert read.causes.equals(made.causes)
    assert read.fault_causes.equals(made.fault_causes)
    assert read.fault_posteriors.equals(made.fault_posteriors)
    world_json = json.loads((written.root / "truth" / "world.json").read_text())
    assert world_json["seed"] == 3
    assert world_json["decoys"][0]["label"].startswith("region=")


def test_work_steps_follow_one_another(written: Written) -> None:
    events = pl.read_parquet(written.root / "landing" / "production_events" / "*.parquet")
    events = events.sort("case_id", "started_at")
    waits = events.select(
        (pl.col("started_at") - pl.col("ended_at").shift().over("case_id")).drop_nulls()
    ).to_series()
    assert events.height >= 14
    assert waits.dt.total_seconds().min() >= 0
    assert (events.get_column("ended_at") > events.get_column("started_at")).all()


def test_malformed_rows_come_in_text_formats(tmp_path: Path) -> None:
    world = make_world(sessions=2_000, days=2, seed=1, difficulty="null")
    rows = write_world(world, tmp_path, file_format=("parquet", "ndjson"), malformed=True).rows
    text = (tmp_path / "landing" / "sessions" / "sessions-2026-01-02.ndjson").read_text()
    assert rows["malformed"] == 3
    assert text.count("yesterday-ish") == 1


@pytest.mark.parametrize("name", ["csv", "csv.gz", "ndjson.gz", "ndjson.zst"])
def test_text_formats_hold_the_same_rows(tmp_path: Path, name: str) -> None:
    frame = pl.DataFrame({"id": ["01", None], "value": [1.5, 2.5]})
    path = write_table(frame, tmp_path, "t", name)  # type: ignore[arg-type]
    schema = {"id": pl.String, "value": pl.Float64}
    if name.startswith("csv"):
        assert pl.read_csv(path, schema=schema).equals(frame)
    else:
        assert pl.read_ndjson(path, schema=schema).equals(frame)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="no landing format"):
        write_table(pl.DataFrame(), tmp_path, "t", "xlsx")  # type: ignore[arg-type]
