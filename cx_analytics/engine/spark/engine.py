"""The engine on Spark: the shape of `contracts.ports.SqlEngine`, as `engine.duck.Duck` has it.

Belongs here: relations, queries and Parquet on Spark. Stays out: what a query means
(dialect.py), and how Spark is started (session.py).

Results come back to the driver as Arrow and are frames, so only models that end in counts
belong here; rows are written by the cluster, and put together to a partition's one file.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import polars as pl
import pyarrow.parquet as pq

from cx_analytics.contracts.errors import CxError
from cx_analytics.contracts.settings import Engine
from cx_analytics.engine.files import PART, replacing
from cx_analytics.engine.models import load
from cx_analytics.engine.spark.dialect import asks_for_names, relations, spark_sql
from cx_analytics.engine.spark.session import connect, quiet

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TYPES = {"string": "VARCHAR", "int": "INTEGER", "timestamp_ntz": "TIMESTAMP", "float": "FLOAT"}
_GLOB = re.compile(r"([\[\]{}*?\\])")


class Spark:
    """A session on Spark with the habits of this project.

    Parameters
    ----------
    settings : `[engine]` of cx.toml.
    spill : folder for what does not fit into memory, on this machine.
    """

    def __init__(self, settings: Engine, *, spill: Path) -> None:
        self.session = connect(settings, spill)
        self._promised: dict[str, Callable[[], DataFrame]] = {}
        self._kept: dict[str, DataFrame] = {}
        self._small: set[str] = set()

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
        """Forget all relations; the connection stays for the rest of the process."""
        for name in list(self._kept):
            self._forget(name)
        self._promised.clear()

    # ---- relations -------------------------------------------------------------------------

    def register(self, name: str, frame: pl.DataFrame) -> None:
        """Make a frame visible to SQL under a name, until it is registered anew."""
        table = frame.select(_signed(column) for column in frame.get_columns()).to_arrow()
        self._promise(name, lambda: self.session.createDataFrame(table))
        self._small.add(name)

    def view(self, name: str, paths: Sequence[Path]) -> None:
        """Make Parquet files visible to SQL as one relation; columns are matched by name."""
        files = ["file://" + _GLOB.sub(r"\\\1", str(path)) for path in paths]
        reader = self.session.read.option("mergeSchema", len(files) > 1)
        self._promise(name, lambda: reader.parquet(*files))

    def table(self, name: str, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Materialise a query: its rows are computed when first read, and kept.

        What rests on frames alone is left as it is: making it anew costs less than keeping it.
        """
        reads_files = not relations(sql) <= self._small
        frame = self._query(sql, params)
        if reads_files:
            frame.persist()
        self._promise(name, lambda: frame)
        if reads_files:
            self._kept[name] = frame
        else:
            self._small.add(name)

    def _promise(self, name: str, make: Callable[[], DataFrame]) -> None:
        """Relations are made when a query first reads them: many are never asked for."""
        self._forget(name)
        self._small.discard(name)
        self._promised[name] = make

    def _forget(self, name: str) -> None:
        kept = self._kept.pop(name, None)
        if kept is not None:
            kept.unpersist()

    def _present(self, sql: str) -> None:
        for name in relations(sql):
            make = self._promised.pop(name, None)
            if make is not None:
                with quiet():
                    make().createOrReplaceTempView(_ticked(name))

    # ---- queries ---------------------------------------------------------------------------

    def _query(self, sql: str, params: Mapping[str, Any] | None = None) -> DataFrame:
        self._present(sql)
        given = params or {}
        types = {name: kind for name in given if (kind := _type_of(given[name]))}
        spark = spark_sql(sql, self._names if asks_for_names(sql) else None, types)
        with quiet():
            return self.session.sql(spark, args={k: _plain(v) for k, v in given.items()})

    def _names(self, relation: str) -> list[str]:
        return list(self.session.table(_ticked(relation)).columns)

    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The result of a query as a Polars frame."""
        with quiet():
            table = self._query(sql, params).toArrow()
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def schema(self, sql: str) -> dict[str, str]:
        """Column → SQL type of what a query gives; nothing is computed."""
        return {
            field.name: _type_name(field.dataType.simpleString())
            for field in self._query(sql).schema.fields
        }

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Execute a statement without a result."""
        self._query(sql, params).collect()

    def model(
        self, name: str, identifiers: Mapping[str, str] | None = None, **params: Any
    ) -> pl.DataFrame:
        """The result of the SQL model `stage/model`, its identifiers and parameters given."""
        return self.frame(load(name).bind(identifiers or {}), params)

    # ---- Parquet ---------------------------------------------------------------------------

    def beside(self) -> AbstractContextManager[Spark]:
        """Itself: Spark plans the queries of several threads side by side."""
        return nullcontext(self)

    @property
    def width(self) -> int:
        """How many threads may ask at a time."""
        return 1

    def copy(
        self,
        sql: str,
        path: Path,
        params: Mapping[str, Any] | None = None,
        *,
        passing: bool = False,
    ) -> int:
        """Write a query's rows to a Parquet file, atomically; returns the number of rows.

        The cluster writes as many files as it has tasks; they are put together in order, a
        row group at a time, so that a partition stays one file for everyone who reads it.
        """
        folder = path.with_name(f"{PART}{path.name}.parts")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            self._query(sql, params).write.parquet(f"file://{folder}")
            with replacing(path, durable=not passing) as part:
                return _joined(sorted(folder.glob("part-*.parquet")), part)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _joined(files: Sequence[Path], target: Path) -> int:
    """Put Parquet files of one schema into one; returns the number of rows."""
    if not files:
        raise CxError("Spark wrote no file", where=str(target), todo="see that it may write there")
    rows = 0
    schema = pq.read_schema(files[0]).remove_metadata()
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for file in files:
            with pq.ParquetFile(file) as read:
                for group in range(read.num_row_groups):
                    table = read.read_row_group(group).cast(schema)
                    writer.write_table(table)
                    rows += table.num_rows
    return rows


def _signed(column: pl.Series) -> pl.Series:
    """A column of a type that Spark has: it knows neither unsigned integers nor categories."""
    if column.dtype.is_unsigned_integer():
        return column.cast(pl.Int64)
    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    return column


def _plain(value: Any) -> Any:
    """A parameter as Spark takes it; days and times are cast from text in the query."""
    if isinstance(value, list | tuple):
        from pyspark.sql.functions import array, lit

        return array(*[lit(one) for one in value])
    return str(value) if isinstance(value, date) else value


def _type_of(value: Any) -> str | None:
    """What a parameter must be cast to: pyspark would give a time a zone."""
    if isinstance(value, datetime):
        return "TIMESTAMP_NTZ"
    return "DATE" if isinstance(value, date) else None


def _type_name(spark: str) -> str:
    found = re.fullmatch(r"map<(.*),(.*)>", spark)
    if found:
        return f"MAP({_type_name(found[1])}, {_type_name(found[2])})"
    return _TYPES.get(spark, spark.upper())


def _ticked(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
