"""The background hazard: stratum x hour of day x day main effects for each fault type.

Belongs here: what is normal, fitted to the share of the faults that no cause explains. A step
of the whole fleet is a day effect and thus belongs here, not to a cause. Stays out: causes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_analytics.attribute.counts import Floats, Ints
from cx_analytics.attribute.period import Period

PRIOR_FAULTS = 4.0
"""Pseudo-faults that pull each main effect towards 1: rare types keep a flat background."""


@dataclass(frozen=True)
class Background:
    """b = base[type] * stratum[type, s] * hour[type, h] * day[type, d], faults per session."""

    base: Floats
    stratum: Floats
    hour: Floats
    day: Floats

    @classmethod
    def start(cls, period: Period) -> Background:
        """The flat background: the overall rate of each type."""
        types, strata = period.types, len(period.counts.strata)
        tally = np.bincount(period.kind, minlength=types)
        return cls(
            tally / max(period.sessions, 1.0),
            np.ones((types, strata)),
            np.ones((types, 24)),
            np.ones((types, period.days)),
        )

    def level(self, period: Period) -> Floats:
        """The background hazard at each fault, of the fault's own type."""
        kind, (stratum, hour) = period.kind, _places(period)
        found: Floats = (
            self.base[kind]
            * self.stratum[kind, stratum]
            * self.hour[kind, hour]
            * self.day[kind, period.day]
        )
        return np.maximum(found, 1e-12)

    def improved(self, period: Period, share: Floats) -> Background:
        """One sweep of iterative proportional fitting to the background's share of each fault.

        Each main effect becomes (observed + p) / (expected + p) with p = PRIOR_FAULTS, then
        the base rate meets the type's total (Deming & Stephan 1940).
        """
        exposure = period.counts.strata[:, :, period.first : period.last]
        kind, (stratum, hour) = period.kind, _places(period)
        base = self.base[:, None]
        alone = base * np.einsum("shd,th,td->ts", exposure, self.hour, self.day)
        by_stratum = _effect(kind, stratum, share, alone)
        alone = base * np.einsum("shd,ts,td->th", exposure, by_stratum, self.day)
        by_hour = _effect(kind, hour, share, alone)
        by_day_alone = np.einsum("shd,ts,th->td", exposure, by_stratum, by_hour)
        by_day = _effect(kind, period.day, share, base * by_day_alone)
        total = (by_day_alone * by_day).sum(axis=1)
        level = np.bincount(kind, share, minlength=len(self.base)) / np.maximum(total, 1e-9)
        return Background(level, by_stratum, by_hour, by_day)


def _effect(kind: Ints, place: Ints, share: Floats, alone: Floats) -> Floats:
    """(observed + p) / (expected + p) by (type, place); `alone` is expected at effect 1."""
    observed = np.bincount(kind * alone.shape[1] + place, share, minlength=alone.size)
    return np.asarray((observed.reshape(alone.shape) + PRIOR_FAULTS) / (alone + PRIOR_FAULTS))


def _places(period: Period) -> tuple[Ints, Ints]:
    return period.counts.stratum[period.faults], period.hour_of_day
