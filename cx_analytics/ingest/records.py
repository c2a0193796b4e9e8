"""The tables that ingest writes about itself: quarantine and runs, as Parquet.

quarantine/<feed>/<batch>.parquet     one row a rejected row or file
lake/runs/all/part.parquet            one row a batch
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cx_analytics.contracts.model import Table
from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.contracts.tables import QUARANTINE, RUNS
from cx_analytics.ingest.numbering import physical_lines
from cx_analytics.ingest.shapes import FeedReport, Issue, literal


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


@dataclass(frozen=True)
class Rejected:
    """What was rejected of a file: issues, and the judged rows (with their lines) that are bad."""

    file: str
    issues: Sequence[Issue]
    rows: Path | None
    lines: Path | None


def write_lines(folder: Path, records: Sequence[int]) -> Path | None:
    """Where the physical lines of bad records are noted; None when they are the records."""
    import polars as pl

    found = physical_lines(next(folder.glob("data.*")), records)
    if not found:
        return None
    target = folder / "lines.parquet"
    frame = pl.DataFrame({"record": list(found), "line": list(found.values())})
    frame.write_parquet(target, compression="lz4")
    return target


def write_quarantine(
    rejected: Sequence[Rejected], feed: str, batch: str, engine: SqlEngine, target: Path
) -> int:
    """Write rejected rows in the columns of the contract, by file and line; returns how many."""
    import polars as pl

    names = ("file", "line", "rule", "reason", "record")
    schema = pl.Schema({n: pl.Int64() if n == "line" else pl.String() for n in names})
    issues = [(r.file, i.line, i.rule, i.reason, i.record) for r in rejected for i in r.issues]
    engine.register("issues", pl.DataFrame(issues, schema=schema, orient="row"))
    rows = [_bad_rows(one.file, one.rows, one.lines) for one in rejected if one.rows]
    every = " UNION ALL ".join([f"SELECT {', '.join(names)} FROM issues", *rows])
    columns = {"feed": literal(feed), "batch": literal(batch)}
    picked = ", ".join(f"{columns.get(name, name)} AS {name}" for name in QUARANTINE.names)
    return engine.copy(
        f"SELECT {picked} FROM ({every}) ORDER BY file, line NULLS FIRST, rule, reason", target
    )


def _bad_rows(file: str, rows: Path, lines: Path | None) -> str:
    bad = f"read_parquet({literal(str(rows))}, hive_partitioning = false)"
    line, join = "_line", ""
    if lines:
        line = "coalesce(line, _line)"
        join = f" LEFT JOIN read_parquet({literal(str(lines))}) AS l ON l.record = _line"
    return (
        f"SELECT {literal(file)} AS file, {line} AS line, _rule, _reason, _record "
        f"FROM {bad}{join} WHERE _rule IS NOT NULL"
    )


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
    earlier = [
        pl.read_parquet(path, hive_partitioning=False, glob=False) for path in runs_files(root)
    ]
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
