"""The warehouse: one DuckDB file of commented tables, built aside and swapped in by rename.

Belongs here: DDL and COMMENTs from the contracts, the build and the swap, the read-only door.
Stays out: what fills the tables (Parquet partitions that the stages wrote).

Readers that have the old file open go on with it; a kill leaves the old file in place, since a
DuckDB file admits one writer or many readers, and nobody ever writes to the published one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from cx_analytics.contracts.errors import NotFound
from cx_analytics.contracts.feeds import COMPONENT_COLUMNS
from cx_analytics.contracts.model import Table
from cx_analytics.contracts.tables import TABLES
from cx_analytics.engine.files import PART, replacing
from cx_analytics.engine.models import quote


def connect(database: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection to a published warehouse; NotFound before the first one."""
    if not database.is_file():
        raise NotFound(
            "there is no warehouse yet",
            where=str(database),
            todo=f"make one with 'cx run {database.parent.parent}'",
        )
    connection = duckdb.connect(database, read_only=True)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def publish(
    database: Path,
    sources: Mapping[str, Sequence[Path]],
    *,
    spill: Path,
    memory_limit: str | None = None,
) -> dict[str, int]:
    """Build every table of the contracts from Parquet files and swap the result in.

    Parameters
    ----------
    database : where the file is published.
    sources : table name → its Parquet files; a table without files is published empty.
    spill : folder for what does not fit into `memory_limit`.

    Returns
    -------
    Rows by table.
    """
    unknown = sorted(set(sources) - set(TABLES))
    if unknown:
        raise KeyError(f"no contract for {unknown}")
    wal = database.with_name(f"{PART}{database.name}.tmp.wal")
    wal.unlink(missing_ok=True)
    with replacing(database) as part:
        part.unlink(missing_ok=True)
        config: dict[str, str | bool | int | float | list[str]] = {"temp_directory": str(spill)}
        if memory_limit:
            config["memory_limit"] = memory_limit
        connection = duckdb.connect(part, config=config)
        try:
            # One transaction: a commit for each of hundreds of comments would wait for the disk.
            connection.begin()
            rows = {
                name: _fill(connection, table, sources.get(name, ()))
                for name, table in TABLES.items()
            }
            connection.commit()
            connection.execute("CHECKPOINT")
        finally:
            connection.close()
        if wal.exists():
            raise RuntimeError(f"{wal} is left: the warehouse was not closed cleanly")
    return rows


def _fill(connection: duckdb.DuckDBPyConnection, table: Table, paths: Sequence[Path]) -> int:
    extra = _extra_columns(connection, table, paths)
    connection.execute(ddl(table, extra))
    for statement in comments(table, extra):
        connection.execute(statement)
    if not paths:
        return 0
    row = connection.execute(
        f"INSERT INTO {quote(table.name)} BY NAME SELECT * FROM ({_relation(paths)})"
    ).fetchone()
    return int(row[0]) if row else 0


def _relation(paths: Sequence[Path]) -> str:
    files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return (
        "SELECT COLUMNS(lambda c: NOT starts_with(c, '_')) FROM "
        f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
    )


def _extra_columns(
    connection: duckdb.DuckDBPyConnection, table: Table, paths: Sequence[Path]
) -> dict[str, str]:
    """Columns of the files that the contract does not name (components, cx.toml), by type."""
    if not paths:
        return {}
    described = connection.execute(f"DESCRIBE {_relation(paths)}").fetchall()
    return {name: kind for name, kind, *_ in described if name not in table.names}


def ddl(table: Table, extra: Mapping[str, str] | None = None) -> str:
    """CREATE TABLE of a contract, with further columns at the end.

    >>> from cx_analytics.contracts.tables import FAULT_CAUSES
    >>> print(ddl(FAULT_CAUSES))
    CREATE TABLE "fault_causes" (
      "session_id" VARCHAR NOT NULL,
      "cause_id" VARCHAR NOT NULL,
      "share" DOUBLE NOT NULL
    )
    """
    lines = [
        f"  {quote(column.name)} {column.type}{' NOT NULL' if column.required else ''}"
        for column in table.columns
    ]
    lines += [f"  {quote(name)} {kind}" for name, kind in (extra or {}).items()]
    return f"CREATE TABLE {quote(table.name)} (\n" + ",\n".join(lines) + "\n)"


def comments(table: Table, extra: Mapping[str, str] | None = None) -> list[str]:
    """COMMENT statements of a table and its columns."""
    texts = {column.name: column.comment for column in table.columns}
    texts |= {name: _extra_meaning(name) for name in extra or {}}
    on_table = f"{table.meaning} Grain: {table.grain}."
    name = quote(table.name)
    return [
        f"COMMENT ON TABLE {name} IS {_literal(on_table)}",
        *(
            f"COMMENT ON COLUMN {name}.{quote(column)} IS {_literal(text)}"
            for column, text in texts.items()
        ),
    ]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _extra_meaning(name: str) -> str:
    component, _, last = name.rpartition("_")
    if component and last in COMPONENT_COLUMNS:
        return f"{last.capitalize()} of the unit's {component}"
    return "Column of the sessions feed that cx.toml names"
