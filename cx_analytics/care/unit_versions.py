"""Which firmware or system a unit should go to, where no feed lists releases.

Belongs here: order by what units moved to, and comparing adjusted rates on a device model.
Stays out: app versions, which a trusted list orders (versions.py), and the advice.

Version numbers order nothing: they may be branches, trials or typing errors. What units run after
another one is evidence: of f units that ran both A and B and now run B, and g that now run A, B
follows A when P(share of the first > ½) ≥ 0.9 with f, g binomial and Jeffreys' prior; two units
with nobody going back are enough.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from cx_analytics.care.conditions import healthy, sources
from cx_analytics.care.rates import probability_better

UNIT_VERSIONS = ("firmware_version", "os_version")
"""Attributes of a unit that are versions."""

_NAMES = ("device_model",)
_JEFFREYS = 0.5
_COLUMNS = ("cause_id", "device_model", "target_version", "probability_better")


def better_unit_versions(
    causes: pl.DataFrame,
    unit_versions: pl.DataFrame,
    moves: pl.DataFrame,
    attribute: str,
    *,
    minimum_probability: float = 0.9,
) -> pl.DataFrame:
    """For each open cause with this attribute: where to go, by device model.

    A target follows the cause's own version by the moves of units in the whole fleet, is not
    itself under an open cause on that model, and its adjusted rate on that model is lower with
    probability ≥ `minimum_probability`. Of several the one that most units moved to is taken.

    Parameters
    ----------
    causes : open causes only, columns cause_id and conditions of the table `causes`.
    unit_versions : the model `care/unit_versions`.
    moves : the model `care/version_moves`.
    attribute : firmware_version or os_version.

    Returns
    -------
    Columns cause_id, device_model, target_version, probability_better.
    """
    counts = _of(unit_versions, attribute).rename({"version": attribute})
    pairs = sources(causes, counts, attribute, _NAMES).join(
        counts.rename({attribute: "target_version"}),
        on="device_model",
        suffix="_new",
        nulls_equal=True,
    )
    order = _followers(_of(moves, attribute))
    later = pairs.join(
        order, left_on=[attribute, "target_version"], right_on=["from_version", "to_version"]
    )
    newer = healthy(later, causes, attribute, _NAMES)
    return (
        newer.with_columns(probability_better=probability_better(newer))
        .filter(pl.col("probability_better") >= minimum_probability)
        .sort("cause_id", "device_model", "units", "target_version")
        .unique(["cause_id", "device_model"], keep="last", maintain_order=True)
        .select(_COLUMNS)
    )


def _of(frame: pl.DataFrame, attribute: str) -> pl.DataFrame:
    return frame.filter(pl.col("attribute") == attribute).drop("attribute")


def _followers(moves: pl.DataFrame, minimum_probability: float = 0.9) -> pl.DataFrame:
    """The moves that outweigh the way back: from_version, to_version, units."""
    from scipy.special import betaincc

    both = moves.join(
        moves,
        left_on=["from_version", "to_version"],
        right_on=["to_version", "from_version"],
        how="left",
        suffix="_back",
        maintain_order="left",
    ).with_columns(pl.col("units_back").fill_null(0))
    there, back = (both[name].cast(pl.Float64).to_numpy() for name in ("units", "units_back"))
    sure = betaincc(there + _JEFFREYS, back + _JEFFREYS, 0.5) >= minimum_probability
    return both.filter(pl.Series(np.asarray(sure))).select("from_version", "to_version", "units")
