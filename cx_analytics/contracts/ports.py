"""What a stage may ask of the machinery below it, without knowing which machinery it is.

A stage never imports the engine: where it must run SQL (ingest reads files with it), it takes
an object of this shape as an argument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import polars as pl
from numpy.typing import NDArray


class Shelf(Protocol):
    """Keeps arrays by name for as long as a run lasts: a dictionary, or a folder."""

    def __setitem__(self, name: str, values: NDArray[Any], /) -> None:
        """Keep an array."""
        ...

    def __getitem__(self, name: str, /) -> NDArray[Any]:
        """The array of that name; KeyError when there is none."""
        ...


class SqlEngine(Protocol):
    """Runs SQL and hands back frames; `params` bind to $name placeholders.

    SQL is DuckDB's on every engine: one that speaks another dialect translates it, or refuses.
    """

    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The result of a query as a frame."""
        ...

    def schema(self, sql: str) -> Mapping[str, str]:
        """Column → SQL type of what a query gives, in the words of the contracts."""
        ...

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Execute without a result."""
        ...

    def register(self, name: str, frame: pl.DataFrame) -> None:
        """Make a frame visible to SQL under a name."""
        ...

    def copy(
        self,
        sql: str,
        path: Path,
        params: Mapping[str, Any] | None = None,
        *,
        passing: bool = False,
    ) -> int:
        """Write a query's rows to a Parquet file, atomically; returns the number of rows.

        `passing` says that the file is read once and thrown away: it need not be small, nor
        outlive a power cut.
        """
        ...

    def beside(self) -> AbstractContextManager[SqlEngine]:
        """The same engine for another thread; it sees tables, but not relations of this one."""
        ...

    @property
    def width(self) -> int:
        """How many threads may ask at a time."""
        ...

    def table(self, name: str, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Materialise a query as a temporary table."""
        ...

    def view(self, name: str, paths: Sequence[Path]) -> None:
        """Make Parquet files visible to SQL as one relation, matched by column name."""
        ...

    def close(self) -> None:
        """Let go of what the engine holds."""
        ...

    def model(
        self, name: str, identifiers: Mapping[str, str] | None = None, **params: Any
    ) -> pl.DataFrame:
        """The result of the SQL model `stage/model` with identifiers and parameters given."""
        ...
