"""An asset that is a table of the contracts: how it is declared, and what each run tells of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg
import polars as pl

from cx_analytics.contracts.model import Table
from cx_analytics.defs.metadata import (
    COLUMN_LINEAGE,
    COLUMN_SCHEMA,
    ROW_COUNT,
    column_schema,
    lineage,
    preview,
)
from cx_analytics.defs.partitions import SINGLE_RUN
from cx_analytics.defs.refusing import RETRY, refusing

KINDS = {"parquet", "duckdb"}


AssetFunction = Callable[..., dg.MaterializeResult[None]]


def table_asset(
    table: Table,
    *,
    group: str,
    deps: Sequence[str | dg.AssetKey] = (),
    partitions: dg.PartitionsDefinition[Any] | None = None,
    fresh: dg.FreshnessPolicy | None = None,
) -> Callable[[AssetFunction], dg.AssetsDefinition]:
    """Declare the decorated function as the asset that makes a table of the contracts.

    Bad input ends it at once; passing faults are tried again. A partitioned one takes a range
    of days in a single run.
    """

    def decorate(function: AssetFunction) -> dg.AssetsDefinition:
        asset: dg.AssetsDefinition = dg.asset(
            name=table.name,
            group_name=group,
            deps=list(deps),
            description=_described(table),
            kinds=KINDS,
            metadata={COLUMN_SCHEMA: column_schema(table)},
            partitions_def=partitions,
            backfill_policy=SINGLE_RUN if partitions else None,
            freshness_policy=fresh,
            retry_policy=RETRY,
        )(refusing(function))
        return asset

    return decorate


def spec_of(table: Table, *, group: str, deps: Sequence[str | dg.AssetKey] = ()) -> dg.AssetSpec:
    """The same for a table that is made together with others."""
    return dg.AssetSpec(
        table.name,
        deps=list(deps),
        group_name=group,
        description=_described(table),
        kinds=KINDS,
        metadata={COLUMN_SCHEMA: column_schema(table)},
    )


def _described(table: Table) -> str:
    return f"{table.meaning} Grain: {table.grain}."


def facts(table: Table, rows: int, sample: pl.DataFrame | None = None) -> dict[str, Any]:
    """What the UI shows of a materialised table: rows, lineage, a preview.

    Its columns are those of the asset, and not written down with every run.
    """
    told: dict[str, Any] = {
        ROW_COUNT: dg.MetadataValue.int(rows),
        COLUMN_LINEAGE: lineage(table),
    }
    if sample is not None:
        told["preview"] = preview(sample)
    return told


def materialized(table: Table, frame: pl.DataFrame, **more: Any) -> dg.MaterializeResult[None]:
    """The result of an asset that wrote a whole table."""
    return dg.MaterializeResult(metadata={**facts(table, frame.height, frame), **more})
