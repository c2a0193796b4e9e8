"""The credible set of a defect: what else explains its faults nearly as well, in words.

Belongs here: wording of `cause_rivals` for the factory. Stays out: finding rivals (attribution).
"""

from __future__ import annotations

import math

import polars as pl

from cx_analytics.contracts.words import conditions_of
from cx_analytics.factory.genealogy import PLACES

CREDIBLE_NATS = math.log(20)
"""A rival for which the data speak 20 times less is told apart: odds of 20 to 1 are where a
95 % credible set of two ends."""

SHOWN = 3
"""Rivals that are named; the rest are counted."""

OUTSIDE = "a condition outside the factory"
"""What a rival is called that names a place or a customer: neither leaves towards a factory."""

_KEPT_BACK = PLACES | {"customer_id"}


def cannot_separate(rivals: pl.DataFrame) -> dict[str, str]:
    """What to say of each cause that has rivals, the nearest rival first.

    The data speak e^x times less for a rival that is x nats behind.

    >>> near = {"cause_id": ["c"], "rival": ["modem_lot=M7"], "nats_behind": [1.23]}
    >>> cannot_separate(pl.DataFrame(near))
    {'c': 'cannot be told from modem_lot=M7 (1.2 nats behind)'}
    """
    near = rivals.filter(pl.col("nats_behind").fill_null(0.0) <= CREDIBLE_NATS)
    ordered = near.sort("cause_id", "nats_behind", "rival", nulls_last=True)
    groups = ordered.group_by("cause_id", maintain_order=True)
    return {str(cause): _sentence(group) for (cause,), group in groups}


def _sentence(rivals: pl.DataFrame) -> str:
    named = [_told(*row) for row in rivals.select("rival", "nats_behind").rows()]
    shown = list(dict.fromkeys(named))[:SHOWN]
    more = len(named) - len(shown)
    if more > 0:
        shown.append(f"{more} more")
    return "cannot be told from " + " or ".join(shown)


def _told(rival: str, behind: float | None) -> str:
    name = OUTSIDE if _keys(rival) & _KEPT_BACK else rival
    # A rival that is ahead lost for another reason than the data: to them it is as good.
    return name if behind is None else f"{name} ({max(behind, 0.0):.1f} nats behind)"


def _keys(label: str) -> set[str]:
    """The attributes that a label speaks of."""
    return set(conditions_of(label))
