"""For each customer with faults: what to do, best first, and what not to try.

Belongs here: customers × causes × playbook → `customer_fixes`. Stays out: how many faults a fix
avoids (gain.py), rules and their texts (playbook.py, wording.py), versions (versions.py).

Everything that depends on a customer is an expression over one row a customer and cause; rules are
matched once a cause and state, texts are filled in once a different wording.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from cx_analytics.care.exact import exact_sum
from cx_analytics.care.gain import gain_of
from cx_analytics.care.playbook import Playbook
from cx_analytics.care.versions import better_versions, only_app
from cx_analytics.care.wording import NOT_EXPLAINED, candidates, worded
from cx_analytics.contracts.tables import CUSTOMER_FIXES
from cx_analytics.contracts.words import BACKGROUND, confidence_word

_CHANCE = 0.05
"""A customer has left a cause when so long a run without it is less likely than this."""


@dataclass(frozen=True)
class CareEvidence:
    """What fixes are chosen from; all of the same window of days.

    Attributes
    ----------
    causes : the table `causes`.
    customer_causes : rows of the model `care/customer_causes`.
    usage : the model `care/customer_usage`.
    exposure : the rows of `exposure_sql(causes)`.
    version_counts : the model `care/version_counts`.
    releases : the feed `app_releases` (may be empty).
    """

    causes: pl.DataFrame
    customer_causes: pl.DataFrame
    usage: pl.DataFrame
    exposure: pl.DataFrame
    version_counts: pl.DataFrame
    releases: pl.DataFrame


def customer_fixes(
    evidence: CareEvidence,
    playbook: Playbook,
    *,
    window_start: datetime,
    as_of: datetime,
    minimum_share: float = 0.05,
) -> pl.DataFrame:
    """The table `customer_fixes`, by customer and rank; every customer with a fault has a row.

    Fixes are ranked by the faults they avoid in 30 days less their friction. When no cause
    explains half of a customer's faults, rank 1 is the playbook's answer to `background` with the
    confidence `not explained`, and what is known follows. The verdict is left null here:
    verdicts.py adds it.

    Parameters
    ----------
    window_start, as_of : the window of the evidence, half-open, UTC.
    minimum_share : causes with a smaller share of the customer's faults are not mentioned,
        unless it is the largest.
    """
    pairs = _states(_shares(evidence), evidence, as_of)
    pairs = _gains(pairs, window_start, as_of)
    pairs = _targets(pairs, evidence, as_of)
    pairs = _with_background(pairs, minimum_share)
    chosen = _chosen(pairs, candidates(evidence.causes, playbook))
    texts = worded(chosen, evidence.causes, playbook)
    return _ranked(chosen.join(texts, on="wording", maintain_order="left"))


def _shares(evidence: CareEvidence) -> pl.DataFrame:
    """One row a customer and cause: faults and their share of the customer's faults.

    A cause that the table no longer names explains nothing any more: background.
    """
    known = pl.col("cause_id").is_in(evidence.causes["cause_id"].implode())
    return (
        evidence.customer_causes.with_columns(
            cause_id=pl.when(known).then("cause_id").otherwise(pl.lit(BACKGROUND))
        )
        .group_by("customer_id", "cause_id")
        .agg(exact_sum(pl.col("faults")))
        .sort("customer_id", "cause_id")
        .with_columns(share=pl.col("faults") / exact_sum(pl.col("faults")).over("customer_id"))
        .filter(pl.col("faults") > 0)
    )


def _states(pairs: pl.DataFrame, evidence: CareEvidence, as_of: datetime) -> pl.DataFrame:
    """Exposure of each pair, facts of its cause, and whether it is open, ended or left."""
    exposure = evidence.exposure.select("customer_id", "cause_id", "exposed", "later")
    usage = evidence.usage.select("customer_id", "sessions", "device_model", "app_name")
    return (
        pairs.join(exposure, on=["customer_id", "cause_id"], how="left", maintain_order="left")
        .join(usage, on="customer_id", how="left", maintain_order="left")
        .join(_facts(evidence.causes), on="cause_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("exposed").fill_null(0),
            pl.col("later").fill_null(0),
            pl.col("cause_rate", "probability").fill_null(0.0),
        )
        .with_columns(state=_state(as_of))
    )


def _facts(causes: pl.DataFrame) -> pl.DataFrame:
    rate = pl.col("excess_faults").clip(lower_bound=0) / pl.col("sessions").clip(lower_bound=1)
    return causes.select(
        "cause_id", "kind", "status", "probability", "valid_from", "valid_to", cause_rate=rate
    )


def _state(as_of: datetime) -> pl.Expr:
    """Ended for all; left by the customer; else open.

    With a share s of exposed sessions until the last of them, a run of n sessions without has
    probability (1 − s)^n; one more session without is added so that s stays below 1.
    """
    share = pl.col("exposed") / (pl.col("sessions") - pl.col("later") + 1)
    has_left = (pl.col("exposed") > 0) & ((1 - share) ** pl.col("later") < _CHANCE)
    has_ended = pl.col("valid_to").is_not_null() & (pl.col("valid_to") <= as_of)
    return (
        pl.when(has_ended.fill_null(False) | pl.col("status").eq("fixed").fill_null(False))
        .then(pl.lit("ended"))
        .when(has_left.fill_null(False))
        .then(pl.lit("left"))
        .otherwise(pl.lit("open"))
    )


def _gains(pairs: pl.DataFrame, window_start: datetime, as_of: datetime) -> pl.DataFrame:
    """What 30 days without the cause avoid; nothing where it is over, or no cause at all."""
    since = pl.max_horizontal(pl.col("valid_from"), pl.lit(window_start))
    days = (pl.lit(as_of) - since).dt.total_seconds() / 86400
    numbers = pairs.select(
        pl.col("faults", "exposed", "cause_rate", "probability").cast(pl.Float64), days=days
    )
    gain = gain_of(
        **{name: numbers[name].to_numpy() for name in numbers.columns},
        is_shared=(pairs["kind"].fill_null("shared") == "shared").to_numpy(),
    )
    lasts = (pl.col("state") == "open") & (pl.col("cause_id") != BACKGROUND)
    return pairs.with_columns(
        pl.when(lasts).then(pl.Series(values)).otherwise(0.0).alias(name)
        for name, values in (("gain", gain.mean), ("gain_low", gain.low), ("gain_high", gain.high))
    )


def _targets(pairs: pl.DataFrame, evidence: CareEvidence, as_of: datetime) -> pl.DataFrame:
    """The version to go to, where there is a better one on the customer's model."""
    has_ended = (pl.col("valid_to") <= as_of).fill_null(False) | (pl.col("status") == "fixed")
    open_causes = evidence.causes.filter(~has_ended)
    targets = better_versions(
        open_causes, evidence.version_counts, evidence.releases, as_of=as_of
    ).drop("probability_better")
    only = pl.lit(only_app(evidence.releases), dtype=pl.String)
    return pairs.with_columns(pl.col("app_name").fill_null(only)).join(
        targets,
        on=["cause_id", "app_name", "device_model"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )


def _with_background(pairs: pl.DataFrame, minimum_share: float) -> pl.DataFrame:
    """What is worth a row: causes of some share, and background where no cause explains half."""
    is_cause = pl.col("cause_id") != BACKGROUND
    best = pl.col("share").filter(is_cause).max().over("customer_id").fill_null(0.0)
    pairs = pairs.with_columns(explained=best >= 0.5 - 1e-9, best=best)
    causes = pairs.filter(
        is_cause & ((pl.col("share") >= minimum_share) | (pl.col("share") == pl.col("best")))
    )
    open_question = (
        pairs.filter(~pl.col("explained"))
        .sort("customer_id", is_cause)
        .unique("customer_id", keep="first", maintain_order=True)
    )
    return pl.concat([causes, _as_background(open_question)]).drop("best")


def _as_background(pairs: pl.DataFrame) -> pl.DataFrame:
    """The rows as background's; a customer who has no such share gets one of 0."""
    share = pl.when(pl.col("cause_id") == BACKGROUND).then("share").otherwise(0.0)
    zeros = [pl.lit(0.0).alias(name) for name in ("gain", "gain_low", "gain_high", "probability")]
    return pairs.with_columns(
        *zeros,
        share=share,
        cause_id=pl.lit(BACKGROUND),
        state=pl.lit("open"),
        target_version=pl.lit(None, dtype=pl.String),
    )


def _chosen(pairs: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Each pair with the first rule that fits, has its evidence and is worth its friction.

    A pair without any cannot be: the last rule of a playbook asks for nothing.
    """
    avoided = pl.col("gain") * pl.col("removes")
    is_taken = (
        ((pl.col("needs") == "") | pl.col("target_version").is_not_null())
        & (pl.col("probability") >= pl.col("minimum_probability"))
        & (avoided >= pl.col("minimum_avoided"))
        & (avoided >= pl.col("friction"))
    )
    words = ["cause_id", "place", "app_name", "device_model", "target_version"]
    return (
        pairs.join(rules, on=["cause_id", "state"])
        .filter(is_taken)
        .sort("customer_id", "cause_id", "place")
        .unique(["customer_id", "cause_id"], keep="first", maintain_order=True)
        .with_columns(wording=pl.struct(words).rank("dense").cast(pl.UInt32))
        .with_columns(
            net=avoided - pl.col("friction"),
            faults_avoided_30d=avoided,
            low=pl.col("gain_low") * pl.col("removes"),
            high=pl.col("gain_high") * pl.col("removes"),
        )
    )


def _ranked(chosen: pl.DataFrame) -> pl.DataFrame:
    is_cause = pl.col("cause_id") != BACKGROUND
    words = {value: confidence_word(value) for value in chosen["probability"].unique()}
    confidence = pl.col("probability").replace_strict(
        list(words), list(words.values()), return_dtype=pl.String
    )
    return (
        chosen.sort(
            "customer_id",
            is_cause,
            "net",
            "share",
            "cause_id",
            descending=[False, False, True, True, False],
        )
        .with_columns(
            rank=pl.int_range(1, pl.len() + 1).over("customer_id"),
            confidence=pl.when(is_cause).then(confidence).otherwise(pl.lit(NOT_EXPLAINED)),
            verdict=pl.lit(None, dtype=pl.String),
            verdict_on=pl.lit(None, dtype=pl.Date),
            verdict_smallest_effect=pl.lit(None, dtype=pl.Float64),
        )
        .select(CUSTOMER_FIXES.names)
    )
