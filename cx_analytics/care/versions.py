"""Which released version a customer should go to: evidence, not just "the newest".

Belongs here: comparing observed rates of versions on a device model. Stays out: the advice.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

_JEFFREYS = 0.5
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
    itself under an open cause on that model, and its rate of faults on that model is lower with
    probability ≥ `minimum_probability`. Rates have Gamma(faults + ½, sessions) posteriors
    (Jeffreys); of several targets the latest release is taken. Sessions without an app's name
    belong to the only app of the list, if it has only one.

    Parameters
    ----------
    causes : open causes only, columns cause_id and conditions of the table `causes`.
    version_counts : the model `care/version_counts`, summed over the days looked at.
    releases : the feed `app_releases`.

    Returns
    -------
    Columns cause_id, app_name, device_model, target_version, probability_better.
    """
    listed = releases.filter(pl.col("released_at") <= as_of)
    counts = _named(version_counts, listed).join(listed, on=["app_name", "app_version"])
    pairs = _sources(causes, counts).join(
        counts.rename({"app_version": "target_version"}),
        on=["app_name", "device_model"],
        suffix="_new",
        nulls_equal=True,
    )
    newer = _healthy(pairs.filter(pl.col("released_at_new") > pl.col("released_at")), causes)
    return (
        newer.with_columns(probability_better=_probability_better(newer))
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
        .agg(pl.col("sessions", "faults").sum())
    )


def _sources(causes: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """The counts of each cause's own version, where its other conditions on app and model hold."""
    found = [
        counts.filter(_under(conditions)).with_columns(cause_id=pl.lit(cause_id))
        for cause_id, conditions in _versioned(causes)
    ]
    empty = counts.clear().with_columns(cause_id=pl.lit(None, dtype=pl.String))
    return pl.concat([empty, *found])


def _healthy(pairs: pl.DataFrame, causes: pl.DataFrame) -> pl.DataFrame:
    """The pairs whose target no open cause names, on its model."""
    bad = [_under(conditions, version="target_version") for _, conditions in _versioned(causes)]
    return pairs.filter(~pl.any_horizontal(bad)) if bad else pairs


def _versioned(causes: pl.DataFrame) -> list[tuple[str, dict[str, str]]]:
    rows = causes.select("cause_id", "conditions").rows()
    return [(cause, conditions) for cause, conditions in rows if "app_version" in conditions]


def _under(conditions: dict[str, str], version: str = "app_version") -> pl.Expr:
    """Whether a version on a model may be under these conditions; unknown counts as not."""
    same = pl.col(version) == conditions["app_version"]
    for name in ("app_name", "device_model"):
        if name in conditions:
            same &= pl.col(name).eq_missing(pl.lit(conditions[name]))
    return same


def _probability_better(pairs: pl.DataFrame) -> pl.Series:
    """P(rate of the new < rate of the old) for two Gamma posteriors.

    With X ~ Gamma(a, 1) and Y ~ Gamma(b, 1), X / (X + Y) is Beta(a, b), so P(X/m < Y/n) is the
    Beta's distribution function at m / (m + n).
    """
    from scipy.special import betainc

    new, old, m, n = (
        pairs[name].cast(pl.Float64).to_numpy()
        for name in ("faults_new", "faults", "sessions_new", "sessions")
    )
    return pl.Series(np.asarray(betainc(new + _JEFFREYS, old + _JEFFREYS, m / (m + n))))
