"""Contracts as Polars schemas: what a stage hands back, with the right types even when empty.

Belongs here: types only. Stays out: reading, writing and casting of data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def frame_of(rows: Iterable[Mapping[str, Any]], table: Table) -> pl.DataFrame:
    """Rows as a frame with exactly the contract's columns; what a row lacks is null."""
    names = table.names
    complete = [{name: row.get(name) for name in names} for row in rows]
    return pl.DataFrame(complete, schema=schema_of(table))
