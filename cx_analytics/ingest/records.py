"""The tables that ingest writes about itself: quarantine and runs, as Parquet.

quarantine/<feed>/<batch>.parquet     one row a rejected row or file
lake/runs/all/part.parquet            one row a batch
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cx_analytics.contracts.model import Table
from cx_analytics.contracts.tables import QUARANTINE, RUNS
from cx_analytics.ingest.shapes import FeedReport


def quarantine_path(root: Path, feed: str, batch: str) -> Path:
    """Where the rejected rows of a batch lie."""
    return root / "quarantine" / feed / f"{batch}.parquet"


def quarantine_files(root: Path) -> list[Path]:
    """Every file of the table quarantine."""
    return sorted((root / "quarantine").glob("*/[!.]*.parquet"))


def runs_path(root: Path) -> Path:
    """Where the table runs lies."""
    return root / "lake" / "runs" / "all" / "part.parquet"


def runs_files(root: Path) -> list[Path]:
    """Every file of the table runs."""
    return [path for path in (runs_path(root),) if path.is_file()]


def write_quarantine(rows: Sequence[dict[str, Any]], target: Path) -> None:
    """Write rejected rows in the columns of the contract."""
    _frame(rows, QUARANTINE).write_parquet(target, compression="zstd")


def write_run(
    root: Path, report: FeedReport, now: datetime, target: Callable[[Path], Path]
) -> None:
    """Write the table runs with one more row."""
    import polars as pl

    row = {
        "batch": report.batch,
        "feed": report.feed,
        "started_at": now,
        "files": report.files,
        "rows_in": report.rows_in,
        "kept": report.kept,
        "duplicates": report.duplicates,
        "quarantined": report.quarantined,
        "days": json.dumps([day.isoformat() for day in report.days]),
        "drift": json.dumps(list(report.drift), ensure_ascii=False),
    }
    new = _frame([row], RUNS)
    earlier = [pl.read_parquet(path, hive_partitioning=False) for path in runs_files(root)]
    pl.concat([*earlier, new]).write_parquet(target(runs_path(root)), compression="zstd")


def _frame(rows: Sequence[dict[str, Any]], table: Table) -> Any:
    import polars as pl

    types: dict[str, Any] = {
        "VARCHAR": pl.String(),
        "BIGINT": pl.Int64(),
        "TIMESTAMP": pl.Datetime("us"),
    }
    schema = pl.Schema({column.name: types[column.type] for column in table.columns})
    return pl.DataFrame(list(rows), schema=schema, orient="row")
