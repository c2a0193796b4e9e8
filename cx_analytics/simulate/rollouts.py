"""Which version runs where and when: staged roll-outs of firmware and apps.

Belongs here: versions, waves by region and model, each user's own delay, and the feed
`app_releases`. Stays out: whether a version is bad (causes.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from cx_analytics.simulate.chance import NEVER, Floats, Ints, Texts, generator
from cx_analytics.simulate.people import APPS, People
from cx_analytics.simulate.production import times
from cx_analytics.simulate.products import Products
from cx_analytics.simulate.scale import Scale
from cx_analytics.simulate.units import Units

BASE_VERSIONS = 3
"""Versions already in use at the start."""


@dataclass(frozen=True)
class Rollout:
    """Versions of one product line: `names[k]`, `released_h[k]`, who began with which, and
    `adopted_h[w, i]`, the hour at which individual i took the w-th version of the window."""

    names: tuple[str, ...]
    released_h: Floats
    base: Ints
    adopted_h: Floats

    def level_at(self, individual: Ints, hour: Floats) -> Ints:
        """Index of the version that each individual runs at that hour."""
        level = self.base[individual]
        for wave, adopted in enumerate(self.adopted_h):
            level = np.where(hour >= adopted[individual], BASE_VERSIONS + wave, level)
        return level


@dataclass(frozen=True)
class Rollouts:
    """Firmware by platform (individuals are units) and apps (individuals are customers).

    Versions reach `canary_region` first. The last firmware of one platform, whose code is
    `trial_firmware`, reaches `trial_region` only.
    """

    firmware: tuple[Rollout, ...]
    apps: tuple[Rollout, ...]
    canary_region: int
    trial_region: int
    trial_firmware: int
    firmware_names: Texts
    app_names: Texts


def make_rollouts(
    scale: Scale, products: Products, people: People, units: Units, days: int, seed: int
) -> Rollouts:
    """Two firmware waves a platform and three app waves, early in one canary region."""
    rng = generator(seed, "rollouts")
    sizes = np.bincount(people.region, minlength=scale.regions)
    busy = np.argsort(-sizes, kind="stable")[: max(3, scale.regions // 5)]
    canary, trial = (int(region) for region in rng.choice(busy, 2, replace=False))
    where = people.region[np.maximum(units.carrier, 0)]
    model = products.lot_model[units.lot]
    firmware = tuple(
        _rollout(rng, names, where, model, canary, days, waves=2, slow=4.0)
        for names in _firmware_names(scale.platforms)
    )
    # The platform on most units: its trial alone is large enough to be noticed in one region.
    tried = int(np.bincount(products.platform[model]).argmax())
    firmware[tried].adopted_h[-1, where != trial] = NEVER
    model_of = model[units.first_unit]
    apps = tuple(
        _rollout(rng, names, people.region, model_of, canary, days, waves=3, slow=2.0)
        for names in _app_names()
    )
    code = sum(len(line.names) for line in firmware[: tried + 1]) - 1
    return Rollouts(firmware, apps, canary, trial, code, _flat(firmware), _flat(apps))


def app_releases_frame(rollouts: Rollouts, start: datetime) -> pl.DataFrame:
    """The feed `app_releases`: the trusted list of versions."""
    frames = [
        pl.DataFrame(
            {
                "app_name": [app] * len(line.names),
                "app_version": list(line.names),
                "released_at": times(start, line.released_h),
            }
        )
        for app, line in zip(APPS, rollouts.apps, strict=True)
    ]
    return pl.concat(frames)


def _flat(lines: tuple[Rollout, ...]) -> Texts:
    return np.array([name for line in lines for name in line.names], dtype=object)


def _firmware_names(platforms: int) -> list[tuple[str, ...]]:
    return [
        tuple(f"F{platform + 1}.{minor}.0" for minor in (2, 3, 4, 5, 6))
        for platform in range(platforms)
    ]


def _app_names() -> list[tuple[str, ...]]:
    return [tuple(f"{major}.{minor}.0" for minor in range(6)) for major in (5, 2, 8)]


def _rollout(
    rng: np.random.Generator,
    names: tuple[str, ...],
    region: Ints,
    model: Ints,
    canary: int,
    days: int,
    *,
    waves: int,
    slow: float,
) -> Rollout:
    """Waves start evenly over the window; regions and models follow in stages, users with a lag."""
    count = len(region)
    begins = (np.arange(waves) + rng.uniform(0.15, 0.5, waves)) * days / waves
    adopted = np.empty((waves, count))
    for wave in range(waves):
        by_region = rng.uniform(0.02 * days, 0.16 * days, int(region.max()) + 1)
        by_region[canary] = 0.0
        by_model = rng.uniform(0, 0.05 * days, int(model.max()) + 1)
        lag = rng.exponential(slow * days / 28, count)
        never = rng.random(count) < 0.12
        day = begins[wave] + by_region[region] + by_model[model] + lag
        adopted[wave] = np.where(never, NEVER, day * 24)
    old = -24.0 * np.array([120, 60, 25])
    return Rollout(
        names=names,
        released_h=np.concatenate([old, np.floor(begins * 24)]),
        base=rng.choice(BASE_VERSIONS, count, p=(0.1, 0.3, 0.6)),
        adopted_h=adopted,
    )
