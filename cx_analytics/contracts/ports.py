"""What a stage may ask of the machinery below it, without knowing which machinery it is.

A stage never imports the engine: where it must run SQL (ingest reads files with it), it takes
an object of this shape as an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import polars as pl


class SqlEngine(Protocol):
    """Runs SQL and hands back frames; `params` bind to $name placeholders."""

    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The result of a query as a frame."""
        ...

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Execute without a result."""
        ...

    def register(self, name: str, frame: pl.DataFrame) -> None:
        """Make a frame visible to SQL under a name."""
        ...

    def copy(self, sql: str, path: Path, params: Mapping[str, Any] | None = None) -> int:
        """Write a query's rows to a Parquet file, atomically; returns the number of rows."""
        ...
