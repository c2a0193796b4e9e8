"""New releases beside the one before them, at the same adoption stage, and against the limits.

Belongs here: which days of which release are compared, and the table `release_limits`. Stays out:
counting user-days (sql/loop/release_days.sql), proposing a stop (proposals.py).

Those who take a release first are not those who take it last. A release is therefore compared with
the one before it over as many days after its own publication. Faults go together in customers: all
variances are those of clusters (a customer is one). A stop is right when the share of user-days
with a crash is above the limit and worse than it was with the release before; `chance_wrong` bounds
the chance that one of the two is not so, in all rows of the release together (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.settings import Rails
from cx_analytics.contracts.tables import RELEASE_LIMITS

STAGE_DAYS = 28
"""A release is new, and its stage goes on, for so many days."""

STAGE_SCHEMA = pl.Schema(
    {
        "stage": pl.Int64(),
        "app_name": pl.String(),
        "app_version": pl.String(),
        "stage_from": pl.Datetime("us"),
        "stage_to": pl.Datetime("us"),
    }
)

_SUMS = ("customers", "units", "user_days", "crash_days")
_SQUARES = ("days_squared", "days_crashes", "crashes_squared")
_NORMAL = 1.6448536269514722


@dataclass(frozen=True)
class Release:
    """A new release and the one before it, which is None where there is none in the data.

    `number` is its place; its stages are 2 · number, and 2 · number + 1 for the one before.
    """

    number: int
    app_name: str
    app_version: str
    released_at: datetime
    until: datetime
    previous: str | None = None
    previous_at: datetime | None = None

    @property
    def days(self) -> int:
        return -(-(self.until - self.released_at) // timedelta(days=1))


def new_releases(releases: pl.DataFrame, *, begin: datetime, end: datetime) -> list[Release]:
    """Releases of the STAGE_DAYS before `end`, by app in the order of their publication.

    Parameters
    ----------
    releases : the feed app_releases; what it does not name is no release.
    begin, end : the days with data, half-open, UTC. A release before that came out before `begin`
        has lost its first days: it is named, and not compared.
    """
    trusted = releases.drop_nulls("released_at").sort("app_name", "released_at", "app_version")
    rows = [row for row in trusted.iter_rows(named=True) if row["released_at"] < end]
    found: list[Release] = []
    for before, row in zip([None, *rows], rows, strict=False):
        if row["released_at"] < max(begin, end - timedelta(days=STAGE_DAYS)):
            continue
        same = before is not None and before["app_name"] == row["app_name"]
        known = same and before is not None and before["released_at"] >= begin
        found.append(
            Release(
                len(found),
                row["app_name"],
                row["app_version"],
                row["released_at"],
                end,
                before["app_version"] if same and before else None,
                before["released_at"] if known and before else None,
            )
        )
    return found


def stages(found: Iterable[Release]) -> pl.DataFrame:
    """The stages whose sessions count, as the relation `release_stage` (STAGE_SCHEMA)."""
    rows: list[tuple[Any, ...]] = []
    for one in found:
        mine = (one.app_version, one.released_at, one.until)
        rows.append((2 * one.number, one.app_name, *mine))
        if one.previous is not None and one.previous_at is not None:
            until = one.previous_at + (one.until - one.released_at)
            theirs = (one.previous, one.previous_at, until)
            rows.append((2 * one.number + 1, one.app_name, *theirs))
    return pl.DataFrame(rows, schema=STAGE_SCHEMA, orient="row")


def release_limits(found: Iterable[Release], counted: pl.DataFrame, rails: Rails) -> pl.DataFrame:
    """The table `release_limits`: each release on all models, and on each.

    Parameters
    ----------
    counted : what `loop/release_days` gives.
    rails : the limits.
    """
    by_stage = {
        stage: list(rows.iter_rows(named=True))
        for (stage,), rows in counted.partition_by("stage", as_dict=True).items()
    }
    rows: list[dict[str, Any]] = []
    for one in found:
        mine = by_stage.get(2 * one.number, [])
        theirs = {row["device_model"]: row for row in by_stage.get(2 * one.number + 1, [])}
        if mine:
            rows += _of_release(one, mine, theirs, rails)
    return frame_of(rows, RELEASE_LIMITS)


def _of_release(
    one: Release,
    mine: Sequence[Mapping[str, Any]],
    theirs: Mapping[str | None, Mapping[str, Any]],
    rails: Rails,
) -> list[dict[str, Any]]:
    models = [row for row in mine if row["device_model"] is not None]
    looks = 1 + len(models)
    pairs = [(row, theirs.get(row["device_model"])) for row in mine]
    parts = [(None, pairs, rails.maximum_crash_share)]
    for row in models:
        pair = (row, theirs.get(row["device_model"]))
        parts.append((row["device_model"], [pair], rails.maximum_crash_share_per_model))
    return [_row(one, model, chosen, limit, looks) for model, chosen, limit in parts]


_Pair = tuple[Mapping[str, Any], Mapping[str, Any] | None]


def _row(
    one: Release, model: str | None, pairs: Sequence[_Pair], limit: float, looks: int
) -> dict[str, Any]:
    now = _sum(row for row, _ in pairs)
    before = _sum(row for _, row in pairs if row is not None)
    low, high, within = _share(now, limit)
    ratio, error = _ratio([(row, other) for row, other in pairs if other is not None])
    no_worse = _below(-np.log(ratio) / error) if ratio is not None else 0.0
    return {
        "app_name": one.app_name,
        "app_version": one.app_version,
        "device_model": model,
        "released_at": one.released_at,
        "stage_days": one.days,
        **{name: int(now[name]) for name in _SUMS},
        "crash_share": now["crash_days"] / now["user_days"],
        "low": low,
        "high": high,
        "limit_share": limit,
        "previous_version": one.previous,
        "previous_user_days": int(before["user_days"]),
        "previous_crash_share": before["crash_days"] / before["user_days"]
        if before["user_days"]
        else None,
        "ratio": ratio,
        "ratio_low": ratio * float(np.exp(-_NORMAL * error)) if ratio is not None else None,
        "ratio_high": ratio * float(np.exp(_NORMAL * error)) if ratio is not None else None,
        "chance_wrong": min(1.0, looks * (within + no_worse)),
    }


def _sum(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    listed = list(rows)
    return {name: float(sum(row[name] for row in listed)) for name in (*_SUMS, *_SQUARES)}


def cluster_effect(sums: Mapping[str, float]) -> float:
    """Variance of a share of user-days over that of independent ones, customers being clusters.

    At least 1 (Kish, Survey Sampling, 1965, section 5.4, by the sums of squares over customers).

    >>> one = {"user_days": 100.0, "crash_days": 10.0, "days_squared": 1000.0}
    >>> cluster_effect(one | {"days_crashes": 100.0, "crashes_squared": 100.0})
    10.0
    """
    days, crashes = sums["user_days"], sums["crash_days"]
    share = crashes / days if days else 0.0
    if not 0 < share < 1:
        return 1.0
    squares = sums["crashes_squared"] - 2 * share * sums["days_crashes"]
    squares += share**2 * sums["days_squared"]
    return max(1.0, round(squares / (days * share * (1 - share)), 9))


def _share(sums: Mapping[str, float], limit: float) -> tuple[float, float, float]:
    """The 90 % interval of the share, and the chance that it is within the limit.

    Jeffreys' beta posterior (Brown, Cai and DasGupta, Statistical Science 16, 2001, p. 108) of as
    many independent user-days as the clustered ones are worth.
    """
    from scipy.special import betainc, betaincinv

    effect = cluster_effect(sums)
    crashes, days = sums["crash_days"] / effect, sums["user_days"] / effect
    known = crashes + 0.5, days - crashes + 0.5
    low, high = (float(betaincinv(*known, tail)) for tail in (0.05, 0.95))
    return low, high, float(betainc(*known, min(max(limit, 0.0), 1.0)))


def _ratio(pairs: Sequence[_Pair]) -> tuple[float | None, float]:
    """Ratio of the shares with each model weighing the same on both sides; standard error of its
    logarithm. None where the release before has no user-day.

    Mantel and Haenszel's, with the variance of Greenland and Robins (Biometrics 41, 1985, p. 55),
    times the larger of the two cluster effects. Half a crash is put to each side where it has none.
    """
    table = np.array(
        [
            (now["crash_days"], now["user_days"], before["crash_days"], before["user_days"])
            for now, before in pairs
            if before is not None and before["user_days"] and now["user_days"]
        ],
        dtype=np.float64,
    ).reshape(-1, 4)
    if not len(table):
        return None, 0.0
    if not table[:, 0].sum() or not table[:, 2].sum():
        table = table + 0.5 / len(table)
    crashes, days, crashes_before, days_before = table.T
    both = days + days_before
    over, under = (crashes * days_before / both).sum(), (crashes_before * days / both).sum()
    struck = crashes + crashes_before
    spread = ((days * days_before * struck - crashes * crashes_before * both) / both**2).sum()
    now, before = (_sum(rows) for rows in zip(*_paired(pairs), strict=True))
    effect = max(cluster_effect(now), cluster_effect(before))
    return float(over / under), float(np.sqrt(effect * spread / (over * under)))


def _paired(pairs: Sequence[_Pair]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return [(now, before) for now, before in pairs if before is not None]


def _below(deviate: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(deviate))
