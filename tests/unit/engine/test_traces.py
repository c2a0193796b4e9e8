"""An id is found in every kind of file, and only where it stands alone."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from cx_analytics.engine import traces
from cx_analytics.engine.duck import Duck
from cx_analytics.engine.erase import count_rows, drop_rows
from cx_analytics.engine.traces import Traces

WHO = "c-000042"


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    with Duck(spill=tmp_path / ".spill", threads=1) as engine:
        yield engine


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a,c-000042,b", True),
        (b"c-000042", True),
        (b"c-0000421", False),
        (b"xc-000042", False),
        (b"", False),
    ],
)
@pytest.mark.parametrize("chunk", [1, 5, 8, 100])
def test_bytes_in_pieces(
    content: bytes,
    found: bool,
    chunk: int,
    duck: Duck,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(traces, "CHUNK", chunk)
    path = tmp_path / "a.txt"
    path.write_bytes(b"\n" * 3 + content)
    assert Traces(WHO, duck).in_file(path) is found


def test_packed_files(duck: Duck, tmp_path: Path) -> None:
    search = Traces(WHO, duck)
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(b"id\nc-000042\n"))
    assert search.in_file(packed)
    damaged = tmp_path / "b.csv.gz"
    damaged.write_bytes(b"c-000042, and this is no gzip")
    assert search.in_file(damaged)
    book = tmp_path / "a.xlsx"
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", "<v>c-000042</v>")
    assert search.in_file(book)


def test_parquet_and_warehouse(duck: Duck, tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [1, 2], "text": ["customer_id=c-000042", "x"]})
    path, other = tmp_path / "a.parquet", tmp_path / "b.parquet"
    frame.write_parquet(path)
    frame.with_columns(text=pl.lit("c-0000421")).write_parquet(other)
    database = tmp_path / "a.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE t AS SELECT MAP {'customer_id': 'c-000042'} AS conditions")
    search = Traces(WHO, duck)
    assert search.in_file(path)
    assert not search.in_file(other)
    assert search.in_file(database)


def test_a_short_id_is_looked_for_in_columns_of_customers_only(duck: Duck, tmp_path: Path) -> None:
    search = Traces("7", duck)
    text, table = tmp_path / "a.txt", tmp_path / "a.parquet"
    text.write_text("7")
    pl.DataFrame({"customer_id": ["8"], "band": ["7"]}).write_parquet(table)
    assert not search.in_file(text)
    assert search.in_file(text, thorough=True)
    assert not search.in_file(table)
    pl.DataFrame({"customer_id": ["7"]}).write_parquet(table)
    assert search.in_file(table)


def test_a_name_is_masked(duck: Duck) -> None:
    assert Traces(WHO, duck).masked("landing/c-000042.csv") == "landing/*.csv"


def test_rows_of_a_customer_are_dropped(duck: Duck, tmp_path: Path) -> None:
    path = tmp_path / "cells.parquet"
    frame = pl.DataFrame(
        {
            "attribute_1": ["customer_id", "customer_id", "band"],
            "value_1": [WHO, "c-1", WHO],
            "attribute_2": [None, None, None],
            "value_2": [None, None, None],
        },
        schema_overrides={"attribute_2": pl.String, "value_2": pl.String},
    )
    frame.write_parquet(path)
    assert count_rows(duck, path, WHO) == 1
    drop_rows(duck, path, WHO)
    assert pl.read_parquet(path)["value_1"].to_list() == ["c-1", WHO]
