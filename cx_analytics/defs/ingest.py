"""Group ingest: one asset a feed, from landing files to validated rows in the lake."""

from __future__ import annotations

import time
from typing import Any

import dagster as dg
import polars as pl

from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.contracts.model import Feed
from cx_analytics.defs.metadata import COLUMN_SCHEMA, ROW_COUNT, column_schema, preview
from cx_analytics.defs.progress import tell
from cx_analytics.defs.pseudonyms import pseudonyms_of
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.engine.frames import conform
from cx_analytics.ingest import FeedReport, ingest, most_in_a_batch

PREVIEW_ROWS = 10


def lake_key(feed: str) -> dg.AssetKey:
    """The asset key of a feed's rows in the lake."""
    return dg.AssetKey(["lake", feed])


def feed_asset(feed: Feed) -> dg.AssetsDefinition:
    """The asset of one feed."""

    @dg.asset(
        key=lake_key(feed.name),
        group_name="ingest",
        description=f"{feed.meaning} Validated, deduplicated, by day.",
        kinds={"parquet"},
        metadata={COLUMN_SCHEMA: column_schema(feed)},
        retry_policy=RETRY,
    )
    @refusing
    def lake_feed(context: dg.AssetExecutionContext, house: House) -> dg.MaterializeResult[None]:
        reports = take_in(house, feed, context.log.info)
        return dg.MaterializeResult(metadata={**_metadata(reports), **in_lake(house, feed)})

    return lake_feed


def take_in(house: House, feed: Feed, note: object) -> list[FeedReport]:
    """Take in what is new of one feed."""
    settings = house.workspace.settings
    tell("ingest", feed.name)
    return ingest(
        [feed.name],
        root=house.workspace.root,
        sources=settings.sources,
        extra_columns=settings.extra_columns,
        rest_s=settings.rest_s,
        engine=house.duck,
        now=house.now(),
        wait=time.sleep,
        tell=note,  # type: ignore[arg-type]
        batch_bytes=most_in_a_batch(settings.engine.memory_bytes),
        pseudonyms=pseudonyms_of(house.workspace),
    )


def in_lake(house: House, feed: Feed) -> dict[str, Any]:
    """What the lake holds of a feed now: rows in all, and a look at the latest file."""
    paths = house.lake.paths(feed.name)
    if not paths:
        return {ROW_COUNT: 0}
    latest = conform(pl.read_parquet(paths[-1], n_rows=PREVIEW_ROWS), feed)
    return {ROW_COUNT: house.lake.rows(feed.name), "preview": preview(latest)}


def _metadata(reports: list[FeedReport]) -> dict[str, dg.MetadataValue]:
    sums = {
        name: sum(getattr(report, name) for report in reports)
        for name in ("files", "rows_in", "kept", "duplicates", "quarantined")
    }
    days = sorted({day.isoformat() for report in reports for day in report.days})
    drift = sorted({column for report in reports for column in report.drift})
    return {
        **{name: dg.MetadataValue.int(value) for name, value in sums.items()},
        "days": dg.MetadataValue.json(days),
        "drift": dg.MetadataValue.json(drift),
    }


FEED_ASSETS = [feed_asset(feed) for feed in FEEDS.values()]
