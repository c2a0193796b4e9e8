"""For each customer with faults: what to do, best first, and what not to try.

Belongs here: pairs of customer and cause × playbook → `customer_fixes`. Stays out: what is known of
a pair (pairs.py, targets.py, patterns.py), rules and their texts (playbook.py, wording.py).

Everything that depends on a customer is an expression over one row a customer and cause; rules are
matched once a cause and state, texts are filled in once a different wording.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from cx_analytics.care.evidence import CareEvidence
from cx_analytics.care.pairs import pairs_of
from cx_analytics.care.patterns import patterns_of
from cx_analytics.care.playbook import NEEDS, Playbook
from cx_analytics.care.targets import with_targets
from cx_analytics.care.wording import NOT_EXPLAINED, candidates, worded
from cx_analytics.contracts.tables import CUSTOMER_FIXES
from cx_analytics.contracts.words import BACKGROUND, confidence_word

HALF = 0.5 - 1e-9
"""Share of a customer's faults from which on a cause explains them."""
MAIN_CAUSE_LEAD = 0.5
"""Faults in 30 days: by less another fix is no better than that of the main cause."""

_VERSIONS = tuple(need for need in NEEDS if need)
"""Columns of the pairs that hold a version to go to, named after the need that asks for it."""


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
    minimum_share : causes with a smaller share of the customer's faults are not mentioned.
    """
    pairs = pairs_of(evidence, window_start=window_start, as_of=as_of)
    pairs = with_targets(pairs, evidence, as_of)
    patterns = patterns_of(evidence, as_of=as_of)
    pairs = pairs.join(patterns, on="customer_id", maintain_order="left")
    pairs = _with_background(pairs, minimum_share)
    chosen = _chosen(pairs, candidates(evidence.causes, playbook))
    texts = worded(chosen, evidence.causes, playbook)
    return _ranked(chosen.join(texts, on="wording", maintain_order="left"))


def _with_background(pairs: pl.DataFrame, minimum_share: float) -> pl.DataFrame:
    """What is worth a row: causes of some share, and background where no cause explains half."""
    is_cause = pl.col("cause_id") != BACKGROUND
    best = pl.col("share").filter(is_cause).max().over("customer_id").fill_null(0.0)
    pairs = pairs.with_columns(explained=best >= HALF)
    causes = pairs.filter(is_cause & (pl.col("share") >= minimum_share))
    open_question = (
        pairs.filter(~pl.col("explained"))
        .sort("customer_id", is_cause)
        .unique("customer_id", keep="first", maintain_order=True)
    )
    return pl.concat([causes, _as_background(open_question)])


def _as_background(pairs: pl.DataFrame) -> pl.DataFrame:
    """The rows as background's; a customer who has no such share gets one of 0."""
    share = pl.when(pl.col("cause_id") == BACKGROUND).then("share").otherwise(0.0)
    zeros = [pl.lit(0.0).alias(name) for name in ("gain", "gain_low", "gain_high", "probability")]
    none = [pl.lit(None, dtype=pl.String).alias(name) for name in _VERSIONS]
    return pairs.with_columns(
        *zeros, *none, share=share, cause_id=pl.lit(BACKGROUND), state=pl.lit("open")
    )


def _chosen(pairs: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Each pair with the first rule that fits, has its evidence and is worth its friction.

    A pair without any cannot be: the last rule of a playbook asks for nothing.
    """
    avoided = pl.col("gain") * pl.col("removes")
    asked = pl.col("asked_pattern")
    is_taken = (
        ((pl.col("needs") == "") | pl.col("target_version").is_not_null())
        & ((asked.list.len() == 0) | (asked.list.set_intersection("pattern").list.len() > 0))
        & (pl.col("probability") >= pl.col("minimum_probability"))
        & (avoided >= pl.col("minimum_avoided"))
        & (avoided >= pl.col("friction"))
    )
    words = [
        "cause_id", "place", "app_name", "device_model", "target_version", "latest_version"
    ]  # fmt: skip
    return (
        pairs.join(rules, on=["cause_id", "state"])
        .with_columns(target_version=_target())
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


def _target() -> pl.Expr:
    """The version that the rule's need asks for."""
    needed = [pl.when(pl.col("needs") == need).then(need) for need in _VERSIONS]
    return pl.coalesce(needed)


def _ranked(chosen: pl.DataFrame) -> pl.DataFrame:
    is_cause = pl.col("cause_id") != BACKGROUND
    words = {value: confidence_word(value) for value in chosen["probability"].unique()}
    confidence = pl.col("probability").replace_strict(
        list(words), list(words.values()), return_dtype=pl.String
    )
    lead = pl.when(is_cause & (pl.col("share") >= HALF)).then(MAIN_CAUSE_LEAD).otherwise(0.0)
    return (
        chosen.sort(
            "customer_id",
            is_cause,
            pl.col("net") + lead,
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
