"""The engine's habits: UTC, no extensions, atomic copies, nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from cx_analytics.contracts.tables import CAUSES
from cx_analytics.engine.duck import Duck
from cx_analytics.engine.frames import conform


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    with Duck(spill=tmp_path / "spill", memory_limit="500MB", threads=1) as opened:
        yield opened


def test_results_are_frames_and_values_are_parameters(duck: Duck) -> None:
    found = duck.frame("SELECT $a AS a, $b AS b", {"a": "x'; DROP", "b": 2})
    assert found.rows() == [("x'; DROP", 2)]
    assert duck.frame("SELECT 1 WHERE false").rows() == []
    assert duck.frame("CREATE TABLE t (a INT)").rows() == []


def test_times_are_utc_whatever_the_machine(duck: Duck) -> None:
    found = duck.frame("SELECT CAST(TIMESTAMPTZ '2026-01-01 00:00:00+02:00' AS TIMESTAMP) AS at")
    assert found["at"].to_list() == [datetime(2025, 12, 31, 22)]


def test_settings_are_taken(duck: Duck) -> None:
    row = duck.frame("SELECT current_setting('threads') AS threads").row(0)
    assert row == (1,)


def test_frames_become_relations(duck: Duck) -> None:
    duck.register("t", pl.DataFrame({"a": [1]}))
    duck.register("t", pl.DataFrame({"a": [2, 3]}))
    assert duck.frame("SELECT sum(a) AS a FROM t")["a"].to_list() == [5]
    duck.register("causes", conform(None, CAUSES))
    assert duck.frame("SELECT count(*) AS n FROM causes")["n"].to_list() == [0]
    types = dict(duck.frame("DESCRIBE causes").select("column_name", "column_type").rows())
    assert types["conditions"] == "MAP(VARCHAR, VARCHAR)"


def test_views_match_columns_by_name_and_take_odd_paths(duck: Duck, tmp_path: Path) -> None:
    one, two = tmp_path / "it's" / "day=1" / "a.parquet", tmp_path / "b.parquet"
    assert duck.copy("SELECT 1 AS a, 'x' AS b", one) == 1
    assert duck.copy("SELECT 'y' AS b", two) == 1
    duck.view("v", [one, two])
    assert duck.frame("SELECT * FROM v ORDER BY b").rows() == [(1, "x"), (None, "y")]


def test_a_copy_takes_parameters_and_may_be_empty(duck: Duck, tmp_path: Path) -> None:
    target = tmp_path / "c.parquet"
    assert duck.copy("SELECT * FROM range(10) t(i) WHERE i < $n", target, {"n": 4}) == 4
    assert duck.copy("SELECT * FROM range(10) t(i) WHERE i < $n", target, {"n": 0}) == 0
    assert pl.read_parquet(target).height == 0


def test_a_failed_copy_keeps_the_old_file(duck: Duck, tmp_path: Path) -> None:
    target = tmp_path / "c.parquet"
    duck.copy("SELECT 1 AS a", target)
    with pytest.raises(duckdb.ConversionException):
        duck.copy("SELECT CAST('x' AS INT) AS a", target)
    assert pl.read_parquet(target).rows() == [(1,)]
    assert [path.name for path in tmp_path.glob("*c.parquet*")] == ["c.parquet"]


def test_tables_and_models(duck: Duck) -> None:
    duck.table("fault_causes", "SELECT 'S' AS session_id, $share AS share", {"share": 0.5})
    found = duck.model("quality/shares")
    assert found.to_dicts() == [{"partition": "all", "rows": 1, "largest_deviation": 0.5}]


def test_leftovers_of_a_killed_query_are_swept(tmp_path: Path) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    (spill / "duckdb_temp_storage").write_bytes(b"x" * 10)
    with Duck(spill=spill):
        assert not spill.exists() or not list(spill.iterdir())
    assert not spill.exists()


def test_a_frame_takes_the_place_of_files(duck: Duck, tmp_path: Path) -> None:
    duck.copy("SELECT 1 AS a", tmp_path / "a.parquet")
    duck.view("t", [tmp_path / "a.parquet"])
    for number in (2, 3):
        duck.register("t", pl.DataFrame({"a": [number]}))
        assert duck.frame("SELECT a FROM t").item() == number


def test_another_thread_sees_tables_only(duck: Duck) -> None:
    duck.run("CREATE TABLE shared AS SELECT 1 AS a")
    duck.table("own", "SELECT 2 AS a")
    with duck.beside() as other:
        assert other.frame("SELECT a FROM shared").item() == 1
        with pytest.raises(duckdb.CatalogException):
            other.frame("SELECT a FROM own")
    assert duck.frame("SELECT a FROM own").item() == 2


def test_a_passing_file_is_not_packed(duck: Duck, tmp_path: Path) -> None:
    sql = "SELECT 'the same text' || i % 3 AS t FROM range(10000) r(i)"
    sizes = []
    for passing in (False, True):
        target = tmp_path / f"{passing}.parquet"
        assert duck.copy(sql, target, passing=passing) == 10_000
        codec = pq.read_metadata(target).row_group(0).column(0).compression
        sizes.append(codec)
    assert sizes == ["ZSTD", "UNCOMPRESSED"]
