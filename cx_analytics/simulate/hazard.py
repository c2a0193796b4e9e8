"""What goes wrong: the hazard of each session, its faults, and what truly caused them.

A session's hazard of fault type k is `b mix_k + sum_c h_c mix_ck` (superposed Poisson
processes); it meets a fault with probability `1 - exp(-hazard)`. The oracle's posterior of a
fault's cause is that cause's part of the hazard of its type.
Stays out: choosing causes (planting.py), writing anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_analytics.simulate.causes import BACKGROUND_MIX, Individuals, Plan
from cx_analytics.simulate.chance import Flags, Floats, Ints, generator, noise
from cx_analytics.simulate.places import NETWORK_TYPES
from cx_analytics.simulate.scale import BASE_RATE, Strength
from cx_analytics.simulate.visits import NONE, Setting, Visits

HIGHEST = 3.0
"""Most faults per session that any hazard may reach (a fault is all but sure)."""

_TYPE_RATE = {"lte": 1.0, "nr": 0.85, "umts": 1.7, "wifi": 0.8}


@dataclass(frozen=True)
class Climate:
    """The background: rate by network type x hour, drift by day, and noise that is no cause."""

    by_type_hour: Floats
    by_day: Floats
    by_cell: Floats
    by_model: Floats

    def rate(self, setting: Setting, visits: Visits) -> Floats:
        """Background hazard of each session, its customer's frailty included."""
        day = (visits.hour // 24).astype(np.int64)
        hour = (visits.hour % 24).astype(np.int64)
        cell, model = visits.codes["cell_id"], visits.codes["device_model"]
        place = np.where(cell == NONE, 1.0, self.by_cell[cell])
        return np.asarray(
            self.by_type_hour[visits.codes["network_type"], hour]
            * self.by_day[day]
            * place
            * self.by_model[model]
            * setting.people.frailty[visits.customer]
        )


@dataclass(frozen=True)
class Outcome:
    """Faults of some sessions and the planted truth about them.

    `faulty` marks sessions; the other fields have a row a fault: `kind` is the fault type,
    `cause` and `posterior` use column 0 for the background and 1 + n for `Plan.cause_ids[n]`
    (`parts` lists each fault's columns, -1 = none). `brought` is the faults that each cause is
    expected to bring: a session meets one fault at most, so a strong cause brings fewer than its
    hazards add up to. `gain` and `exposure_hazard` are the two terms of each cause's
    log-likelihood ratio given the truth.
    """

    faulty: Flags
    kind: Ints
    cause: Ints
    parts: Ints
    posterior: Floats
    background: Floats
    hazard: Floats
    sessions: Floats
    expected: Floats
    brought: Floats
    gain: Floats
    exposure_hazard: Floats


def make_climate(setting: Setting, days: int, strength: Strength, seed: int) -> Climate:
    """A daily curve for each network type and a drift of some per cent over the days."""
    rng = generator(seed, "climate")
    hours = np.arange(24)
    peak = rng.uniform(17, 20, len(NETWORK_TYPES))
    swing = rng.uniform(0.15, 0.4, len(NETWORK_TYPES))
    curve = 1 + swing[:, None] * np.cos((hours[None, :] - peak[:, None]) / 24 * 2 * np.pi)
    level = BASE_RATE * np.array([_TYPE_RATE[name] for name in NETWORK_TYPES])
    drift = np.cumsum(rng.normal(0, 0.03, days)) + rng.uniform(-0.2, 0.2) * np.linspace(0, 1, days)
    return Climate(
        by_type_hour=level[:, None] * curve,
        by_day=np.exp(drift - drift.mean()),
        by_cell=noise(rng, strength.cell_noise, setting.scale.cells),
        by_model=noise(rng, strength.model_noise, setting.scale.models),
    )


def befall(rng: np.random.Generator, background: Floats, plan: Plan, visits: Visits) -> Outcome:
    """Draw the faults of these sessions and keep the truth about them."""
    parts, hazards = contributions(background, plan, visits)
    total = hazards.sum(axis=1)
    faulty = rng.random(len(total)) < -np.expm1(-total)
    rows = np.flatnonzero(faulty)
    types = mixes(plan)
    by_type = hazards[rows, :, None] * types[parts[rows]]
    kind = _pick(rng, by_type.sum(axis=1) / by_type.sum(axis=(1, 2))[:, None])
    posterior = _posterior(parts[rows], hazards[rows], types, kind)
    cause = np.take_along_axis(parts[rows], _pick(rng, posterior)[:, None], axis=1)[:, 0]
    return outcome_of(parts, hazards, types, faulty, kind, cause)


def outcome_of(
    parts: Ints, hazards: Floats, types: Floats, faulty: Flags, kind: Ints, cause: Ints
) -> Outcome:
    """The truth about faults that were drawn.

    `parts` and `hazards` are those of `contributions`, `types` those of `mixes`; `faulty` marks
    sessions, `kind` and `cause` have an entry a fault.
    """
    rows = np.flatnonzero(faulty)
    total = hazards.sum(axis=1)
    posterior = _posterior(parts[rows], hazards[rows], types, kind)
    count = len(types) - 1
    inside = hazards > 0
    met = -np.expm1(-total) / total
    return Outcome(
        faulty=faulty,
        kind=kind,
        cause=cause,
        parts=np.where(posterior > 0, parts[rows], NONE),
        posterior=posterior,
        background=hazards[rows, 0],
        hazard=total[rows],
        sessions=_tally(parts, inside.astype(np.float64), count),
        expected=_tally(parts, (total[:, None] - hazards) * inside, count),
        brought=_tally(parts, hazards * met[:, None], count),
        gain=_tally(parts[rows], -np.log1p(-np.minimum(posterior, 1 - 1e-12)), count),
        exposure_hazard=_tally(parts, hazards, count),
    )


def contributions(background: Floats, plan: Plan, visits: Visits) -> tuple[Ints, Floats]:
    """Cause numbers (0 = background) and hazards, a row a session, a column a possible cause."""
    columns = [np.zeros(len(background), dtype=np.int64)]
    hazards = [np.minimum(background, HIGHEST)]
    for number, cause in enumerate(plan.shared, start=1):
        inside = visits.within(cause.conditions, cause.valid_from_h, cause.valid_to_h)
        size = cause.hazard if cause.factor is None else cause.factor * background
        columns.append(np.full(len(background), number))
        hazards.append(np.where(inside, np.minimum(size, HIGHEST), 0.0))
    first = 1 + len(plan.shared)
    for group in plan.individuals:
        whose, hazard = _individual(group, visits)
        columns.append(np.where(whose == NONE, 0, first + whose))
        hazards.append(hazard)
        first += len(group)
    return np.stack(columns, axis=1), np.stack(hazards, axis=1)


def mixes(plan: Plan) -> Floats:
    """Shares of the fault types, a row a cause number (0 = background)."""
    rows = [BACKGROUND_MIX, *(cause.mix for cause in plan.shared)]
    for group in plan.individuals:
        rows += [group.mix] * len(group)
    return np.stack(rows)


def _individual(group: Individuals, visits: Visits) -> tuple[Ints, Floats]:
    """Which individual cause of this kind each session is under, and its hazard."""
    number = np.full(len(visits.hour), NONE)
    for one in range(len(group)):
        key, of = (
            (group.unit, visits.unit) if group.unit[one] >= 0 else (group.customer, visits.customer)
        )
        rows = np.flatnonzero(of == key[one])
        if group.cell[one] >= 0:
            rows = rows[visits.codes["cell_id"][rows] == group.cell[one]]
        since = group.valid_from_h[one]
        if since is not None:
            rows = rows[visits.hour[rows] >= since]
        number[rows] = one
    hazard = np.where(number == NONE, 0.0, group.hazard[number]) if len(group) else number * 0.0
    return number, hazard


def _posterior(parts: Ints, hazards: Floats, types: Floats, kind: Ints) -> Floats:
    """Share of each contribution in the hazard of the fault's type; all have a row a fault."""
    at_kind = hazards * types[parts, kind[:, None]]
    return np.asarray(at_kind / at_kind.sum(axis=1, keepdims=True))


def _pick(rng: np.random.Generator, share: Floats) -> Ints:
    """A column for each row, with the row's shares as weights."""
    point = rng.random(len(share))[:, None]
    place = (np.cumsum(share, axis=1) < point).sum(axis=1)
    return np.asarray(np.minimum(place, share.shape[1] - 1), dtype=np.int64)


def _tally(parts: Ints, values: Floats, count: int) -> Floats:
    """Sums of `values` by cause (the background left out)."""
    total = np.bincount(parts.ravel(), values.ravel(), minlength=count + 1)
    return np.asarray(total[1:])
