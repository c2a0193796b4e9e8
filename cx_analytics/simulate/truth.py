"""The planted truth as tables, kept apart from everything a pipeline may read.

Belongs here: `causes.parquet`, the text of `world.json`, and reading the truth back. Stays out:
the truth about one fault (days.py) and how found causes are scored against it (the bench).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.contracts.words import label
from cx_analytics.simulate.causes import Plan, domain_of
from cx_analytics.simulate.chance import NEVER, Floats
from cx_analytics.simulate.days import Day
from cx_analytics.simulate.production import times
from cx_analytics.simulate.world import World

DETECTABLE_FAULTS = 10
DETECTABLE_NATS = 12.0
"""A cause is detectable with as many true faults and this log-likelihood ratio given the truth."""


@dataclass(frozen=True)
class Truth:
    """What was planted: `causes` a row a cause, `fault_causes` a row a fault with its true
    cause, `fault_posteriors` the oracle's posterior of each possible cause of each fault."""

    causes: pl.DataFrame
    fault_causes: pl.DataFrame
    fault_posteriors: pl.DataFrame

    @classmethod
    def read(cls, folder: Path) -> Truth:
        """The truth in a folder that `write_world` wrote (`DIR/truth`)."""
        names = ("causes", "fault_causes", "fault_posteriors")
        return cls(*(pl.read_parquet(folder / f"{name}.parquet") for name in names))

    @classmethod
    def of(cls, world: World) -> Truth:
        """The truth of a world without writing it; goes through all of its days."""
        return cls.of_days(world, world.each_day())

    @classmethod
    def of_days(cls, world: World, days: Iterable[Day]) -> Truth:
        """The truth of these days of a world, or of days that follow it."""
        tally, faults, posteriors = Tally.empty(world.plan), [], []
        for day in days:
            tally.add(day)
            faults.append(day.truth)
            posteriors.append(day.posteriors)
        return cls(causes_frame(world, tally), pl.concat(faults), pl.concat(posteriors))


@dataclass(frozen=True)
class _Planted:
    kind: str
    conditions: dict[str, str]
    from_h: float | None
    to_h: float | None
    shape: str


@dataclass
class Tally:
    """What each cause did so far, summed over the days that were added."""

    faults: Floats
    sessions: Floats
    expected: Floats
    hazard: Floats
    brought: Floats
    gain: Floats

    @classmethod
    def empty(cls, plan: Plan) -> Tally:
        return cls(*(np.zeros(len(plan.cause_ids)) for _ in range(6)))

    def add(self, day: Day) -> None:
        """Take in one more day."""
        outcome = day.outcome
        true = np.bincount(outcome.cause, minlength=len(self.faults) + 1)[1:]
        self.faults += true
        self.sessions += outcome.sessions
        self.expected += outcome.expected
        self.hazard += outcome.exposure_hazard
        self.brought += outcome.brought
        self.gain += outcome.gain


def causes_frame(world: World, tally: Tally) -> pl.DataFrame:
    """All planted causes with what they did: a row a cause.

    `rate_ratio` is the hazard with the cause over the hazard without it, over the sessions under
    it; `excess_faults` the expected faults by it, `faults` those that truly were;
    `log_likelihood_ratio` that of the true hazards with against without the cause, in nats.
    """
    planted = [*_shared(world), *_individual(world)]
    ratio = tally.gain - tally.hazard
    conditions = [one.conditions for one in planted]
    return pl.DataFrame(
        {
            "cause_id": pl.Series(world.plan.cause_ids, dtype=pl.String),
            "kind": pl.Series([one.kind for one in planted], dtype=pl.String),
            "domain": pl.Series([domain_of(each) for each in conditions], dtype=pl.String),
            "label": pl.Series([label(each) for each in conditions], dtype=pl.String),
            "conditions": pl.Series(conditions, dtype=pl.Map(pl.String(), pl.String())),
            "valid_from": _moments(world.origin, [one.from_h for one in planted]),
            "valid_to": _moments(world.origin, [one.to_h for one in planted]),
            "rate_ratio": 1 + tally.hazard / np.maximum(tally.expected, 1e-12),
            "shape": pl.Series([one.shape for one in planted], dtype=pl.String),
            "sessions": tally.sessions.astype(np.int64),
            "faults": tally.faults.astype(np.int64),
            "expected_faults": tally.expected,
            "excess_faults": tally.brought,
            "log_likelihood_ratio": ratio,
            "detectable": (tally.faults >= DETECTABLE_FAULTS) & (ratio >= DETECTABLE_NATS),
        }
    )


def description(world: World, delivered: Mapping[str, int]) -> dict[str, Any]:
    """The parameters, the sizes, the decoys and what was done to the rows on their way."""
    return {
        "sessions": world.sessions,
        "days": world.days,
        "seed": world.seed,
        "difficulty": world.difficulty,
        "start": world.start.isoformat(),
        "scale": {name: int(value) for name, value in vars(world.setting.scale).items()},
        "decoys": [{"label": decoy.label, "why": decoy.why} for decoy in world.plan.decoys],
        "delivered": dict(delivered),
    }


def _shared(world: World) -> list[_Planted]:
    return [
        _Planted(
            "shared",
            cause.texts(world.setting),
            cause.valid_from_h,
            cause.valid_to_h,
            cause.shape,
        )
        for cause in world.plan.shared
    ]


def _individual(world: World) -> list[_Planted]:
    return [
        _Planted("individual", group.texts(number, world.setting), since, None, "additive")
        for group in world.plan.individuals
        for number, since in enumerate(group.valid_from_h)
    ]


def _moments(origin: datetime, hours: list[float | None]) -> pl.Series:
    return times(
        origin, np.array([NEVER if hour is None else hour for hour in hours], dtype=np.float64)
    )
