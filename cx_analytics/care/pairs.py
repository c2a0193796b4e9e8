"""One row a customer and cause: faults, exposure, whether it is over, and what it will cost.

Belongs here: everything that is known of a pair before a rule is asked. Stays out: the estimates
themselves (coming.py, gain.py), versions to go to (targets.py), rules (fixes.py).
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from cx_analytics.care import coming
from cx_analytics.care.evidence import CareEvidence
from cx_analytics.care.exact import exact_sum
from cx_analytics.care.gain import gain_of, learned
from cx_analytics.contracts.words import BACKGROUND

Floats = npt.NDArray[np.float64]

_LEFT = 0.9
"""A customer has left a cause when it is as probable."""
_TELLING = 0.5
"""Faults of other kinds that put a customer on the list whatever this cause did."""


def pairs_of(evidence: CareEvidence, *, window_start: datetime, as_of: datetime) -> pl.DataFrame:
    """The pairs with faults, by customer and cause; background among them.

    Returns
    -------
    Columns customer_id, cause_id, faults, share (of the customer's faults), state (open, ended or
    left), probability, and gain, gain_low, gain_high (faults in 30 days that the cause will bring),
    with the customer's device_model, app_name and the cause's valid_to and status.
    """
    pairs = _met(_shares(evidence), evidence, as_of)
    days = (as_of - window_start).total_seconds() / 86400
    pairs = _coming(pairs, days, window_start, as_of)
    pairs = _gains(pairs)
    return pairs.filter(pl.col("share").is_not_null())


def _shares(evidence: CareEvidence) -> pl.DataFrame:
    """Faults of each customer and cause, and their share of the customer's faults.

    A cause that the table no longer names explains nothing any more: background.
    """
    known = pl.col("cause_id").is_in(evidence.causes["cause_id"].implode())
    return (
        evidence.customer_causes.with_columns(
            cause_id=pl.when(known).then("cause_id").otherwise(pl.lit(BACKGROUND))
        )
        .group_by("customer_id", "cause_id")
        .agg(exact_sum(pl.col("faults")), exact_sum(pl.col("faults_squared")))
        .sort("customer_id", "cause_id")
        .with_columns(share=pl.col("faults") / exact_sum(pl.col("faults")).over("customer_id"))
        .filter(pl.col("faults") > 0)
    )


def _met(shares: pl.DataFrame, evidence: CareEvidence, as_of: datetime) -> pl.DataFrame:
    """All causes that each customer met, with faults or without, and facts of both."""
    exposure = evidence.exposure.select("customer_id", "cause_id", "met", "exposed", "later")
    usage = evidence.usage.select(
        "customer_id", "sessions", "late_sessions", "device_model", "app_name"
    )
    total = shares.group_by("customer_id").agg(all_faults=exact_sum(pl.col("faults")))
    keys = ["customer_id", "cause_id"]
    return (
        shares.join(exposure, on=keys, how="full", coalesce=True)
        .sort(keys)
        .join(usage, on="customer_id", maintain_order="left")
        .join(total, on="customer_id", how="left", maintain_order="left")
        .join(_facts(evidence.causes), on="cause_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("faults", "faults_squared", "all_faults").fill_null(0.0),
            pl.col("later").fill_null(0),
            pl.col("cause_rate", "probability").fill_null(0.0),
            pl.col("keys").fill_null(BACKGROUND),
            is_shared=pl.col("kind").fill_null("shared") == "shared",
            is_over=_is_over(as_of),
            is_met=pl.col("exposed").is_not_null(),
        )
        .with_columns(exposed=pl.col("exposed").fill_null(pl.col("faults").ceil().cast(pl.Int64)))
    )


def _facts(causes: pl.DataFrame) -> pl.DataFrame:
    rate = pl.col("excess_faults").clip(lower_bound=0) / pl.col("sessions").clip(lower_bound=1)
    keys = [" & ".join(sorted(conditions)) for conditions in causes["conditions"].to_list()]
    return causes.select(
        "cause_id", "kind", "status", "probability", "valid_from", "valid_to", cause_rate=rate
    ).with_columns(keys=pl.Series(keys, dtype=pl.String))


def _is_over(as_of: datetime) -> pl.Expr:
    has_ended = pl.col("valid_to").is_not_null() & (pl.col("valid_to") <= as_of)
    return (has_ended | pl.col("status").eq("fixed").fill_null(False)).fill_null(False)


def _coming(
    pairs: pl.DataFrame, days: float, window_start: datetime, as_of: datetime
) -> pl.DataFrame:
    """Sessions of the next 30 days under the cause, and whether it is open, ended or left.

    A fault that lost its unit may have a little of every individual's cause: not met, none coming.
    """
    since = pl.max_horizontal(pl.col("valid_from"), pl.lit(window_start))
    own_days = pairs.select((pl.lit(as_of) - since).dt.total_seconds() / 86400).to_series()
    gone, leavers = _leaving(pairs)
    rate = _sessions_a_day(pairs, days)
    exposed, met = _numbers(pairs, "exposed"), _numbers(pairs, "met")
    once = _discounts(pairs)
    by_share = rate * (exposed - once) / np.maximum(met, np.maximum(exposed, 1))
    by_days = np.minimum(exposed / np.maximum(own_days.to_numpy(), 1.0), rate)
    a_day = np.where(np.isnan(met), by_days, by_share)
    staying = coming.time_there(leavers, own_days.to_numpy())
    is_other = ~pairs["is_met"].to_numpy() & ~pairs["is_shared"].to_numpy()
    there = coming.HORIZON_DAYS * np.where(is_other, 0.0, a_day) * (1 - gone) * staying
    state = pl.when("is_over").then(pl.lit("ended")).when(pl.Series(gone) >= _LEFT)
    return pairs.with_columns(
        coming=pl.Series(np.maximum(there, 0.0)),
        state=state.then(pl.lit("left")).otherwise(pl.lit("open")),
    )


def _sessions_a_day(pairs: pl.DataFrame, days: float) -> Floats:
    people = pairs.select("customer_id", "sessions", "late_sessions").unique(
        "customer_id", maintain_order=True
    )
    sessions, late = _numbers(people, "sessions"), _numbers(people, "late_sessions")
    rate = people.select("customer_id", rate=pl.Series(coming.activity(sessions, late, days)))
    return _numbers(pairs.join(rate, on="customer_id", maintain_order="left"), "rate")


def _leaving(pairs: pl.DataFrame) -> tuple[Floats, Floats]:
    """Probability of having left, and the share of leavers, of each pair.

    Individual causes have one customer each: those of a kind are looked at together.
    """
    group = pl.when("is_shared").then("cause_id").otherwise("keys")
    numbers = pairs.select(group.rank("dense").cast(pl.Int64) - 1).to_series().to_numpy()
    gone, share = coming.has_left(
        _numbers(pairs, "exposed"), _numbers(pairs, "later"), _numbers(pairs, "sessions"), numbers
    )
    return gone, share[numbers]


def _discounts(pairs: pl.DataFrame) -> Floats:
    """d of each pair, by the kind of conditions; 0 for individuals."""
    groups = pairs.select(pl.col("keys").rank("dense").cast(pl.Int64) - 1).to_series()
    quiet = pairs.select((pl.col("faults") == 0) & pl.col("is_shared")).to_series()
    found = coming.discount(_numbers(pairs, "exposed"), quiet.to_numpy(), groups.to_numpy())
    return np.where(pairs["is_shared"].to_numpy(), found[groups.to_numpy()], 0.0)


def _gains(pairs: pl.DataFrame) -> pl.DataFrame:
    """What 30 days without the cause avoid; nothing where it is over, or no cause at all."""
    is_cause = pairs["cause_id"] != BACKGROUND
    telling = pairs["all_faults"] - pairs["faults"] >= _TELLING
    known = {
        "faults": _numbers(pairs, "faults"),
        "exposed": _numbers(pairs, "exposed"),
        "cause_rate": _numbers(pairs, "cause_rate"),
        "is_shared": pairs["is_shared"].to_numpy(),
    }
    met = (pairs["is_met"] & is_cause).to_numpy()
    rates = learned(
        **{name: values[met] for name, values in known.items()},
        chance=_numbers(pairs, "faults_squared")[met],
        is_telling=telling.to_numpy()[met],
    )
    gain = gain_of(
        **known,
        coming=_numbers(pairs, "coming"),
        probability=_numbers(pairs, "probability"),
        rates=rates,
    )
    lasts = (pl.col("state") == "open") & pl.Series(is_cause)
    return pairs.with_columns(
        pl.when(lasts).then(pl.Series(values)).otherwise(0.0).alias(name)
        for name, values in (("gain", gain.mean), ("gain_low", gain.low), ("gain_high", gain.high))
    )


def _numbers(frame: pl.DataFrame, name: str) -> Floats:
    return frame[name].cast(pl.Float64).to_numpy()
