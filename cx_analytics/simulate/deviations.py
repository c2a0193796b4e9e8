"""Forecast-against-actual tables with planted deviations, to measure localisation on.

After the description of the simulated data sets of RiskLoc (Kalander 2022, arXiv:2205.10004,
section 5.1): Weibull amounts, some of them zero, Gaussian forecast errors that are shared out to
either side, and anomalies that take a share of the amount away from every leaf of some elements.

Belongs here: planting into a table made here or given. Stays out: scoring (bench/localization.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cx_analytics.simulate.chance import Flags, Floats, generator

TRIES = 100
"""Draws of an anomaly's elements before it is given up."""

Codes = NDArray[np.int16]
"""The value of each leaf's attributes, shape (attributes, leaves)."""

Conditions = tuple[tuple[int, int], ...]
"""(attribute, value) pairs of an element, attributes ascending."""


@dataclass(frozen=True)
class Recipe:
    """Ranges that an instance is drawn from.

    `sizes`: values of each attribute. `noise`: standard deviation of the relative forecast error.
    `zeros`: share of leaves without any amount. `severity`: share that an anomaly takes away,
    beyond the noise; `spread`: its standard deviation between the leaves of an element.
    """

    sizes: tuple[int, ...]
    noise: tuple[float, float]
    severity: tuple[float, float]
    spread: tuple[float, float]
    anomalies: tuple[int, int]
    elements: tuple[int, int]
    deepest_only: bool = False
    zeros: tuple[float, float] = (0.0, 0.25)
    shape: tuple[float, float] = (0.5, 1.0)


MIXED = Recipe((10, 12, 10, 8, 5), (0.0, 0.25), (0.2, 1.0), (0.0, 0.1), (1, 3), (1, 3))
"""As the published set S: several anomalies of any depth, of one to three elements each."""

DEEP = Recipe((10, 24, 10, 15), (0.0, 0.1), (0.5, 1.0), (0.0, 0.0), (1, 5), (1, 1), True)
"""As the published set L: single leaves."""

LARGE = Recipe((10, 5, 250, 20, 8, 12), (0.0, 0.25), (0.2, 1.0), (0.0, 0.1), (1, 3), (1, 3))
"""As the published set H: 24 million leaves."""


@dataclass(frozen=True)
class Deviation:
    """A table with attributes (text), `real` and `predict`, and the elements planted in it.

    `set` is written `a=a1&b=b2;c=c3`.
    """

    frame: pl.DataFrame
    set: str


def deviation(recipe: Recipe, seed: int) -> Deviation:
    """An instance of a recipe; the same seed gives the same one."""
    rng = generator(seed, "deviation")
    codes = np.indices(recipe.sizes, dtype=np.int16).reshape(len(recipe.sizes), -1)
    noise = rng.uniform(*recipe.noise)
    real, predict = _normal_leaves(rng, recipe, codes.shape[1], noise)
    planted = _plan(rng, recipe, codes, real > 0)
    losing = real.sum() <= predict.sum()
    for elements in planted:
        severity = rng.uniform(*recipe.severity) + noise
        spread = rng.uniform(*recipe.spread)
        for element in elements:
            leaves = _leaves(codes, element)
            kept = np.clip(1.0 - rng.normal(severity, spread, int(leaves.sum())), 0.0, None)
            if losing:
                real[leaves] = predict[leaves] * kept
            else:
                predict[leaves] = real[leaves] * kept
    named = [element for elements in planted for element in elements]
    return Deviation(_frame(codes, real, predict), _text(named))


def with_noise(frame: pl.DataFrame, noise: float, seed: int) -> pl.DataFrame:
    """The same table with further relative noise (Gaussian, standard deviation `noise`)."""
    factor = 1.0 + generator(seed, "noise").normal(0.0, noise, frame.height)
    return frame.with_columns(real=pl.col("real") * np.clip(factor, 0.0, None))


def with_drift(frame: pl.DataFrame, factor: float) -> pl.DataFrame:
    """The same table with a forecast that is too high or too low everywhere."""
    return frame.with_columns(pl.col("predict") * factor)


def _normal_leaves(
    rng: np.random.Generator, recipe: Recipe, count: int, noise: float
) -> tuple[Floats, Floats]:
    """Amounts and forecasts; either one carries the error, half the leaves each."""
    amount = rng.weibull(rng.uniform(*recipe.shape), count) * 100.0
    amount[rng.random(count) < rng.uniform(*recipe.zeros)] = 0.0
    other = np.clip(amount * (1.0 + rng.normal(0.0, noise, count)), 0.0, None)
    swap = rng.random(count) < 0.5
    return np.where(swap, other, amount), np.where(swap, amount, other)


def _plan(
    rng: np.random.Generator, recipe: Recipe, codes: Codes, filled: Flags
) -> list[list[Conditions]]:
    """Elements of each anomaly; two anomalies share no value of an attribute both are about."""
    planned: list[list[Conditions]] = []
    for _ in range(rng.integers(*recipe.anomalies, endpoint=True)):
        depth = len(recipe.sizes)
        if not recipe.deepest_only:
            depth = int(rng.integers(1, depth, endpoint=True))
        size = int(rng.integers(*recipe.elements, endpoint=True))
        tries = (_try(rng, recipe.sizes, planned, depth, size, codes, filled) for _ in range(TRIES))
        # An anomaly that finds no values left is not planted; the first one always does.
        found = next((elements for elements in tries if elements is not None), None)
        planned += [found] if found is not None else []
    return planned


def _try(
    rng: np.random.Generator,
    sizes: Sequence[int],
    planned: list[list[Conditions]],
    depth: int,
    size: int,
    codes: Codes,
    filled: Flags,
) -> list[Conditions] | None:
    """Elements over attributes drawn at random, or None when the draw is not allowed."""
    names = sorted(rng.choice(len(sizes), depth, replace=False).tolist())
    taken = [tuple(name for name, _ in elements[0]) for elements in planned]
    if tuple(names) in taken and depth < len(sizes):
        return None
    drawn = []
    for name in names:
        used = {value for one in planned for element in one for at, value in element if at == name}
        free = [value for value in range(sizes[name]) if value not in used]
        if not free:
            return None
        drawn.append(rng.choice(free, size).tolist())
    elements = [tuple(zip(names, values, strict=True)) for values in zip(*drawn, strict=True)]
    if len(set(elements)) < size:
        return None
    if any(not filled[_leaves(codes, element)].any() for element in elements):
        return None
    return elements


def _leaves(codes: Codes, element: Conditions) -> Flags:
    return np.asarray(np.logical_and.reduce([codes[name] == value for name, value in element]))


def _frame(codes: Codes, real: Floats, predict: Floats) -> pl.DataFrame:
    """Attributes `a`, `b`, ... with the values `a1`, `a2`, ...; as enumerations, to save memory."""
    columns: dict[str, pl.Series] = {}
    for place, column in enumerate(codes):
        name = chr(ord("a") + place)
        values = pl.Enum([f"{name}{n + 1}" for n in range(int(column.max()) + 1)])
        columns[name] = pl.Series(column.astype(np.uint16)).cat.to(values)
    columns["real"] = pl.Series(real, dtype=pl.Float32)
    columns["predict"] = pl.Series(predict, dtype=pl.Float32)
    return pl.DataFrame(columns)


def _text(elements: Sequence[Conditions]) -> str:
    names = "abcdefghijklmnopqrstuvwxyz"
    texts = ["&".join(f"{names[n]}={names[n]}{v + 1}" for n, v in element) for element in elements]
    return ";".join(sorted(texts))
