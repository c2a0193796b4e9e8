"""What is expected of those whom an action reached, had nothing been done.

Belongs here: the panel of daily counts, and level × shape fitted on its untreated cells. Stays out:
the estimate and its interval (effect.py), noise (noise.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_BLOCK_FAULTS = 10.0
"""Neighbouring days share one shape until the controls have as many faults in them."""
_FITS, _NEAR = 100, 1e-6


@dataclass(frozen=True)
class Panel:
    """Daily counts of groups, and when the action reached each.

    Attributes
    ----------
    faults, sessions : (groups, days).
    untreated : (groups, days), cells that tell what is normal: controls, and the treated in
        their days before.
    reached : (groups, days), cells under the action. A cell that is neither is left out.
    later : (days,), whether a day is one after the action began anywhere.
    excess : share of the treated's faults before that the problem brings, 0–1: that part stays as
        it is from day to day, only the rest has the shape of the controls.
    """

    faults: Floats
    sessions: Floats
    untreated: Bools
    reached: Bools
    later: Bools
    excess: float = 0.0

    @property
    def treated(self) -> Bools:
        return np.asarray(self.reached.any(axis=1))


@dataclass(frozen=True)
class Expectation:
    """The two-way fit: what is expected of each cell, and how sure that is.

    `mean` is (groups, days); `expected` the faults expected in the reached cells, `before` the
    count that the treated's own level rests on, `shape_variance` the variance of ln(expected) per
    unit of dispersion that comes with the shape, `moving` the part of `expected` that moves with
    what is normal: groups drift apart in that part only, the excess stays.
    """

    mean: Floats
    expected: float
    before: float
    shape_variance: float
    moving: float


def comparable(panel: Panel) -> Panel:
    """Without the reached cells of which nothing can be expected.

    These are groups with no day before, and days on which nobody is untreated.
    """
    told = panel.untreated & (panel.sessions > 0)
    has_level = told.any(axis=1, keepdims=True)
    has_shape = told.any(axis=0, keepdims=True)
    reached = np.asarray(panel.reached & has_level & has_shape)
    return replace(panel, reached=reached)


def expect(panel: Panel) -> Expectation:
    """Level × shape on the untreated cells, by expectation maximisation."""
    blocks = _blocks(panel)
    open_faults = np.where(panel.untreated, panel.faults, 0.0)
    open_sessions = np.where(panel.untreated, panel.sessions, 0.0)
    still = np.where(panel.treated, panel.excess, 0.0)
    faults = open_faults @ blocks
    level, shape, average = _two_way(faults, open_sessions @ blocks, still)
    moving = panel.sessions * (level * (1 - still))[:, None] * (blocks @ shape)[None, :]
    constant = panel.sessions * (level * still * average)[:, None]
    mean = moving + constant
    by_group = np.where(panel.reached, mean, 0.0).sum(axis=1)
    own = faults.sum(axis=1)
    treated = (by_group > 0) & (own > 0)
    expected = float(by_group.sum())
    noise = float((by_group[treated] ** 2 / own[treated]).sum())
    before = expected**2 / noise if noise > 0 else 0.0
    moves = float(moving[panel.reached].sum()) / expected if expected > 0 else 1.0
    spread = _shape_variance(panel, moving, constant, blocks, expected)
    return Expectation(mean, expected, before, spread, moves)


def _two_way(faults: Floats, sessions: Floats, still: Floats) -> tuple[Floats, Floats, Floats]:
    """Levels (groups,), shapes (blocks,) and the mean shape that each group has seen (groups,).

    A group's rate is level × (still × mean shape + (1 − still) × shape). Each fault is shared
    between the two parts as their rates are (superposed Poisson processes); without a still part
    this is iterative proportional fitting.
    """
    total = np.maximum(sessions.sum(axis=1), 1e-12)
    shape = np.ones(faults.shape[1])
    moves = (1 - still)[:, None]
    for _ in range(_FITS):
        average = sessions @ shape / total
        rate = (still * average)[:, None] + moves * shape[None, :]
        level = faults.sum(axis=1) / np.maximum((sessions * rate).sum(axis=1), 1e-12)
        part = moves * shape[None, :] / np.maximum(rate, 1e-12)
        weight = ((level[:, None] * moves) * sessions).sum(axis=0)
        fresh = (faults * part).sum(axis=0) / np.maximum(weight, 1e-12)
        fresh /= max(float(fresh.mean()), 1e-12)
        done = float(np.abs(fresh - shape).max()) < _NEAR
        shape = fresh
        if done:
            break
    return level, shape, average


def _blocks(panel: Panel) -> Floats:
    """(days, blocks): 1 where a day belongs to a block.

    A block ends where who is untreated changes, so that it never lies on both sides of the action.
    """
    mine = np.where(panel.untreated, panel.faults, 0.0)
    controls = ~panel.treated
    told = mine[controls].sum(axis=0) if controls.any() else mine.sum(axis=0)
    kinds = np.vstack([panel.untreated, panel.reached, panel.later[None, :]])
    number, gathered = np.zeros(len(told), dtype=np.int64), 0.0
    for day in range(len(told)):
        changed = day > 0 and bool((kinds[:, day] != kinds[:, day - 1]).any())
        number[day] = 0 if day == 0 else number[day - 1] + (changed or gathered >= _BLOCK_FAULTS)
        fresh = day == 0 or number[day] != number[day - 1]
        gathered = float(told[day]) + (0.0 if fresh else gathered)
    return np.eye(int(number[-1]) + 1)[number]


def _shape_variance(
    panel: Panel, moving: Floats, constant: Floats, blocks: Floats, expected: float
) -> float:
    """Variance of ln(expected) from the shape, per unit of dispersion (delta method).

    The shape of a block rests on its untreated faults, c, so ln(shape) has variance 1/c; before the
    action the treated do not count as their own controls, unless there are no others.
    """
    if expected <= 0:
        return 0.0
    foreign = ~panel.treated[:, None] | panel.later[None, :] | panel.treated.all()
    told = np.where(panel.untreated & foreign, panel.faults, 0.0).sum(axis=0) @ blocks
    own = np.where(panel.untreated, moving, 0.0) @ blocks
    seen = own / np.maximum(own.sum(axis=1, keepdims=True), 1e-12)

    def slope(cells: Bools) -> tuple[Floats, Floats]:
        """By group: how the mean of the cells moves with ln(shape) of each block, and the mean."""
        still = np.where(cells, constant, 0.0).sum(axis=1)
        moved = np.where(cells, moving, 0.0)
        return moved @ blocks + still[:, None] * seen, moved.sum(axis=1) + still

    after, by_group = slope(panel.reached)
    before, level = slope(panel.untreated)
    pull = (after - by_group[:, None] * before / np.maximum(level, 1e-12)[:, None]).sum(axis=0)
    return float(((pull / expected) ** 2 / np.maximum(told, 0.5)).sum())
