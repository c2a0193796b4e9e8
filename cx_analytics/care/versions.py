"""Which released app version a customer should go to: evidence, not just "the newest".

Belongs here: order by the trusted list of releases, and comparing adjusted rates on a device model.
Stays out: the comparison itself (rates.py), firmware and system (unit_versions.py), the advice.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cx_analytics.care.conditions import healthy, sources
from cx_analytics.care.exact import exact_sum
from cx_analytics.care.rates import probability_better

_KEY, _NAMES = "app_version", ("app_name", "device_model")
_COLUMNS = ("cause_id", "app_name", "device_model", "target_version", "probability_better")


def better_versions(
    causes: pl.DataFrame,
    version_counts: pl.DataFrame,
    releases: pl.DataFrame,
    *,
    as_of: datetime,
    minimum_probability: float = 0.9,
) -> pl.DataFrame:
    """For each open cause with an `app_version`: where to go, by app and device model.

    A target is in the trusted list with a later `released_at` than the cause's own version (which
    must be in the list as well: what it does not name orders nothing), is out by `as_of`, is not
    itself under an open cause on that model, and its adjusted rate (faults that causes of other
    kinds do not explain) on that model is lower with probability ≥ `minimum_probability`. Of
    several targets the latest release is taken. Sessions without an app's name belong to the only
    app of the list, if it has only one.

    Parameters
    ----------
    causes : open causes only, columns cause_id and conditions of the table `causes`.
    version_counts : the model `care/version_counts` over the days looked at.
    releases : the feed `app_releases`.

    Returns
    -------
    Columns cause_id, app_name, device_model, target_version, probability_better.
    """
    listed = releases.filter(pl.col("released_at") <= as_of)
    counts = _named(version_counts, listed).join(listed, on=["app_name", "app_version"])
    pairs = sources(causes, counts, _KEY, _NAMES).join(
        counts.rename({"app_version": "target_version"}),
        on=["app_name", "device_model"],
        suffix="_new",
        nulls_equal=True,
    )
    later = pairs.filter(pl.col("released_at_new") > pl.col("released_at"))
    newer = healthy(later, causes, _KEY, _NAMES)
    return (
        newer.with_columns(probability_better=probability_better(newer))
        .filter(pl.col("probability_better") >= minimum_probability)
        .sort("cause_id", "app_name", "device_model", "released_at_new", "target_version")
        .unique(["cause_id", "app_name", "device_model"], keep="last", maintain_order=True)
        .select(_COLUMNS)
    )


def only_app(releases: pl.DataFrame) -> str | None:
    """The app that a session without an app's name belongs to."""
    names = releases["app_name"].unique()
    return str(names[0]) if len(names) == 1 else None


def _named(counts: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    only = pl.lit(only_app(listed), dtype=pl.String)
    return (
        counts.with_columns(pl.col("app_name").fill_null(only))
        .group_by("app_name", "app_version", "device_model")
        .agg(pl.col("sessions", "sessions_squared").sum(), exact_sum(pl.col("own_faults")))
    )
