"""Parquet partitions: one folder a table, one file a day, each replaced whole and atomically.

    <root>/<table>/day=2026-01-31/part.parquet      tables with a day
    <root>/<table>/all/part.parquet                 tables without

The lake (validated feeds) and the derived parts of the warehouse are both such stores.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import polars as pl
from pyarrow.parquet import read_metadata

from cx_analytics.engine.files import replacing

WHOLE = "all"


class Store:
    """Tables as Parquet partitions below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, table: str, day: date | None = None) -> Path:
        """Where a partition lies, whether or not it exists."""
        part = f"day={day.isoformat()}" if day else WHOLE
        return self.root / table / part / "part.parquet"

    def days(self, table: str) -> list[date]:
        """The days that a table has, in order."""
        found = (self.root / table).glob("day=*/part.parquet")
        return sorted(date.fromisoformat(path.parent.name[4:]) for path in found)

    def paths(self, table: str, days: Iterable[date] | None = None) -> list[Path]:
        """The files of a table: all of them, or those of some days; only what exists."""
        if days is not None:
            return [path for day in sorted(set(days)) if (path := self.path(table, day)).is_file()]
        return sorted((self.root / table).glob("*/part.parquet"))

    def has(self, table: str, day: date | None = None) -> bool:
        return self.path(table, day).is_file()

    def read(self, table: str, days: Iterable[date] | None = None) -> pl.DataFrame | None:
        """The rows of a table, or None when it has no partition."""
        paths = self.paths(table, days)
        if not paths:
            return None
        frames = [pl.read_parquet(path, hive_partitioning=False) for path in paths]
        return pl.concat(frames, how="diagonal")

    def rows(self, table: str) -> int:
        """How many rows a table has; read from the ends of its files."""
        return sum(read_metadata(path).num_rows for path in self.paths(table))

    def write(self, table: str, frame: pl.DataFrame, day: date | None = None) -> Path:
        """Replace a partition by a frame."""
        target = self.path(table, day)
        with replacing(target) as part:
            frame.write_parquet(part, compression="zstd")
        return target

    def drop(self, table: str, day: date | None = None) -> None:
        """Remove a partition."""
        shutil.rmtree(self.path(table, day).parent, ignore_errors=True)
