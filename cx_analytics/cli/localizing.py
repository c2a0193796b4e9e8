"""Reading tables, localising them one by one, and a line of CSV for each.

Belongs here: files in, lines out. Stays out: the localisation itself (attribute).
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO

import polars as pl

from cx_analytics.attribute.cuboids.leaves import Leaves
from cx_analytics.attribute.cuboids.localize import localize_leaves
from cx_analytics.attribute.cuboids.table import AMOUNTS, RATIOS, leaves_by_column, leaves_of
from cx_analytics.cli.screen import clean
from cx_analytics.contracts.errors import InputRefused

SUFFIXES = (".parquet", ".csv", ".csv.gz", ".csv.zst")

LARGE_BYTES = 64_000_000
"""Parquet files beyond it are read a column at a time."""

HEADER = ("instance", "set", "seconds")


def write(files: Sequence[Path], out: Path | None) -> None:
    """Localise the files in order; InputRefused at the first that cannot be read.

    Every line is written out before the next file is opened.
    """
    with _target(out) as target:
        lines = csv.writer(target, lineterminator="\n")
        lines.writerow(HEADER)
        for path in files:
            found, seconds = localized(path)
            line = (instance_of(path), found, f"{seconds:.4f}")
            # A value from a file must not steer a terminal.
            lines.writerow(map(clean, line) if target.isatty() else line)
            target.flush()


def _target(out: Path | None) -> IO[str] | nullcontext[IO[str]]:
    return out.open("w", encoding="utf-8", newline="") if out else nullcontext(sys.stdout)


def localized(path: Path) -> tuple[str, float]:
    """The set of a file's table, and the seconds from its columns to the set."""
    try:
        _demand_file(path)
        large = path.suffix == ".parquet" and path.stat().st_size > LARGE_BYTES
        frame = None if large else read(path)
        begun = time.perf_counter()
        leaves = leaves_of(frame) if frame is not None else _leaves_of_large(path)
        found = localize_leaves(leaves)
        return found.set, time.perf_counter() - begun
    except InputRefused as error:
        raise InputRefused(error.what, where=str(path), todo=error.todo) from None
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        what = f"cannot be read ({' '.join(str(error).split())[:200]})"
        raise InputRefused(what, where=str(path), todo="give a whole table") from error


def _demand_file(path: Path) -> None:
    if not path.exists():
        raise InputRefused("there is no such file", todo="check the path")
    if not path.is_file() or not path.name.endswith(SUFFIXES):
        raise InputRefused("this is no table", todo=f"give files that end in {', '.join(SUFFIXES)}")


def instance_of(path: Path) -> str:
    """The file's name without its ending.

    >>> instance_of(Path("a/week.1.csv.gz"))
    'week.1'
    """
    return next(path.name.removesuffix(end) for end in reversed(SUFFIXES) if path.match(f"*{end}"))


def read(path: Path) -> pl.DataFrame:
    """The table of a file; in CSV everything but the amounts is text."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    frame = pl.read_csv(path, infer_schema=False)
    amounts = [name for name in frame.columns if name in (*AMOUNTS, *RATIOS)]
    for name in amounts:
        numbers = frame[name].str.strip_chars().cast(pl.Float64, strict=False)
        odd = frame[name].filter(numbers.is_null() & frame[name].is_not_null())
        if len(odd):
            raise InputRefused(
                f"column {name} holds {odd[0]!r}, which is no number",
                todo="give numbers, 0 or more",
            )
        frame = frame.with_columns(numbers)
    return frame


def _leaves_of_large(path: Path) -> Leaves:
    def column(name: str) -> pl.Series:
        return pl.read_parquet(path, columns=[name])[name]

    return leaves_by_column(pl.read_parquet_schema(path), column)
