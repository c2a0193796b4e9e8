"""Frames that keep a contract: right columns, right order, right types."""

from __future__ import annotations

import polars as pl

from cx_analytics.contracts.frames import schema_of
from cx_analytics.contracts.model import Table


def conform(frame: pl.DataFrame | None, table: Table, *, keep_extra: bool = False) -> pl.DataFrame:
    """The frame with exactly the contract's columns, in order and type; missing ones are null.

    With `keep_extra`, further columns follow in the order in which they came.
    """
    schema = schema_of(table)
    if frame is None or not frame.width:
        return pl.DataFrame(schema=schema)
    # Added to the frame, not selected: constants alone would make a row of an empty frame.
    missing = [pl.lit(None).alias(name) for name in schema if name not in frame.columns]
    columns = [pl.col(name).cast(dtype) for name, dtype in schema.items()]
    extra = [pl.col(name) for name in frame.columns if keep_extra and name not in schema]
    return frame.with_columns(*missing).select(*columns, *extra)
