"""Partitions are found, read together, replaced whole and dropped."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from cx_analytics.engine.store import Store

FIRST, SECOND = date(2026, 1, 31), date(2026, 2, 1)


def test_partitions_by_day(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("t", pl.DataFrame({"a": [2]}), SECOND)
    path = store.write("t", pl.DataFrame({"a": [1]}), FIRST)
    assert path == tmp_path / "t" / "day=2026-01-31" / "part.parquet"
    assert store.days("t") == [FIRST, SECOND]
    assert store.has("t", FIRST)
    assert not store.has("t")
    frame = store.read("t")
    assert frame is not None
    assert frame["a"].to_list() == [1, 2]


def test_a_day_is_asked_once_and_missing_days_are_skipped(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("t", pl.DataFrame({"a": [1]}), FIRST)
    assert store.paths("t", [FIRST, FIRST, SECOND]) == [store.path("t", FIRST)]
    assert store.read("t", [SECOND]) is None
    assert store.read("unknown") is None


def test_a_partition_is_replaced_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("t", pl.DataFrame({"a": [1, 2]}))
    store.write("t", pl.DataFrame({"a": [3]}))
    frame = store.read("t")
    assert frame is not None
    assert frame["a"].to_list() == [3]
    assert [path.name for path in (tmp_path / "t" / "all").iterdir()] == ["part.parquet"]


def test_days_with_other_columns_are_read_together(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("t", pl.DataFrame({"a": [1]}), FIRST)
    store.write("t", pl.DataFrame({"a": [2], "modem_lot": ["L"]}), SECOND)
    frame = store.read("t")
    assert frame is not None
    assert frame.rows() == [(1, None), (2, "L")]


def test_a_leftover_is_no_partition(tmp_path: Path) -> None:
    store = Store(tmp_path)
    leftover = store.path("t", FIRST).with_name(".part-part.parquet.tmp")
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half")
    assert store.days("t") == []
    assert store.paths("t") == []


def test_drop_removes_one_day(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for day in (FIRST, SECOND):
        store.write("t", pl.DataFrame({"a": [1]}), day)
    store.drop("t", FIRST)
    store.drop("t", FIRST)
    assert store.days("t") == [SECOND]
