"""Causes that name a version, and what else they ask of app and model.

Belongs here: reading the conditions of causes as expressions over version counts. Stays out: what
makes one version better than another (versions.py, unit_versions.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl


def versioned(causes: pl.DataFrame, key: str) -> list[tuple[str, dict[str, str]]]:
    """Id and conditions of the causes that name a version under `key`."""
    rows = causes.select("cause_id", "conditions").rows()
    return [(cause, conditions) for cause, conditions in rows if key in conditions]


def sources(
    causes: pl.DataFrame, counts: pl.DataFrame, key: str, names: Collection[str]
) -> pl.DataFrame:
    """The counts of each cause's own version, where its conditions on `names` hold."""
    found = [
        counts.filter(_under(conditions, key, key, names)).with_columns(cause_id=pl.lit(cause_id))
        for cause_id, conditions in versioned(causes, key)
    ]
    empty = counts.clear().with_columns(cause_id=pl.lit(None, dtype=pl.String))
    return pl.concat([empty, *found])


def healthy(
    pairs: pl.DataFrame, causes: pl.DataFrame, key: str, names: Collection[str]
) -> pl.DataFrame:
    """The pairs whose `target_version` no open cause names, on its model."""
    bad = [
        _under(conditions, key, "target_version", names) for _, conditions in versioned(causes, key)
    ]
    return pairs.filter(~pl.any_horizontal(bad)) if bad else pairs


def _under(
    conditions: Mapping[str, str], key: str, version: str, names: Collection[str]
) -> pl.Expr:
    """Whether a version may be under these conditions; unknown counts as not."""
    same = pl.col(version) == conditions[key]
    for name in names:
        if name in conditions:
            same &= pl.col(name).eq_missing(pl.lit(conditions[name]))
    return same
