"""Localisation: which attribute combinations carry the deviation of a KPI from its forecast?

An explicit model of what is normal and an explicit price of every claim (Rissanen 1978,
"Modeling by shortest data description", Automatica 14, 465-471): an element is reported when
it shortens the description of all leaves, and no split of it shortens it more.

Belongs here: the steps in their order. Stays out: each of them (the other files).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.attribute.cuboids.binomial import LEAST_SHARE, binomial_evidence, forecast_rate
from cx_analytics.attribute.cuboids.cell import Found
from cx_analytics.attribute.cuboids.drift import SHORTER, density_nats, drift_factor
from cx_analytics.attribute.cuboids.evidence import Evidence, Prices
from cx_analytics.attribute.cuboids.lattice import Lattice
from cx_analytics.attribute.cuboids.leaves import Floats, Ints, Leaves
from cx_analytics.attribute.cuboids.relative import relative_evidence
from cx_analytics.attribute.cuboids.result import Element, Localization
from cx_analytics.attribute.cuboids.search import search
from cx_analytics.attribute.cuboids.table import leaves_of
from cx_analytics.attribute.cuboids.ties import conditions_of, same_leaves


def localize(frame: Any, attributes: Sequence[str] | None = None) -> Localization:
    """Find the elements that carry the deviation.

    Parameters
    ----------
    frame : a polars frame (or what polars makes one of): attribute columns (text; a missing value
        never matches a condition, but its amounts count) and `real`, `predict` (amounts of
        0 or more), or for a ratio `real_a`, `predict_a` (successes) and `real_b`, `predict_b`
        (attempts). Rows with the same attribute values are added up.
    attributes : the columns to use; default all that are no amounts.

    Raises
    ------
    InputRefused
        A column is missing or holds what it must not, or there are no rows.

    Example
    -------
    >>> rows = [(f"a{i}", f"b{j}", 100, 60 if i == 2 else 100) for i in range(6) for j in range(9)]
    >>> table = pl.DataFrame(rows, schema=["a", "b", "predict", "real"], orient="row")
    >>> localize(table).set
    'a=a2'
    """
    return localize_leaves(leaves_of(_polars(frame), attributes))


def localize_leaves(leaves: Leaves) -> Localization:
    """The same for leaves that are coded already."""
    if not leaves.attributes:
        return Localization(())
    if "real_b" in leaves.amounts:
        return _ratio(leaves)
    return _amounts(leaves)


def _polars(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    return pl.from_pandas(frame) if hasattr(frame, "iloc") else pl.DataFrame(frame)


@dataclass(frozen=True)
class _Trial:
    """Elements under one factor of the forecast, and how short they make the description."""

    factor: float
    found: list[Found]
    nats: float


def _amounts(leaves: Leaves) -> Localization:
    real, predict = leaves.amounts["real"], leaves.amounts["predict"]
    evidence = relative_evidence(real, predict)
    factor = drift_factor(real, predict)
    if factor is None:
        return _told(leaves, _trial(leaves, evidence, 1.0, 0.0), real, predict)
    extra = density_nats(real, predict, factor) - density_nats(real, predict, 1.0)
    moved = _trial(leaves, relative_evidence(real, predict, factor), factor, extra)
    bulk = 2 * sum(len(one.leaves) for one in moved.found) < np.count_nonzero(evidence.row)
    if bulk and moved.nats > evidence.ceiling + SHORTER:
        return _told(leaves, moved, real, predict * factor)
    plain = _trial(leaves, evidence, 1.0, 0.0)
    best = moved if bulk and moved.nats > plain.nats + SHORTER else plain
    return _told(leaves, best, real, predict * best.factor)


def _trial(leaves: Leaves, evidence: Evidence, factor: float, extra: float) -> _Trial:
    real, predict = leaves.amounts["real"], leaves.amounts["predict"]
    found = _search(leaves, evidence, real, predict * np.float32(factor))
    gained = sum(one.gain for one in found)
    return _Trial(factor, found, evidence.null_nats + extra + gained)


def _search(leaves: Leaves, evidence: Evidence, real: Floats, predict: Floats) -> list[Found]:
    def carries(places: Ints, below: bool) -> bool:
        return bool((real[places].sum() < predict[places].sum()) == below)

    values = [len(one.values) for one in leaves.attributes]
    return search(Lattice(leaves.sizes, leaves.keys), evidence, Prices(values), carries)


def _ratio(leaves: Leaves) -> Localization:
    success, tried = leaves.amounts["real_a"], leaves.amounts["real_b"]
    expected = leaves.amounts["predict_a"], leaves.amounts["predict_b"]
    rate = forecast_rate(*expected)
    evidence = binomial_evidence(success, tried, *expected)
    found = _search(leaves, evidence, success, tried * (1.0 - rate))
    excess = [_excess(one, success, tried, rate) for one in found]
    least = LEAST_SHARE * max((abs(one) for one in excess), default=0.0)
    kept = [one for one, own in zip(found, excess, strict=True) if abs(own) >= least]
    return _told(leaves, _Trial(1.0, kept, 0.0), success, tried * (1.0 - rate), tried)


def _excess(one: Found, success: Floats, tried: Floats, rate: Floats) -> float:
    places = one.leaves
    return float((tried[places] - success[places] - tried[places] * rate[places]).sum())


def _told(
    leaves: Leaves, trial: _Trial, real: Floats, predict: Floats, tried: Floats | None = None
) -> Localization:
    """The result; with attempts, `real` and `predict` are successes and told as ratios."""
    deviation = float(real.sum(dtype=np.float64) - predict.sum(dtype=np.float64))
    lattice = Lattice(leaves.sizes, leaves.keys)
    elements = []
    for one in trial.found:
        same = same_leaves(leaves, lattice, one.cell)
        a, b = (float(amount[one.leaves].sum(dtype=np.float64)) for amount in (real, predict))
        scale = float(tried[one.leaves].sum()) if tried is not None else 1.0
        elements.append(
            Element(
                conditions=conditions_of(leaves, same[0]),
                direction="below" if one.below else "above",
                leaves=int(
                    (leaves.rows[lattice.leaves_of(one.cell.cuboid, one.cell.codes)] > 0).sum()
                ),
                real=a / max(scale, 1e-12),
                predict=b / max(scale, 1e-12),
                gain=one.gain,
                share=(a - b) / deviation if deviation else float("nan"),
                equivalents=tuple(conditions_of(leaves, other) for other in same[1:]),
            )
        )
    return Localization(tuple(elements), trial.factor)
