"""Frames that keep a contract: right columns, right order, right types."""

from __future__ import annotations

from typing import Any

import polars as pl

from cx_analytics.contracts.model import Table

POLARS_TYPES: dict[str, Any] = {
    "VARCHAR": pl.String(),
    "BIGINT": pl.Int64(),
    "DOUBLE": pl.Float64(),
    "BOOLEAN": pl.Boolean(),
    "DATE": pl.Date(),
    "TIMESTAMP": pl.Datetime("us"),
    "MAP(VARCHAR, VARCHAR)": pl.Map(pl.String(), pl.String()),
}


def schema_of(table: Table) -> pl.Schema:
    """The Polars schema of a contract's columns."""
    return pl.Schema({column.name: POLARS_TYPES[column.type] for column in table.columns})


def conform(frame: pl.DataFrame | None, table: Table, *, keep_extra: bool = False) -> pl.DataFrame:
    """The frame with exactly the contract's columns, in order and type; missing ones are null.

    With `keep_extra`, further columns follow in the order in which they came.
    """
    schema = schema_of(table)
    if frame is None:
        return pl.DataFrame(schema=schema)
    columns = [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    ]
    extra = [pl.col(name) for name in frame.columns if keep_extra and name not in schema]
    return frame.select(*columns, *extra)
