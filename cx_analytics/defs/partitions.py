"""The daily partitions: one a UTC day, from the first day that the workspace knows.

A single run takes a whole range of days (Dagster's single-run back-fill policy), since a day
is seconds of work and a process start is not.
"""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster_shared.utils.warnings import BetaWarning

AHEAD_DAYS = 2
"""Clocks of products run ahead of ours: today and tomorrow are partitions too."""

# Dagster marks the back-fill policy as beta; a user of `cx run` can do nothing about that.
warnings.filterwarnings("ignore", category=BetaWarning, module="cx_analytics|dagster")

COLD_TAG = "cx/cold"
"""Tag of a run whose fits do not start from the causes of the day before."""

ONE_FIT_TAG = "cx/one-fit"
"""Tag of a run that fits as of the newest day alone."""

SINGLE_RUN = dg.BackfillPolicy.single_run()


def days_from(first: date | None) -> dg.DailyPartitionsDefinition:
    """Daily partitions from a day on; without data, from four weeks ago."""
    start = first or (datetime.now(UTC).date() - timedelta(days=28))
    return dg.DailyPartitionsDefinition(start_date=start.isoformat(), end_offset=AHEAD_DAYS)


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """The days that a run was asked for."""
    return [date.fromisoformat(key) for key in context.partition_keys]


def is_warm(context: dg.AssetExecutionContext) -> bool:
    """Whether the fits of a run start from the causes of the day before."""
    return COLD_TAG not in context.run.tags


def is_one_fit(context: dg.AssetExecutionContext) -> bool:
    """Whether a run fits as of the newest day alone, not as of each of its days."""
    return ONE_FIT_TAG in context.run.tags


FRESH_DAILY = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=48), warn_window=timedelta(hours=30)
)
"""A daily table that was not made for 30 hours is late; for 48 hours, something is broken."""
