"""A write is all or nothing, and leftovers of killed writers are swept."""

from __future__ import annotations

from pathlib import Path

import pytest

from cx_analytics.engine.files import read_json, replacing, sweep, write_json, write_text


def test_a_write_makes_folders_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.txt"
    write_text(target, "é")
    assert target.read_bytes() == b"\xc3\xa9"
    assert [path.name for path in target.parent.iterdir()] == ["b.txt"]


def break_off(target: Path) -> None:
    with replacing(target) as part:
        part.write_text("half")
        raise ZeroDivisionError


def test_an_error_while_writing_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "b.txt"
    write_text(target, "old")
    with pytest.raises(ZeroDivisionError):
        break_off(target)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("b.txt", "old")]


def test_a_writer_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "b.txt"):
        pass


def test_equal_values_give_equal_files(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": [2]})
    write_json(tmp_path / "b.json", {"a": [2], "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert read_json(tmp_path / "a.json", None) == {"a": [2], "b": 1}
    assert read_json(tmp_path / "c.json", "none") == "none"


def test_sweep_takes_leftovers_only(tmp_path: Path) -> None:
    for name in ("x/.part-p.parquet.tmp", "x/y/.part-q.tmp", "x/p.parquet", "x/part-1.parquet"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert sweep(tmp_path) == 2
    assert sorted(path.name for path in (tmp_path / "x").rglob("*.parquet")) == [
        "p.parquet",
        "part-1.parquet",
    ]
