"""How daily counts scatter with no action at all: beyond Poisson, and group from group.

Belongs here: dispersion of days, drift of groups, and draws of both. Stays out: effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

USUAL_DRIFT = 0.08
"""Drift of a group's rate from before to after, in ln(rate), that is as likely passed as not where
no control can tell."""

_DRIFTS = np.linspace(0.0, 0.6, 121)
"""Standard deviations of drift that are weighed against each other."""

_OWN_WEIGHT = 20.0
"""Degrees of freedom that the controls' dispersion weighs beside the treated's own."""

_MOST_FREEDOM = 400.0

_FARTHEST, _MIDDLE = 3.5, 0.6745
"""Standard deviations that a drift may be out, and the median of |z| of a normal z."""


@dataclass(frozen=True)
class Split:
    """Faults of groups before and after, and the means of both: (groups,) each."""

    before: Floats
    after: Floats
    mean_before: Floats
    mean_after: Floats

    @classmethod
    def of(cls, faults: Floats, mean: Floats, used: Bools, later: Bools) -> Split:
        """Sums over the used cells of (groups, days), split by day."""
        early, late = used & ~later[None, :], used & later[None, :]
        return cls(
            *(
                np.where(where, values, 0.0).sum(axis=1)
                for values, where in ((faults, early), (faults, late), (mean, early), (mean, late))
            )
        )

    def only(self, groups: Bools) -> Split:
        """The chosen groups, without those that have nothing on one side."""
        kept = groups & (self.mean_before > 0) & (self.mean_after > 0)
        return Split(
            self.before[kept], self.after[kept], self.mean_before[kept], self.mean_after[kept]
        )

    @property
    def surprise(self) -> Floats:
        """Faults after above what their share of a group's faults would be."""
        return np.asarray(self.after - (self.before + self.after) * self.share)

    @property
    def share(self) -> Floats:
        return np.asarray(self.mean_after / (self.mean_before + self.mean_after))

    @property
    def information(self) -> Floats:
        """n·p·q of each group: the binomial variance of the faults after, given their sum."""
        return np.asarray((self.before + self.after) * self.share * (1 - self.share))


def standardised(split: Split, dispersion: float, scatter: float) -> Floats:
    """The surprise of each group in units of its standard error."""
    spread = dispersion * split.information + (scatter * split.information) ** 2
    return np.asarray(split.surprise / np.sqrt(np.maximum(spread, 1e-12)))


@dataclass(frozen=True)
class Noise:
    """Dispersion of the treated's and the controls' daily counts (1 = Poisson), each with how
    freely it was estimated, and what a group's drift in ln(rate) may be: standard deviations with
    their probabilities."""

    treated: float
    treated_freedom: float
    controls: float
    controls_freedom: float
    drifts: Floats
    drift_probability: Floats

    @property
    def dispersion(self) -> tuple[float, float]:
        """Of the treated and of the controls, not below Poisson's."""
        return max(self.treated, 1.0), max(self.controls, 1.0)

    @property
    def scatter(self) -> float:
        """Mean of the standard deviations: what a normal drift has that matters as much."""
        return float((self.drifts * self.drift_probability).sum())

    def draw_treated(self, rng: np.random.Generator, size: int) -> Floats:
        return _draw_dispersion(rng, self.treated, self.treated_freedom, size)

    def draw_controls(self, rng: np.random.Generator, size: int) -> Floats:
        return _draw_dispersion(rng, self.controls, self.controls_freedom, size)

    def draw_drift(self, rng: np.random.Generator, size: int) -> Floats:
        """Drifts of one group in ln(rate)."""
        deviation = rng.choice(self.drifts, size, p=self.drift_probability)
        return np.asarray(deviation * rng.standard_normal(size))


def _draw_dispersion(
    rng: np.random.Generator, dispersion: float, freedom: float, size: int
) -> Floats:
    return np.maximum(dispersion * freedom / rng.chisquare(freedom, size), 1.0)


def noise_of(
    faults: Floats,
    mean: Floats,
    untreated: Bools,
    *,
    controls: Bools,
    later: Bools,
    extra: tuple[Floats, Floats],
) -> Noise:
    """Noise from the untreated cells and, of the treated, from `extra` as well.

    Parameters
    ----------
    faults, mean, untreated : (groups, days).
    controls : (groups,), those that were never treated.
    later : (days,), which side of the action a day is on.
    extra : further counts of the treated and their means, such as those after the action.

    Daily noise that is common to a group's day grows with its mean, so the controls' excess is
    carried over to the treated in proportion to the mean of a cell.
    """
    others = untreated & controls[:, None] if controls.any() else untreated
    own = untreated & ~controls[:, None]
    common, freedom = _pearson(faults[others], mean[others], int(controls.sum()))
    mine, few = _pearson(
        np.concatenate([faults[own], extra[0]]), np.concatenate([mean[own], extra[1]]), 2
    )
    size = float(mean[own].mean() / max(mean[others].mean(), 1e-12)) if own.any() else 1.0
    carried = 1 + (common - 1) * (max(size, 1.0) if common > 1 else 1.0)
    weight = min(_OWN_WEIGHT, freedom)
    treated = (mine * few + carried * weight) / (few + weight)
    split = Split.of(faults, mean, untreated, later).only(controls)
    drifts, probability = _drift(split, max(common, 1.0))
    return Noise(treated, few + weight, common, freedom, drifts, probability)


def _pearson(faults: Floats, mean: Floats, groups: int) -> tuple[float, float]:
    """Pearson's dispersion about fitted means, and its degrees of freedom."""
    used = mean > 0
    freedom = float(min(max(used.sum() - max(groups, 1), 1), _MOST_FREEDOM))
    if used.sum() < 2:
        return 1.0, freedom
    misfit = float(((faults[used] - mean[used]) ** 2 / mean[used]).sum())
    return misfit / max(float(used.sum() - max(groups, 1)), 1.0), freedom


def _tamed(surprise: Floats, information: Floats, noise: Floats) -> Floats:
    """Surprises, none further out than `_FARTHEST` of what the middle of the groups show.

    A control that was repaired by someone else must not hide every effect.
    """
    usual = float(np.median(np.abs(surprise) / np.maximum(information, 1e-9))) / _MIDDLE
    limit = _FARTHEST * np.maximum(usual * information, np.sqrt(noise))
    return np.asarray(np.clip(surprise, -limit, limit))


def _drift(split: Split, dispersion: float) -> tuple[Floats, Floats]:
    """Standard deviations of drift beyond dispersion, and the posterior probability of each.

    Given its faults n, those of a group after the action have variance φ·n·p·q + (τ·n·p·q)². Half
    a Cauchy distribution is the prior of τ (Gelman, Prior distributions for variance parameters in
    hierarchical models, Bayesian Analysis 1 (2006), pages 515-533): it gives way to many
    controls, whatever they say. The controls' mean was fitted to them: their number tells
    one less. It drifts as well: τ² is enlarged by the largest share of one control.
    """
    prior = -np.log1p((_DRIFTS / USUAL_DRIFT) ** 2)
    information = split.information
    total = float(information.sum())
    if total <= 0:
        return _DRIFTS, _normalised(prior)
    count, share = len(information), information / total
    noise = dispersion * information
    shrink = np.maximum(1 - share, 0.1)
    surprise = _tamed(split.surprise / np.sqrt(shrink), information, noise)
    variance = np.maximum(noise + (_DRIFTS[:, None] * information) ** 2, 1e-12)
    fits = -0.5 * (np.log(variance) + surprise**2 / variance).sum(axis=1)
    uneven = np.sqrt(1 + float((share**2).sum()))
    return _DRIFTS * uneven, _normalised(prior + fits * (count - 1) / count)


def _normalised(log_weight: Floats) -> Floats:
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())
