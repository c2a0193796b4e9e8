"""Localisation: which attribute combinations carry the deviation of a KPI from its forecast?

An explicit model of what is normal and an explicit price of every claim (Rissanen 1978,
"Modeling by shortest data description", Automatica 14, 465-471): an element is reported when
it shortens the description of all leaves, and no split of it shortens it more.

Belongs here: the steps in their order. Stays out: each of them (the other files).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.attribute.cuboids.binomial import LEAST_SHARE, binomial_evidence, forecast_rate
from cx_analytics.attribute.cuboids.cell import Found
from cx_analytics.attribute.cuboids.counting import are_counts, counting_evidence, dispersion
from cx_analytics.attribute.cuboids.drift import SHORTER, density_nats, drift_factor
from cx_analytics.attribute.cuboids.evidence import Evidence, Prices
from cx_analytics.attribute.cuboids.lattice import Lattice
from cx_analytics.attribute.cuboids.leaves import Floats, Ints, Leaves
from cx_analytics.attribute.cuboids.relative import relative_evidence
from cx_analytics.attribute.cuboids.result import Element, Localization
from cx_analytics.attribute.cuboids.search import search
from cx_analytics.attribute.cuboids.table import leaves_of
from cx_analytics.attribute.cuboids.ties import conditions_of, same_leaves

USUAL_DRIFT = 0.4
"""Logarithm of a factor that a forecast may well be off by: a half more, a third less."""

LARGE_COUNT = 8.0
"""Expected counts from which on a leaf tells whether the whole forecast drifts."""


def localize(
    frame: Any, attributes: Sequence[str] | None = None, *, least_dispersion: float = 0.0
) -> Localization:
    """Find the elements that carry the deviation.

    Parameters
    ----------
    frame : a polars frame (or what polars makes one of): attribute columns (text; a missing value
        never matches a condition, but its amounts count) and `real`, `predict` (amounts of
        0 or more), or for a ratio `real_a`, `predict_a` (successes) and `real_b`, `predict_b`
        (attempts). Rows with the same attribute values are added up.
    attributes : the columns to use; default all that are no amounts.
    least_dispersion : for counts, the least alpha of the variance mu + alpha mu^2 around their
        forecasts; default what the leaves alone tell.

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
    return localize_leaves(leaves_of(_polars(frame), attributes), least_dispersion)


def localize_leaves(leaves: Leaves, least_dispersion: float = 0.0) -> Localization:
    """The same for leaves that are coded already."""
    if not leaves.attributes:
        return Localization(())
    if "real_b" in leaves.amounts:
        return _ratio(leaves)
    if not (leaves.amounts["real"].any() and leaves.amounts["predict"].any()):
        # All is lost, or all came unforeseen: no part of the table stands out.
        return Localization(())
    if are_counts(leaves.amounts["real"], leaves.amounts["predict"]):
        return _counts(leaves, least_dispersion)
    return _amounts(leaves)


def _polars(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    return pl.from_pandas(frame) if hasattr(frame, "iloc") else pl.DataFrame(frame)


@dataclass(frozen=True)
class _Trial:
    """Elements under one factor of the forecast, and how likely (nats) they make the table."""

    factor: float
    found: list[Found]
    nats: float

    @property
    def covered(self) -> int:
        """Leaves that the elements cover."""
        return sum(len(one.leaves) for one in self.found)


def _amounts(leaves: Leaves) -> Localization:
    real, predict = leaves.amounts["real"], leaves.amounts["predict"]
    factor = drift_factor(real, predict)

    def evidence(factor: float) -> Evidence:
        found = relative_evidence(real, predict, factor)
        extra = density_nats(real, predict, factor) if factor != 1.0 else plain_density
        return replace(found, null_nats=found.null_nats + extra)

    plain_density = density_nats(real, predict, 1.0) if factor else 0.0
    return _centred(leaves, evidence, factor)


def _counts(leaves: Leaves, least: float) -> Localization:
    real, predict = leaves.amounts["real"], leaves.amounts["predict"]
    large = predict >= LARGE_COUNT
    factor = drift_factor(real[large], predict[large])
    alpha = max(least, min(dispersion(real, predict * each) for each in (1.0, factor or 1.0)))
    return _centred(leaves, lambda each: counting_evidence(real, predict, alpha, each), factor)


def _centred(
    leaves: Leaves, evidence: Callable[[float], Evidence], factor: float | None
) -> Localization:
    """The description as it is, or with the forecast re-centred when that is clearly shorter.

    A large drift is what nearly all leaves follow: one that leaves a quarter of them to elements
    is likelier itself the deviation. But when three quarters of all leaves would be in elements
    otherwise, the forecast is to blame.
    """
    plain = evidence(1.0)
    if factor is None:
        return _resulting(leaves, _trial(leaves, plain, 1.0))
    present = int(np.count_nonzero(plain.row))
    moved = _trial(leaves, evidence(factor), factor)
    likely = abs(math.log(factor)) < USUAL_DRIFT or 4 * moved.covered < present
    if likely and moved.nats > plain.ceiling + SHORTER:
        return _resulting(leaves, moved)
    still = _trial(leaves, plain, 1.0)
    swept = 4 * still.covered > 3 * present and 2 * moved.covered < present
    shorter = likely and moved.nats > still.nats + SHORTER
    return _resulting(leaves, moved if shorter or swept else still)


def _resulting(leaves: Leaves, trial: _Trial) -> Localization:
    real, predict = leaves.amounts["real"], leaves.amounts["predict"]
    return _told(leaves, trial, real, predict * trial.factor)


def _trial(leaves: Leaves, evidence: Evidence, factor: float) -> _Trial:
    real, predict = leaves.amounts["real"], leaves.amounts["predict"]
    found = _search(leaves, evidence, real, predict * np.float32(factor))
    return _Trial(factor, found, evidence.null_nats + sum(one.gain for one in found))


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
