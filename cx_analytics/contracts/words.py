"""The words of a diagnosis: spelled once, used by every stage, in tables and on screens."""

from __future__ import annotations

import re

BACKGROUND = "background"
"""The cause id of what no cause explains."""

CAUSE_KINDS = ("shared", "individual")
DOMAINS = ("device", "app", "network", "interaction", "customer")
CAUSE_STATUS = ("new", "active", "fixed", "recurred")
VERDICTS = ("worked", "did_not", "harmed", "too_early")
FAILURE_PATTERNS = ("early failures", "random", "wear-out", "too few failures")
HOLD_STATES = ("proposed", "held", "released", "expired")
ACTION_KINDS = (
    "app_update",
    "firmware_update",
    "cell_repair",
    "unit_replacement",
    "lot_hold",
    "process_change",
    "rollout_stop",
    "other",
)
PROPOSALS = ("hold", "change_process", "stop_rollout")
"""What can be proposed against an open cause."""

WAIT_CAUSES = (
    "none",
    "batching",
    "contention",
    "prioritisation",
    "resource_unavailable",
    "setup",
    "other",
)

PART_VIAS = ("aggregation", "transformation", "component")
"""How something went into a case: packed into it, consumed by it, built into its unit."""

WASTES = ("waiting", "rework", "rejects", "field_faults")
"""What production wastes."""

STEP_TIME_ISSUES = (
    "overlap",
    "zero_duration",
    "missing_start",
    "missing_end",
    "end_before_start",
    "clock_skew",
)
"""What can be odd about the times of production."""

LIMIT_KINDS = (
    "impossible_metric",
    "constant_metric",
    "thin_attribute",
    "heavy_customer",
    "constant_time",
    "missing_attribute",
    "inseparable_attributes",
    "absent_attribute",
)
"""What data cannot answer, the most misleading first: a false reading before a missing one."""

ARTEFACTS = ("impossible_metric", "constant_metric")
"""Limits that are mistakes of the data: somebody can mend what reports them."""

REACHED = ("unit_id", "customer_id", "cell_id")
"""What the list of an action (`exposed`) may name."""

REACHED_LISTS = {"units": "unit_id", "customers": "customer_id", "cells": "cell_id"}
REACHED_IDS = ("id", "subject", "value", *REACHED)
REACHED_TIMES = ("at", "reached_at", "time", "since", "effective_from", "when")
"""Keys that senders use in it: of the kinds of ids, of an id, of the time it was reached."""

INDIVIDUAL_ATTRIBUTES = ("customer_id", "unit_id")
"""Attributes whose single values are individuals, never candidates of a shared cause."""


def label(conditions: dict[str, str]) -> str:
    """The label of a conjunction, keys in alphabetical order.

    >>> label({"device_model": "X", "app_version": "5.2.0"})
    'app_version=5.2.0 & device_model=X'
    """
    return " & ".join(f"{key}={conditions[key]}" for key in sorted(conditions))


_AND = re.compile(r"\s*&\s*(?=[^\s=&]+\s*=)")
"""An ampersand joins conditions only where another one follows: a lot may be called A&B."""


def condition_pairs(text: str | None) -> list[tuple[str, str]]:
    """The conditions of a conjunction in order; what is no `name=value` is none.

    >>> condition_pairs("app_version=5.2.0 & device_model=X")
    [('app_version', '5.2.0'), ('device_model', 'X')]
    >>> condition_pairs("lot=A&B&site=1"), condition_pairs("everything"), condition_pairs(None)
    ([('lot', 'A&B'), ('site', '1')], [], [])
    """
    parts = (part.partition("=") for part in _AND.split((text or "").strip()))
    return [(key.strip(), value.strip()) for key, sign, value in parts if sign and key.strip()]


def conditions_of(text: str | None) -> dict[str, str]:
    """The same by name; of a name that is said twice the last value.

    >>> conditions_of("device_model=X & app_version=5.2.0")
    {'device_model': 'X', 'app_version': '5.2.0'}
    """
    return dict(condition_pairs(text))


def in_words(label: str | None) -> str:
    """A cause's label in plain words; a missing label is what no cause explains.

    >>> in_words("app_version=5.2.0 & device_model=X")
    'app version 5.2.0 and device model X'
    >>> in_words(None)
    'not explained'
    """
    if not label:
        return "not explained"
    pairs = condition_pairs(label) or [(label, "")]
    return " and ".join(f"{name.replace('_', ' ')} {value}".strip() for name, value in pairs)


def confidence_word(probability: float) -> str:
    """How sure, in a word: below 0.8 suspected, below 0.95 probable, else confirmed.

    >>> [confidence_word(p) for p in (0.5, 0.8, 0.99)]
    ['suspected', 'probable', 'confirmed']
    """
    if probability >= 0.95:
        return "confirmed"
    return "probable" if probability >= 0.8 else "suspected"
