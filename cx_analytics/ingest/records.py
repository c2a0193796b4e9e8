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
from cx_analytics.contracts.quoting import literal
from cx_analytics.contracts.tables import QUARANTINE, RUNS
from cx_analytics.ingest.numbering import physical_lines
from cx_analytics.ingest.rows import BAD
from cx_analytics.ingest.shapes import FeedReport, Issue


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
    """A file of a batch: its number, the number before its first record's, and what was not read.

    `lines` is a file with the lines of its bad records; None where these have the same numbers.
    """

    number: int
    file: str
    before: int
    issues: Sequence[Issue]
    lines: Path | None


def write_lines(path: Path, number: int, records: Sequence[int]) -> Path | None:
    """Where the physical lines of bad records are noted; None when they are the records."""
    import polars as pl

    found = physical_lines(path, records)
    if not found:
        return None
    target = path.with_name(f"{path.name}-lines.parquet")
    frame = pl.DataFrame({"record": list(found), "line": list(found.values())})
    frame.with_columns(number=pl.lit(number)).write_parquet(target, compression="lz4")
    return target


def write_quarantine(
    rejected: Sequence[Rejected], feed: str, batch: str, engine: SqlEngine, target: Path
) -> int:
    """Write issues and the bad rows of `taken` in the columns of the contract, by file and line.

    Returns how many.
    """
    import polars as pl

    names = ("number", "file", "line", "rule", "reason", "record")
    numbers = ("number", "line")
    schema = pl.Schema({n: pl.Int64() if n in numbers else pl.String() for n in names})
    issues = [
        (one.number, one.file, issue.line, issue.rule, issue.reason, issue.record)
        for one in rejected
        for issue in one.issues
    ]
    engine.register("issues", pl.DataFrame(issues, schema=schema, orient="row"))
    files = [(one.number, one.file, one.before) for one in rejected]
    places = pl.Schema({"number": pl.Int64(), "file": pl.String(), "before": pl.Int64()})
    engine.register("files", pl.DataFrame(files, schema=places, orient="row"))
    every = f"SELECT {', '.join(names)} FROM issues UNION ALL {_bad_rows(rejected)}"
    columns = {"feed": literal(feed), "batch": literal(batch)}
    picked = ", ".join(f"{columns.get(name, name)} AS {name}" for name in QUARANTINE.names)
    return engine.copy(
        f"SELECT {picked} FROM ({every}) ORDER BY file, line NULLS FIRST, rule, reason, number",
        target,
    )


def _bad_rows(rejected: Sequence[Rejected]) -> str:
    noted = ", ".join(literal(str(one.lines)) for one in rejected if one.lines)
    line, join = "bad.record - before", ""
    if noted:
        line = "coalesce(noted.line, bad.record - before)"
        join = (
            f" LEFT JOIN read_parquet([{noted}], hive_partitioning = false) AS noted "
            "ON noted.number = bad.number AND noted.record = bad.record - before"
        )
    return (
        f"SELECT bad.number, file, {line} AS line, rule, reason, record_text AS record "
        f"FROM ({BAD}) AS bad JOIN files ON files.number = bad.number{join}"
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
