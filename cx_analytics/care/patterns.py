"""What a customer's unexplained faults have in common: never a cause, but where to look first.

Belongs here: the patterns that rules of the playbook may ask for. Stays out: what is then done
(playbook.toml). A pattern of faults needs most of at least two where the customer mostly is not:
otherwise looking there would tell nothing.

`sole_unit` is about all sessions: who used one unit only gives no evidence that tells a broken
unit from a bad SIM, whichever of the two was named. With faults at the rate r under the cause,
n sessions on other units, all without a fault, speak for the unit by a factor of exp(n r).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cx_analytics.care.evidence import CareEvidence
from cx_analytics.care.versions import only_app

_FEWEST_FAULTS = 1.5
"""Faults by responsibility: two faults of which a cause may have a little."""
_MOST_FAULTS = 2 / 3
_MOST_SESSIONS = 1 / 2
_SOLE = 0.95
"""Share of the sessions from which on a unit is the only one: of 50 sessions with 10 faults on it
2.5 elsewhere would speak for the unit by a factor of 1.6 at most."""
_PATTERN_OF = {"unit_id": "one_unit", "cell_id": "one_cell", "app_name": "one_app"}


def patterns_of(evidence: CareEvidence, *, as_of: datetime) -> pl.DataFrame:
    """One row a customer of `usage`: customer_id, pattern (list of words), latest_version.

    `one_unit` is the unit in use now: faults of one that was given away are over. `old_app`: most
    sessions of the app already ran a later release of the trusted list than the customer's.
    `latest_version` is then the newest one that is in use and under no cause.
    """
    places = _places(evidence.habits, evidence.usage)
    behind = _behind(evidence, as_of)
    old = behind.select("customer_id", pattern=pl.lit("old_app"))
    listed = (
        pl.concat([places, old, _sole_unit(evidence.usage)])
        .group_by("customer_id")
        .agg(pl.col("pattern").sort())
    )
    return (
        evidence.usage.select("customer_id")
        .join(listed, on="customer_id", how="left")
        .join(behind, on="customer_id", how="left")
        .with_columns(pl.col("pattern").fill_null([]))
    )


def _places(habits: pl.DataFrame, usage: pl.DataFrame) -> pl.DataFrame:
    stands_out = (
        (pl.col("faults") >= _FEWEST_FAULTS)
        & (pl.col("faults") >= _MOST_FAULTS * pl.col("all_faults"))
        & (pl.col("sessions") <= _MOST_SESSIONS * pl.col("all_sessions"))
    )
    is_current = (pl.col("attribute") != "unit_id") | (pl.col("value") == pl.col("unit_id"))
    return (
        habits.filter(stands_out)
        .join(usage.select("customer_id", "unit_id"), on="customer_id")
        .filter(is_current)
        .select("customer_id", pattern=pl.col("attribute").replace_strict(_PATTERN_OF, default=""))
    )


def _sole_unit(usage: pl.DataFrame) -> pl.DataFrame:
    """Customers whose sessions name one unit only, or none: no unit can be told from its SIM."""
    is_sole = pl.col("main_unit_sessions") >= _SOLE * pl.col("unit_sessions")
    return usage.filter(is_sole).select("customer_id", pattern=pl.lit("sole_unit"))


def _behind(evidence: CareEvidence, as_of: datetime) -> pl.DataFrame:
    """Customers whose app most others have updated: customer_id, latest_version."""
    only = pl.lit(only_app(evidence.releases), dtype=pl.String)
    releases = _used_releases(evidence, as_of)
    return (
        evidence.usage.with_columns(pl.col("app_name").fill_null(only))
        .join(releases, on=["app_name", "app_version"])
        .filter(
            pl.col("later_share") > _MOST_SESSIONS,
            pl.col("latest_at") > pl.col("released_at"),
        )
        .select("customer_id", "latest_version")
    )


def _used_releases(evidence: CareEvidence, as_of: datetime) -> pl.DataFrame:
    """Each trusted release in use: the share of the app's sessions on later ones, and the newest.

    The newest is the latest that no cause names: one that is known to be bad is no step to take.
    """
    bad = [row["app_version"] for row in evidence.causes["conditions"] if "app_version" in row]
    only = pl.lit(only_app(evidence.releases), dtype=pl.String)
    used = (
        evidence.version_counts.with_columns(pl.col("app_name").fill_null(only))
        .group_by("app_name", "app_version")
        .agg(pl.col("sessions").sum())
        .join(
            evidence.releases.filter(pl.col("released_at") <= as_of), on=["app_name", "app_version"]
        )
        .sort("app_name", "released_at", "app_version")
    )
    newest = (
        used.filter(~pl.col("app_version").is_in(bad))
        .unique("app_name", keep="last", maintain_order=True)
        .select("app_name", latest_version="app_version", latest_at="released_at")
    )
    upto = pl.col("sessions").cum_sum() / pl.col("sessions").sum()
    return used.with_columns(later_share=1 - upto.over("app_name")).join(newest, on="app_name")
