"""cx_analytics: from the telemetry of connected products to causes, fixes and defect messages.

The same in Python as on the command line:

    cx_analytics.run(workspace)        bring a workspace up to date (`cx run`)
    cx_analytics.connect(workspace)    a read-only DuckDB connection to what it published
    cx_analytics.attribute             find_causes and what it needs

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from cx_analytics.pipeline import Progress, RunSummary

__all__ = ["connect", "run"]


def run(
    workspace: str | Path,
    first: date | None = None,
    last: date | None = None,
    *,
    progress: Progress | None = None,
) -> RunSummary:
    """Bring a workspace up to date, day by day; see `cx_analytics.pipeline.run`."""
    from cx_analytics import pipeline

    return pipeline.run(workspace, first, last, progress=progress)


def connect(workspace: str | Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the warehouse that the last run published.

    It stays on that publication while later runs replace the file; open a new one to see them.
    """
    from cx_analytics.engine import warehouse
    from cx_analytics.workspace import Workspace

    return warehouse.connect(Workspace.open(workspace).database)
