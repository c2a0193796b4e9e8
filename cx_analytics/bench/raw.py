"""The floor beside a run: the same files and the same groups, asked of DuckDB alone.

Belongs here: queries without validation, stores, stamps or models. Stays out: timing them. The
columns differ by workspace, so the queries are put together here and not in sql/.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from cx_analytics.contracts.feeds import SESSIONS
from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.contracts.tables import SESSIONS_TABLE
from cx_analytics.engine.store import Store
from cx_analytics.workspace import Workspace

READING = "ingest of sessions"
COUNTING = "attribute: counting"


def read_landing(root: Path) -> None:
    """Read the landed sessions, keep one row a session, write them as Parquet."""
    texts = ", ".join(f"'{column.name}': 'VARCHAR'" for column in SESSIONS.columns)
    typed = ", ".join(
        f"try_cast({quote(column.name)} AS {column.type}) AS {quote(column.name)}"
        for column in SESSIONS.columns
    )
    files = literal(str(root / "landing" / "sessions" / "*"))
    if any((root / "landing" / "sessions").glob("*.parquet")):
        columns, landed = "*", f"read_parquet({files})"
    else:
        columns, landed = (
            typed,
            f"read_ndjson({files}, columns = {{{texts}}}, ignore_errors = true)",
        )
    target = literal(str(root / "floor.parquet"))
    with _connected(root) as connection:
        connection.execute(
            f"COPY (SELECT DISTINCT ON (session_id) {columns} FROM {landed}) TO {target} "
            "(FORMAT parquet, COMPRESSION zstd)"
        )


def count_values(root: Path) -> None:
    """Sessions and faults by day of every value of every attribute, and by hour and network."""
    workspace = Workspace.open(root)
    paths = Store(workspace.parts).paths(SESSIONS_TABLE.name)
    files = ", ".join(literal(str(path)) for path in paths)
    with _connected(root) as connection:
        connection.execute(f"CREATE TEMP VIEW session AS FROM read_parquet([{files}])")
        columns = [str(row[0]) for row in connection.execute("DESCRIBE session").fetchall()]
        names = [quote(one.name) for one in workspace.settings.attributes_in(sorted(columns))]
        for key in (*names, "network_type, hour(started_at)"):
            connection.execute(
                f"SELECT CAST(started_at AS DATE), {key}, count(*), "
                "count(*) FILTER (WHERE faulty) FROM session GROUP BY ALL"
            ).fetchall()


def _connected(root: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, with as many threads as the workspace's own runs."""
    threads = Workspace.open(root).settings.engine.threads
    return duckdb.connect(config={"threads": threads} if threads else {})


QUESTIONS: dict[str, Callable[[Path], None]] = {READING: read_landing, COUNTING: count_values}
"""By the step of a run that answers the same question."""
