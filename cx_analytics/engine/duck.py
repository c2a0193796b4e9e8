"""DuckDB, embedded: the default engine. One connection, UTC, bounded memory, no extensions.

Belongs here: everything that knows a DuckDB connection. Stays out: what the SQL means.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import polars as pl
import polars.selectors as cs

from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.engine.files import replacing
from cx_analytics.engine.models import load

DICTIONARY = 1000
"""Columns with more values in a group of rows are written without a dictionary: numbers that hardly
repeat only lose time and room with one."""

LEVEL = 1
"""Zstandard's: a higher one makes files hardly smaller, and takes longer to write them."""


class Duck:
    """A DuckDB connection with the habits of this project.

    Parameters
    ----------
    spill : folder for what does not fit into memory; removed on close (a killed query leaves
        gigabytes there, so it is swept at the start as well).
    memory_limit : as DuckDB writes it, such as "2GB"; None leaves DuckDB's own default.
    threads : number of threads; None uses every core.
    """

    def __init__(
        self, *, spill: Path, memory_limit: str | None = None, threads: int | None = None
    ) -> None:
        self.spill = spill
        shutil.rmtree(spill, ignore_errors=True)
        spill.parent.mkdir(parents=True, exist_ok=True)
        config: dict[str, Any] = {"temp_directory": str(spill)}
        config |= {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        if memory_limit:
            config["memory_limit"] = memory_limit
        if threads:
            config["threads"] = threads
        self.connection = duckdb.connect(config=config)
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute("SET preserve_insertion_order = true")
        self.connection.execute("SET enable_progress_bar = false")
        # What is in memory has no file to be brought into: without this, it is rewritten for one.
        self.connection.execute("SET checkpoint_threshold = '1TB'")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()
        shutil.rmtree(self.spill, ignore_errors=True)

    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The result of a query as a Polars frame; enumerations are texts in it."""
        result = self.connection.sql(sql, params=dict(params) if params else None)
        frame: pl.DataFrame = result.pl() if result is not None else pl.DataFrame()
        return frame.with_columns(cs.categorical().cast(pl.String), cs.enum().cast(pl.String))

    def schema(self, sql: str) -> dict[str, str]:
        """Column → SQL type of what a query gives."""
        described = self.connection.sql(f"DESCRIBE {sql}").fetchall()
        return {str(name): str(kind) for name, kind, *_ in described}

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Execute a statement without a result."""
        self.connection.execute(sql, dict(params) if params else None)

    def register(self, name: str, frame: pl.DataFrame) -> None:
        """Make a frame visible to SQL under a name, until it is registered anew."""
        self.run(f"DROP VIEW IF EXISTS {quote(name)}")
        self.connection.register(name, frame.to_arrow())

    def view(
        self, name: str, paths: Sequence[Path], columns: Mapping[str, str] | None = None
    ) -> None:
        """Make Parquet files visible to SQL as one relation; columns are matched by name.

        `columns` are names with types that the relation has even when no file brings them, as
        those written before a contract gained a column.
        """
        files = ", ".join(literal(str(path)) for path in paths)
        self.run(
            f"CREATE OR REPLACE TEMP VIEW {quote(name)} AS "
            f"SELECT * FROM read_parquet([{files}], union_by_name = true, "
            "hive_partitioning = false)" + _none_of(columns or {})
        )

    def table(self, name: str, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Materialise a query as a temporary table."""
        self.run(f"CREATE OR REPLACE TEMP TABLE {quote(name)} AS {sql}", params)

    def words(self, name: str, sql: str, *columns: str) -> None:
        """Materialise a short query, its text columns as enumerations of the words in them.

        Whoever joins the table carries a number of one to four bytes for each word, and sorts by
        it as by the word; what is written or compared with texts is the text.
        """
        self.run(f"DROP TABLE IF EXISTS {quote(name)}")
        self.table(f"{name} as text", sql)
        listed = []
        for column in columns:
            one, kind = quote(column), quote(f"{name}.{column}")
            self.run(f"DROP TYPE IF EXISTS {kind}")
            self.run(
                f"CREATE TYPE {kind} AS ENUM (SELECT DISTINCT {one} FROM "
                f"{quote(f'{name} as text')} WHERE {one} IS NOT NULL ORDER BY {one})"
            )
            listed.append(f"CAST({one} AS {kind}) AS {one}")
        text = quote(f"{name} as text")
        self.table(name, f"SELECT * REPLACE ({', '.join(listed)}) FROM {text}")
        self.drop(f"{name} as text")

    def drop(self, name: str) -> None:
        """Remove a temporary table, and give its memory back."""
        self.run(f"DROP TABLE {quote(name)}")

    def copy(
        self,
        sql: str,
        path: Path,
        params: Mapping[str, Any] | None = None,
        *,
        passing: bool = False,
    ) -> int:
        """Write a query's rows to a Parquet file, atomically; returns the number of rows.

        A `passing` file is neither compressed nor synced: it is read once and thrown away.
        """
        packing = "uncompressed" if passing else f"zstd, COMPRESSION_LEVEL {LEVEL}"
        with replacing(path, durable=not passing) as part:
            row = self.connection.execute(
                f"COPY ({sql}) TO {literal(str(part))} "
                f"(FORMAT parquet, COMPRESSION {packing}, DICTIONARY_SIZE_LIMIT {DICTIONARY})",
                dict(params) if params else None,
            ).fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def beside(self) -> Iterator[Duck]:
        """A connection to the same tables for another thread; views and frames are its own."""
        other = object.__new__(type(self))
        other.spill, other.connection = self.spill, self.connection.cursor()
        other.connection.execute("SET TimeZone = 'UTC'")
        try:
            yield other
        finally:
            other.connection.close()

    @property
    def width(self) -> int:
        """How many threads DuckDB works with."""
        ((threads,),) = self.connection.execute("SELECT current_setting('threads')").fetchall()
        return int(threads)

    def model(
        self, name: str, identifiers: Mapping[str, str] | None = None, **params: Any
    ) -> pl.DataFrame:
        """The result of the SQL model `stage/model`, its identifiers and parameters given."""
        return self.frame(load(name).bind(identifiers or {}), params)


def _none_of(columns: Mapping[str, str]) -> str:
    """A relation without rows that adds its columns to those of another, by name."""
    typed = ", ".join(f"CAST(NULL AS {kind}) AS {quote(name)}" for name, kind in columns.items())
    return f" UNION ALL BY NAME SELECT {typed} WHERE FALSE" if typed else ""
