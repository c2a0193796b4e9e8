"""The bars that the published figures must reach, as data: required, and ambitious.

Belongs here: which figures are published, in what order, and when a value holds. Stays out:
measuring them. The bars of easy worlds are those of medium ones; a healthy world has only one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Literal

from cx_analytics.simulate import Difficulty

Limits = tuple[float, float]
"""Least and most that is good, both inclusive."""

LEAST = float("-inf")
MOST = float("inf")


@dataclass(frozen=True)
class Bar:
    """A published figure: its field in the score, its words, and its limits by difficulty.

    `reading` tells apart several readings of one definition; "" is the headline.
    """

    figure: str
    words: str
    required: Mapping[Difficulty, Limits] = field(default_factory=dict)
    ambitious: Mapping[Difficulty, Limits] = field(default_factory=dict)
    reading: str = ""
    unit: Literal["share", "count", "days", "nats", "s"] = "share"


def holds(value: float, limits: Limits | None) -> bool | None:
    """Whether a value lies within limits; None when there is no value or no limit.

    >>> holds(0.95, (0.94, MOST)), holds(0.2, (LEAST, 0.1)), holds(0.9, None)
    (True, False, None)
    """
    if limits is None or isnan(value):
        return None
    return limits[0] <= value <= limits[1]


def scaled(limits: Limits | None, sessions: int) -> Limits | None:
    """Limits on seconds of a million sessions, for a world of that many (never fewer)."""
    return None if limits is None else (limits[0], limits[1] * max(1.0, sessions / 1e6))


def _least(medium: float, hard: float) -> dict[Difficulty, Limits]:
    return {"easy": (medium, MOST), "medium": (medium, MOST), "hard": (hard, MOST)}


def _most(medium: float, hard: float, null: float | None = None) -> dict[Difficulty, Limits]:
    bars: dict[Difficulty, Limits] = {
        "easy": (LEAST, medium),
        "medium": (LEAST, medium),
        "hard": (LEAST, hard),
    }
    return bars if null is None else bars | {"null": (LEAST, null)}


def _inside(low: float, high: float) -> dict[Difficulty, Limits]:
    return {"easy": (low, high), "medium": (low, high), "hard": (low, high)}


_F1 = (_least(0.94, 0.93), _least(0.97, 0.965))
_PRECISION = (_least(0.92, 0.92), _least(0.97, 0.97))
_LOG_LOSS = (_most(0.11, 0.17), _most(0.06, 0.09))
_ECE = (_most(0.02, 0.02), _most(0.01, 0.01))
_TOP_CAUSE = (_least(0.90, 0.86), _least(0.93, 0.90))
_LOT = (_most(0.08, 0.20), _most(0.04, 0.12))
_COVERAGE = (_inside(0.85, 0.96), _inside(0.88, 0.93))
_CREDIBLE = (_least(0.95, 0.95), _least(0.98, 0.98))
_HEALTHY: tuple[dict[Difficulty, Limits], dict[Difficulty, Limits]] = (
    {"null": (LEAST, 0.1)},
    {"null": (LEAST, 0.02)},
)
_CPU = (_most(10, 10, 10), _most(3, 3, 3))

BARS: tuple[Bar, ...] = (
    Bar("f1", "F1 on detectable causes", *_F1, reading="shared causes"),
    Bar("all_f1", "F1 on detectable causes", *_F1, reading="with individuals"),
    Bar("precision", "precision", *_PRECISION, reading="shared causes"),
    Bar("all_precision", "precision", *_PRECISION, reading="with individuals"),
    Bar("recall", "recall of detectable causes", reading="shared causes"),
    Bar("false_causes", "false causes", *_HEALTHY, unit="count"),
    Bar("unmatched_causes", "causes that hit none", unit="count"),
    Bar(
        "accuracy_gap", "fault accuracy below the oracle's", _most(0.03, 0.045), _most(0.015, 0.025)
    ),
    Bar("oracle_accuracy", "accuracy of the oracle"),
    Bar("log_loss_gap", "log-loss above the oracle's", *_LOG_LOSS, "shares from 0.001", "nats"),
    Bar("log_loss_gap_mild", "log-loss above the oracle's", *_LOG_LOSS, "shares from 0.01", "nats"),
    Bar("calibration_error", "calibration error (ECE)", *_ECE, reading="largest shares"),
    Bar("calibration_error_all_shares", "calibration error (ECE)", *_ECE, reading="all shares"),
    Bar("customer_top_cause", "customer's top cause right", *_TOP_CAUSE, "by the oracle"),
    Bar("customer_top_cause_counted", "customer's top cause right", *_TOP_CAUSE, "by true counts"),
    Bar("oracle_top_cause_counted", "the oracle's top cause right", reading="by true counts"),
    Bar("lot_excess_error_expected", "relative error of a lot's excess", *_LOT, "against expected"),
    Bar("lot_excess_error", "relative error of a lot's excess", *_LOT, "against true faults"),
    Bar("lot_excess_chance", "a lot's true faults against those expected"),
    Bar("interval_coverage", "90 % interval covers", *_COVERAGE, "the expected excess"),
    Bar("interval_coverage_counted", "90 % interval covers", reading="the true faults"),
    Bar("credible_set", "credible set holds the cause", *_CREDIBLE, "all but false causes"),
    Bar("credible_set_of_hits", "credible set holds the cause", *_CREDIBLE, "hits only"),
    Bar(
        "days_to_report",
        "days from a strong lot's onset to its report",
        _most(6, 6),
        _most(3, 3),
        "",
        "days",
    ),
    Bar("fit_cpu_s", "CPU seconds of the fit", *_CPU, unit="s"),
    Bar("counting_cpu_s", "CPU seconds of counting", unit="s"),
    Bar("run_cpu_s", "CPU seconds of the whole run", unit="s"),
)
"""Every published figure, required bars before ambitious ones.

An interval has a bar in one reading only: no interval can hold the expected excess and the true
faults, which scatter around it, both in nine cases of ten.
"""
