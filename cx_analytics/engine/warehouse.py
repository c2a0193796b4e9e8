"""The warehouse: one DuckDB file of commented tables, built aside and swapped in by rename.

Belongs here: DDL and COMMENTs from the contracts, the build and the swap, the read-only door.
Stays out: what fills the tables (Parquet partitions that the stages wrote).

Tables that come in days are views over second names of their parts (published.py), the others are
copied into the file: a publication costs what is new, not what is there.
Readers that have the old file open go on with it; a kill leaves the old file in place, since a
DuckDB file admits one writer or many readers, and nobody ever writes to the published one.
"""

from __future__ import annotations

import glob
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from cx_analytics.contracts.errors import NotFound
from cx_analytics.contracts.feeds import COMPONENT_COLUMNS
from cx_analytics.contracts.model import Table
from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.contracts.tables import TABLES
from cx_analytics.engine.files import PART, replacing
from cx_analytics.engine.published import (
    FOLDER,
    comes_in_days,
    current,
    keep_name,
    link_days,
    retire,
)

_Connection = duckdb.DuckDBPyConnection
_READ = re.compile(rf"read_parquet\('((?:[^']|'')*)/{FOLDER}/([0-9]+)/")
"""Where a view of a published database reads: the folder of the warehouse, and the publication."""


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
    for _, view in _moved(connection, database):
        connection.execute(view.replace("CREATE VIEW", "CREATE TEMP VIEW", 1))
    return connection


def relocate(database: Path) -> bool:
    """Let the views of a database read beside it, where its workspace was moved or copied."""
    if not database.is_file():
        return False
    with duckdb.connect(database, read_only=True) as connection:
        moved = _moved(connection, database)
        folders = {_published(view) for _, view in moved}
    if not moved:
        return False
    with replacing(database) as part:
        shutil.copyfile(database, part)
        with duckdb.connect(part) as connection:
            connection.begin()
            for name, view in moved:
                told = _told(connection, name)
                connection.execute(view.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))
                for statement in told:
                    connection.execute(statement)
            connection.commit()
            connection.execute("CHECKPOINT")
        for folder in folders:
            (folder / "cx.duckdb").unlink(missing_ok=True)
            keep_name(part, folder)
    return True


def _moved(connection: _Connection, database: Path) -> list[tuple[str, str]]:
    """Views that read in another place, as they should be: name and CREATE VIEW."""
    listed = "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY view_name"
    here = _pattern(database.resolve().parent)
    return [
        (name, _READ.sub(lambda found: f"read_parquet('{here}/{FOLDER}/{found[2]}/", view))
        for name, view in connection.execute(listed).fetchall()
        if (found := _READ.search(view)) and found[1] != here
    ]


def _published(view: str) -> Path:
    """The publication that a view reads."""
    found = _READ.search(view)
    assert found
    # The classes of a pattern ([*]) stand for the characters themselves.
    folder = re.sub(r"\[([*?[])\]", r"\1", found[1].replace("''", "'"))
    return Path(folder) / FOLDER / found[2]


def _pattern(folder: Path) -> str:
    """A folder inside a SQL literal, for a reader that takes patterns."""
    return glob.escape(str(folder)).replace("'", "''")


def _told(connection: _Connection, view: str) -> list[str]:
    """The COMMENT statements of a view as it stands."""
    on_view = "SELECT comment FROM duckdb_views() WHERE view_name = $1"
    on_columns = "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = $1"
    row = connection.execute(on_view, [view]).fetchone()
    texts = dict(connection.execute(on_columns, [view]).fetchall())
    return _comments(view, str(row[0]) if row else "", texts, "VIEW")


def publish(
    database: Path,
    sources: Mapping[str, Sequence[Path]],
    *,
    spill: Path,
    memory_limit: str | None = None,
    threads: int | None = None,
) -> dict[str, int]:
    """Build every table of the contracts from Parquet files and swap the result in.

    Parameters
    ----------
    database : where the file is published.
    sources : table name → its Parquet files; a table without files is published empty, one whose
        files are days of a store is a view.
    spill : folder for what does not fit into `memory_limit`.
    threads : number of threads; None uses every core.

    Returns
    -------
    Rows by table.
    """
    unknown = sorted(set(sources) - set(TABLES))
    if unknown:
        raise KeyError(f"no contract for {unknown}")
    database = database.parent.resolve() / database.name  # The views name the folder.
    wal = database.with_name(f"{PART}{database.name}.tmp.wal")
    wal.unlink(missing_ok=True)
    daily = {name: paths for name, paths in sources.items() if comes_in_days(paths)}
    before, publication = current(database), link_days(database, daily)
    with replacing(database) as part:
        part.unlink(missing_ok=True)
        config: dict[str, str | bool | int | float | list[str]] = {"temp_directory": str(spill)}
        if memory_limit:
            config["memory_limit"] = memory_limit
        if threads:
            config["threads"] = threads
        connection = duckdb.connect(part, config=config)
        try:
            # One transaction: a commit for each of hundreds of comments would wait for the disk.
            connection.begin()
            rows = {
                name: _show(connection, table, publication)
                if name in daily
                else _fill(connection, table, sources.get(name, ()))
                for name, table in TABLES.items()
            }
            connection.commit()
            connection.execute("CHECKPOINT")
        finally:
            connection.close()
        if wal.exists():
            raise RuntimeError(f"{wal} is left: the warehouse was not closed cleanly")
        keep_name(part, publication)
    retire(database, publication, before)
    return rows


def _fill(connection: _Connection, table: Table, paths: Sequence[Path]) -> int:
    """Copy a table's files into the database; returns the rows."""
    extra = _extra_columns(connection, table, _relation(paths)) if paths else {}
    connection.execute(ddl(table, extra))
    for statement in comments(table, extra):
        connection.execute(statement)
    if not paths:
        return 0
    row = connection.execute(
        f"INSERT INTO {quote(table.name)} BY NAME SELECT * FROM ({_relation(paths)})"
    ).fetchone()
    return int(row[0]) if row else 0


def _show(connection: _Connection, table: Table, publication: Path) -> int:
    """Make a view over a table's days in a publication; returns the rows."""
    files = (
        f"read_parquet('{_pattern(publication)}/{table.name}/*.parquet', union_by_name = true, "
        "hive_partitioning = false)"
    )
    found = _types(connection, f"SELECT * FROM {files}")
    extra = _extra_columns(connection, table, _visible(files))
    columns = [
        f"  CAST({quote(one.name) if one.name in found else 'NULL'} AS {one.type})"
        f" AS {quote(one.name)}"
        for one in table.columns
    ]
    columns += [f"  {quote(name)}" for name in extra]
    name = quote(table.name)
    connection.execute(f"CREATE VIEW {name} AS SELECT\n" + ",\n".join(columns) + f"\nFROM {files}")
    for statement in comments(table, extra, "VIEW"):
        connection.execute(statement)
    row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
    return int(row[0]) if row else 0


def _relation(paths: Sequence[Path]) -> str:
    files = ", ".join(literal(str(path)) for path in paths)
    return _visible(f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)")


def _visible(files: str) -> str:
    return f"SELECT COLUMNS(lambda c: NOT starts_with(c, '_')) FROM {files}"


def _extra_columns(connection: _Connection, table: Table, relation: str) -> dict[str, str]:
    """Columns of the files that the contract does not name (components, cx.toml), by type."""
    found = _types(connection, relation)
    return {name: kind for name, kind in found.items() if name not in table.names}


def _types(connection: _Connection, relation: str) -> dict[str, str]:
    described = connection.execute(f"DESCRIBE {relation}").fetchall()
    return {name: kind for name, kind, *_ in described}


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


def comments(
    table: Table, extra: Mapping[str, str] | None = None, kind: str = "TABLE"
) -> list[str]:
    """COMMENT statements of a table (or of the view that shows it) and its columns."""
    texts = {column.name: column.comment for column in table.columns}
    texts |= {name: _extra_meaning(name) for name in extra or {}}
    return _comments(table.name, f"{table.meaning} Grain: {table.grain}.", texts, kind)


def _comments(name: str, meaning: str, texts: Mapping[str, str], kind: str) -> list[str]:
    return [
        f"COMMENT ON {kind} {quote(name)} IS {literal(meaning)}",
        *(
            f"COMMENT ON COLUMN {quote(name)}.{quote(column)} IS {literal(text)}"
            for column, text in texts.items()
        ),
    ]


def _extra_meaning(name: str) -> str:
    component, _, last = name.rpartition("_")
    if component and last in COMPONENT_COLUMNS:
        return f"{last.capitalize()} of the unit's {component}"
    return "Column of the sessions feed that cx.toml names"
