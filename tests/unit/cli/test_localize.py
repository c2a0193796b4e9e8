"""`cx localize`: a line a file, and one clear error for a file that is no table."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cx_analytics.cli.app import status_of

Heard = pytest.CaptureFixture[str]


@pytest.fixture
def table() -> pl.DataFrame:
    """Half of `a=a1` is missing."""
    rows = product([f"a{n}" for n in range(6)], [f"b{n}" for n in range(9)])
    frame = pl.DataFrame(list(rows), schema=["a", "b"], orient="row")
    predict = np.random.default_rng(1).gamma(2, 50.5, frame.height)
    return frame.with_columns(
        predict=pl.Series(predict),
        real=pl.when(pl.col("a") == "a1").then(0.5 * predict).otherwise(predict * 1.01),
    )


def lines(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


WRITERS: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    "week.1.parquet": lambda frame, path: frame.write_parquet(path),
    "week.1.csv": lambda frame, path: frame.write_csv(path),
    "week.1.csv.gz": lambda frame, path: path.write_bytes(
        gzip.compress(frame.write_csv().encode())
    ),
    "week.1.csv.zst": lambda frame, path: frame.lazy().sink_csv(path, compression="zstd"),
}


@pytest.mark.parametrize("name", list(WRITERS))
def test_a_line_a_file(name: str, table: pl.DataFrame, tmp_path: Path, capsys: Heard) -> None:
    WRITERS[name](table, tmp_path / name)
    assert status_of(["localize", str(tmp_path / name)]) == 0
    header, line = lines(capsys.readouterr().out)
    assert header == ["instance", "set", "seconds"]
    assert line[:2] == ["week.1", "a=a1"]
    assert 0 < float(line[2]) < 60


def test_values_with_signs_of_csv_and_of_sets(
    table: pl.DataFrame, tmp_path: Path, capsys: Heard
) -> None:
    odd = table.with_columns(pl.col("a").replace("a1", 'one, "two"&b=3;4'))
    odd.write_parquet(tmp_path / "x,y.parquet")
    assert status_of(["localize", str(tmp_path / "x,y.parquet")]) == 0
    assert lines(capsys.readouterr().out)[1][:2] == ["x,y", 'a=one, "two"%26b%3D3%3B4']


def test_numbers_that_are_names_stay_as_written(
    table: pl.DataFrame, tmp_path: Path, capsys: Heard
) -> None:
    table.with_columns(("0" + pl.col("a").str.slice(1)).alias("a")).write_csv(tmp_path / "x.csv")
    assert status_of(["localize", str(tmp_path / "x.csv")]) == 0
    assert lines(capsys.readouterr().out)[1][1] == "a=01"


def test_into_a_file(table: pl.DataFrame, tmp_path: Path, capsys: Heard) -> None:
    for name in ("one", "two"):
        table.write_parquet(tmp_path / f"{name}.parquet")
    paths = [str(tmp_path / f"{name}.parquet") for name in ("two", "one")]
    assert status_of(["localize", *paths, "--out", str(tmp_path / "out.csv")]) == 0
    assert capsys.readouterr().out == ""
    written = lines((tmp_path / "out.csv").read_text(encoding="utf-8"))
    assert [line[:2] for line in written] == [["instance", "set"], ["two", "a=a1"], ["one", "a=a1"]]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bad.parquet", b"PAR1 not really", "cannot be read"),
        ("bad.parquet", None, "there is no such file"),
        ("bad.csv", b"", "cannot be read"),
        ("bad.csv", b"a,real\nx,1\n", "there is no column predict"),
        ("bad.csv", b"a,real,predict\nx,1,many\n", "'many', which is no number"),
        ("bad.csv", b"a,real,predict\nx,1,\n", "missing or infinite"),
        ("bad.csv", b"a,real,predict\n", "no rows"),
        ("bad.csv", b"a,real,predict\nx,-1,2\n", "negative"),
        ("bad.csv", b"a,real,predict\n\xff\xfe,1,1\n", "cannot be read"),
        ("bad.csv.gz", b"\x1f\x8b nonsense", "cannot be read"),
        ("bad.xlsx", b"PK", "this is no table"),
    ],
)
def test_a_file_that_is_no_table(
    name: str,
    content: bytes | None,
    words: str,
    table: pl.DataFrame,
    tmp_path: Path,
    capsys: Heard,
) -> None:
    table.write_parquet(tmp_path / "good.parquet")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    out = tmp_path / "out.csv"
    paths = [str(tmp_path / "good.parquet"), str(tmp_path / name)]
    assert status_of(["localize", *paths, "--out", str(out)]) == 1
    heard = capsys.readouterr().err
    assert heard.startswith(f"error: {tmp_path / name}: ")
    assert words in heard
    assert "To do: " in heard
    assert len(heard.splitlines()) == 1
    assert [line[:2] for line in lines(out.read_text())] == [["instance", "set"], ["good", "a=a1"]]


def test_a_folder_is_no_table(tmp_path: Path, capsys: Heard) -> None:
    assert status_of(["localize", str(tmp_path)]) == 1
    assert "this is no table" in capsys.readouterr().err


def test_large_files_are_read_by_column(
    table: pl.DataFrame, tmp_path: Path, capsys: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cx_analytics.cli.localizing.LARGE_BYTES", 0)
    table.write_parquet(tmp_path / "x.parquet")
    assert status_of(["localize", str(tmp_path / "x.parquet")]) == 0
    assert lines(capsys.readouterr().out)[1][1] == "a=a1"
