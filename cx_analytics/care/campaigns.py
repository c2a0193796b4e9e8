"""What one agent cannot do one by one: the same fix for all who profit, given out in stages.

Belongs here: adding up the best fixes of customers, and the stages with their thresholds. Stays
out: which fix a customer gets (fixes.py), who gives it out.

A stage is judged once, when it has had its minimum of sessions. Its faults X are negative binomial
with the mean expected without the fix and the frailty's shape for each customer, so that P(X >= q)
= I(q, shape; mean / (mean + shape)), I the regularised incomplete beta function. The threshold q is
the least for which a mean exists with both: a fix that changes nothing reaches q with no more than
`chance_of_false_stop`, one that multiplies the rate by `harm` with at least `chance_of_stop`
(a fixed-size test; Lehmann & Romano, Testing Statistical Hypotheses, 2005, ch. 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

import polars as pl

from cx_analytics.care.coming import HORIZON_DAYS
from cx_analytics.care.exact import exact_sum
from cx_analytics.care.gain import mixed_gamma
from cx_analytics.care.playbook import Playbook, Rollout
from cx_analytics.care.rates import FRAILTY_SHAPE
from cx_analytics.contracts.ids import stable_id
from cx_analytics.contracts.tables import FIX_CAMPAIGN_STAGES, FIX_CAMPAIGNS
from cx_analytics.contracts.words import BACKGROUND

_KEYS = ("fix_code", "cause_id", "target_version")
_SPAN = 3.29
"""Standard deviations from end to end of a 90 % interval."""
_MOST_FAULTS = 1000
"""Largest threshold that is looked for: above, customers are too unequal for any to do."""
_EFFECTS: dict[str, type[pl.DataType]] = {
    "fix_code": pl.String,
    "removes": pl.Float64,
    "friction": pl.Float64,
}
_STAGE: dict[str, type[pl.DataType]] = {
    "campaign_id": pl.String,
    "stage": pl.Int64,
    "name": pl.String,
    "share": pl.Float64,
    "customers": pl.Int64,
    "minimum_sessions": pl.Int64,
    "minimum_days": pl.Float64,
    "expected_faults": pl.Float64,
    "abort_rate_ratio": pl.Float64,
    "abort_faults": pl.Int64,
}


def fix_campaigns(
    fixes: pl.DataFrame,
    usage: pl.DataFrame,
    causes: pl.DataFrame,
    playbook: Playbook,
    *,
    window_days: float,
) -> pl.DataFrame:
    """The table `fix_campaigns`, most faults avoided net of friction first.

    Parameters
    ----------
    fixes : the table `customer_fixes`; the best fix of each customer counts.
    usage : the model `care/customer_usage`, of the last `window_days`.
    causes : the table `causes`.
    """
    best = fixes.filter(
        (pl.col("rank") == 1)
        & (pl.col("cause_id") != BACKGROUND)
        & (pl.col("faults_avoided_30d") > 0)
    )
    people = usage.select("customer_id", "unit_id", "sessions", all_faults="faults")
    grouped = (
        best.join(people, on="customer_id")
        .join(_effects(playbook), on="fix_code")
        .sort("customer_id")
        .group_by(_KEYS, maintain_order=True)
        .agg(*_sums(window_days))
        .filter(
            (pl.col("customers") >= playbook.rollout.minimum_customers)
            & (pl.col("faults_avoided_30d") >= playbook.rollout.minimum_avoided)
        )
    )
    return _ordered(_with_interval(grouped, causes))


def _effects(playbook: Playbook) -> pl.DataFrame:
    """What each fix takes away and asks for; a code of several rules by the first of them."""
    fixes = [rule.then for rule in playbook.rules if rule.then.removes > 0]
    rows = [(fix.fix_code, fix.removes, fix.friction) for fix in fixes]
    frame = pl.DataFrame(rows, schema=_EFFECTS, orient="row")
    return frame.unique("fix_code", keep="first", maintain_order=True)


def _sums(window_days: float) -> list[pl.Expr]:
    """The sums of a campaign; its rate is the one to expect without the fix."""
    coming = pl.col("faults_avoided_30d") / pl.col("removes") / HORIZON_DAYS
    others = (1 - pl.col("share")) * pl.col("all_faults") / window_days
    sessions = pl.col("sessions").sum() / window_days
    return [
        pl.col("fix").mode().sort().first(),
        pl.len().cast(pl.Int64).alias("customers"),
        pl.col("unit_id").n_unique().cast(pl.Int64).alias("units"),
        exact_sum(pl.col("faults_avoided_30d")),
        exact_sum(
            pl.max_horizontal(((pl.col("high") - pl.col("low")) / _SPAN) ** 2, "faults_avoided_30d")
        ).alias("variance"),
        exact_sum(pl.col("cost")),
        exact_sum(pl.col("faults_avoided_30d") - pl.col("friction")).alias("net"),
        sessions.alias("sessions_a_day"),
        (exact_sum(coming + others) / sessions).alias("expected_rate"),
    ]


def _with_interval(campaigns: pl.DataFrame, causes: pl.DataFrame) -> pl.DataFrame:
    """Interval of the sum: customers vary each for himself, the cause's size for all together."""
    facts = causes.select(
        "cause_id",
        "probability",
        relative=(pl.col("excess_high") - pl.col("excess_low"))
        / _SPAN
        / pl.col("excess_faults").clip(lower_bound=1e-9),
    )
    frame = campaigns.join(facts, on="cause_id", how="left", maintain_order="left").with_columns(
        pl.col("probability").fill_null(1.0), pl.col("relative").fill_null(0.0)
    )
    mean, probability, variance, relative = (
        frame[name].cast(pl.Float64).to_numpy()
        for name in ("faults_avoided_30d", "probability", "variance", "relative")
    )
    low, high = mixed_gamma(mean, variance, relative, probability)
    return frame.with_columns(low=pl.Series(low), high=pl.Series(high))


def _ordered(campaigns: pl.DataFrame) -> pl.DataFrame:
    ids = [stable_id("f", *row) for row in campaigns.select(_KEYS).rows()]
    return (
        campaigns.with_columns(
            campaign_id=pl.Series(ids, dtype=pl.String),
            cost_per_fault=pl.col("cost") / pl.col("faults_avoided_30d"),
        )
        .sort("net", "campaign_id", descending=[True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1))
        .select(FIX_CAMPAIGNS.names)
    )


def campaign_stages(campaigns: pl.DataFrame, playbook: Playbook) -> pl.DataFrame:
    """The table `fix_campaign_stages`: stages of the campaigns whose fix is given out in stages."""
    staged = {rule.then.fix_code for rule in playbook.rules if rule.then.staged}
    rows = [
        row
        for campaign in campaigns.rows(named=True)
        for row in _stages(campaign, playbook.rollout, campaign["fix_code"] in staged)
    ]
    return pl.DataFrame(rows, schema=_STAGE, orient="row").select(FIX_CAMPAIGN_STAGES.names)


def _stages(
    campaign: Mapping[str, Any], rollout: Rollout, is_staged: bool
) -> Iterator[dict[str, Any]]:
    everyone = int(campaign["customers"])
    for number, (name, reached) in enumerate(_reached(everyone, rollout, is_staged), 1):
        faults, expected = threshold(rollout, FRAILTY_SHAPE * reached)
        sessions = ceil(expected / max(campaign["expected_rate"], 1e-9))
        a_day = campaign["sessions_a_day"] * reached / everyone
        yield {
            "campaign_id": campaign["campaign_id"],
            "stage": number,
            "name": name,
            "share": reached / everyone,
            "customers": reached,
            "minimum_sessions": sessions,
            "minimum_days": sessions / max(a_day, 1e-9),
            "expected_faults": sessions * campaign["expected_rate"],
            "abort_rate_ratio": rollout.harm,
            "abort_faults": faults,
        }


def _reached(everyone: int, rollout: Rollout, is_staged: bool) -> Iterator[tuple[str, int]]:
    """Names of the stages and the customers each has reached; none reaches fewer than before."""
    canaries = min(int(rollout.canaries), everyone) if is_staged else 0
    if canaries:
        yield "canaries", canaries
    last = canaries
    for share in rollout.shares if is_staged else (1.0,):
        reached = max(ceil(share * everyone - 1e-9), last)
        if reached > last:
            yield f"{share:.0%}", reached
        last = reached


def threshold(rollout: Rollout, shape: float) -> tuple[int, float]:
    """Faults at which to stop, and the faults to expect by then without the fix.

    Parameters
    ----------
    shape : of the gamma that the faults of the whole stage are drawn from.

    >>> faults, expected = threshold(Rollout(), shape=1e9)
    >>> faults, round(expected, 2)
    (15, 9.25)
    """
    import numpy as np
    from scipy.special import betainc, betaincinv

    faults = np.arange(1.0, _MOST_FAULTS + 1)
    odds = betaincinv(faults, shape, rollout.chance_of_false_stop)
    expected = shape * odds / (1 - odds)
    harmed = rollout.harm * expected
    power = betainc(faults, shape, harmed / (harmed + shape))
    enough = np.flatnonzero(power >= rollout.chance_of_stop)
    first = int(enough[0]) if len(enough) else int(power.argmax())
    return first + 1, float(expected[first])
