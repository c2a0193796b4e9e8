"""Choosing what to plant: causes of every kind that fit the world's size, and decoys.

A slot asks for a kind of cause (attributes and window). From a pilot sample of the exposure the
value is chosen whose expected excess faults lie in the difficulty's range. Stays out: what the
chosen causes do (hazard.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cx_analytics.simulate.causes import Decoy, Plan, SharedCause
from cx_analytics.simulate.chance import Flags, Floats, Ints, generator
from cx_analytics.simulate.individuals import plant_individuals
from cx_analytics.simulate.mixes import mix_for
from cx_analytics.simulate.scale import BASE_RATE, Difficulty, Strength
from cx_analytics.simulate.visits import NONE, Setting, Visits

Window = Literal["always", "onset", "repaired", "incident"]

LARGEST_HAZARD = 0.6
MOST_EXCESS_SHARE = 0.10
"""A single cause explains at most about this share of the background's faults."""


LEAST_TOGETHER = 1.6
"""Rate ratio of values together, at least: less is within what cells and models differ anyway."""


@dataclass(frozen=True)
class Slot:
    """One cause to plant: any one of these attribute sets, with this kind of window.

    `near` makes it a trap: a cell in the region that adopts apps first (`canary`), or the
    firmware that runs in one region only (`trial`).
    """

    choices: tuple[tuple[str, ...], ...]
    window: Window = "always"
    near: Literal["anywhere", "canary", "trial"] = "anywhere"


_EASY = (
    Slot((("lot",),)),
    Slot((("app_version", "device_model"),)),
    Slot((("cell_id",),), near="canary"),
    Slot((("firmware_version",),), near="trial"),
    Slot((("modem_lot",), ("battery_lot",))),
    Slot((("region",), ("site_id",)), "incident"),
)
_MEDIUM = (
    *_EASY,
    Slot((("app_version",),)),
    Slot((("software_release",), ("band",), ("site_id",)), "onset"),
    Slot((("site_id",), ("cell_id",), ("region",)), "incident"),
    Slot((("firmware_version", "vendor"), ("band", "firmware_version"))),
    Slot((("app_name", "device_model", "network_type"), ("app_version", "os_version", "region"))),
    Slot((("line",), ("battery_supplier", "hardware_revision"), ("hardware_revision",)), "onset"),
)
_HARD = (
    *_MEDIUM,
    Slot((("cell_id",),), "repaired"),
    Slot((("app_name", "os_version"), ("app_version", "region"))),
    Slot((("lot",), ("display_lot",)), "onset"),
    Slot((("device_model", "region"), ("band", "device_model"), ("modem_lot", "vendor"))),
)
SLOTS: Mapping[Difficulty, tuple[Slot, ...]] = {
    "easy": _EASY,
    "medium": _MEDIUM,
    "hard": _HARD,
    "null": (),
}


@dataclass(frozen=True)
class Pilot:
    """A sample of the exposure; one of its sessions stands for `weight` real ones.

    `background` is the hazard of each session before anything is planted, in faults per session.
    """

    visits: Visits
    background: Floats
    weight: float
    days: int


def plant(
    setting: Setting,
    pilot: Pilot,
    slots: Sequence[Slot],
    strength: Strength,
    seed: int,
    sessions: int,
) -> Plan:
    """A cause for each slot, and individuals; without slots the world is healthy."""
    if not slots:
        return Plan()
    rng = generator(seed, "causes")
    ratios = _spread_ratios(rng, strength, len(slots))
    shapes = _multiplicative(rng, slots, strength.multiplicative)
    planter = _Planter(setting, pilot, strength, rng, sessions)
    for slot, ratio, shape in zip(slots, ratios, shapes, strict=True):
        planter.add(slot, ratio, shape)
    individuals = plant_individuals(setting, strength, seed, sessions, pilot.days)
    return Plan(tuple(planter.causes), individuals, _decoys(setting, planter.causes))


class _Planter:
    """Fills slots one after the other and never plants two causes on the same sessions."""

    def __init__(
        self,
        setting: Setting,
        pilot: Pilot,
        strength: Strength,
        rng: np.random.Generator,
        sessions: int,
    ) -> None:
        self.setting, self.pilot, self.strength, self.rng = setting, pilot, strength, rng
        self.most = max(3 * strength.least_excess, MOST_EXCESS_SHARE * BASE_RATE * sessions)
        self.causes: list[SharedCause] = []
        self.covered: list[Flags] = []

    def add(self, slot: Slot, ratio: float, multiplicative: bool) -> None:
        """Plant one cause for the slot; leave it out when the world has no room for it."""
        ratio = max(ratio, 10.0) if slot.window == "incident" else ratio
        ratio = max(ratio, 5.0) if slot.near != "anywhere" else ratio
        choices = list(slot.choices)
        start = int(self.rng.integers(len(choices)))
        best: tuple[float, SharedCause, Flags] | None = None
        for attributes in choices[start:] + choices[:start]:
            found = self._best(slot, attributes, ratio)
            if found is not None and (best is None or found[0] < best[0] - 1e-9):
                best = found
        if best is None:
            return
        _, cause, inside = best
        if multiplicative:
            cause = replace(cause, factor=cause.hazard / BASE_RATE)
        self.causes.append(cause)
        self.covered.append(inside)

    def _best(
        self, slot: Slot, attributes: tuple[str, ...], ratio: float
    ) -> tuple[float, SharedCause, Flags] | None:
        """The value whose excess comes nearest to the wanted range, and by how much it misses."""
        window = self._window(slot)
        values, counts = _values(self.pilot.visits, attributes)
        exposure = counts * self.pilot.weight * self._share_of_time(window)
        ratio = max(ratio, LEAST_TOGETHER) if len(attributes) > 1 else ratio
        hazard = np.minimum((ratio - 1) * BASE_RATE, LARGEST_HAZARD)
        low = max(self.strength.least_excess, self.strength.least_nats / _nats_a_fault(ratio))
        most = max(self.most, 1.5 * low)
        wanted = low * (most / low) ** self._breadth(ratio)
        miss = _miss(exposure * hazard, wanted) + self._far(slot, attributes, values)
        order = np.lexsort((self.rng.random(len(miss)), miss.round(2)))
        for row in order[:40]:
            conditions = dict(zip(attributes, values[row].tolist(), strict=True))
            inside = self.pilot.visits.within(conditions, *window)
            if not self._taken(conditions, inside):
                local = float(np.append(self.pilot.background[inside], BASE_RATE).mean())
                fitted = _fit(exposure[row], hazard, low, most, self.strength, local)
                if len(attributes) > 1:
                    fitted = max(fitted, (LEAST_TOGETHER - 1) * local)
                return float(miss[row]), self._cause(attributes, conditions, window, fitted), inside
        return None

    def _breadth(self, ratio: float) -> float:
        """Where (0 to 1) the excess shall lie; a weak cause is noticed only where it is broad."""
        power = (1 - 1 / ratio) ** (self.strength.leaning - 1)
        return float(self.rng.random() ** power)

    def _cause(
        self,
        attributes: tuple[str, ...],
        conditions: dict[str, int],
        window: tuple[float | None, float | None],
        hazard: float,
    ) -> SharedCause:
        number = len(self.causes) + 1
        mix = mix_for(self.rng, attributes)
        return SharedCause(f"shared-{number:02d}", conditions, hazard, mix, *window)

    def _window(self, slot: Slot) -> tuple[float | None, float | None]:
        end = self.pilot.days * 24
        if slot.window == "onset":
            return float(np.floor(end * self.rng.uniform(0.3, 0.6))), None
        if slot.window == "repaired":
            return None, float(np.floor(end * self.rng.uniform(0.4, 0.7)))
        if slot.window == "incident":
            day = int(self.rng.integers(self.pilot.days // 5, self.pilot.days))
            begin = day * 24 + float(self.rng.integers(9, 15))
            return begin, begin + float(self.rng.integers(2, 11))
        return None, None

    def _share_of_time(self, window: tuple[float | None, float | None]) -> float:
        inside = self.pilot.visits.within({}, *window)
        return float(inside.mean())

    def _far(self, slot: Slot, attributes: tuple[str, ...], values: Ints) -> Floats:
        """A penalty for values that do not make the trap that the slot asks for."""
        rollouts = self.setting.rollouts
        if slot.near == "canary" and attributes == ("cell_id",):
            near = self.setting.places.region[values[:, 0]] == rollouts.canary_region
        elif slot.near == "trial" and attributes == ("firmware_version",):
            near = values[:, 0] == rollouts.trial_firmware
        else:
            return np.zeros(len(values))
        return np.where(near, 0.0, 3.0)

    def _taken(self, conditions: dict[str, int], inside: Flags) -> bool:
        """Whether a planted cause has one of these values or mostly the same sessions."""
        if inside.sum() < 1:
            return False
        for cause, covered in zip(self.causes, self.covered, strict=True):
            if set(conditions.items()) & set(cause.conditions.items()):
                return True
            both = int((inside & covered).sum())
            if both > 0.3 * max(1, min(int(inside.sum()), int(covered.sum()))):
                return True
        return False


def _values(visits: Visits, attributes: tuple[str, ...]) -> tuple[Ints, Ints]:
    """Combinations of values that occur, and how often; a row a combination."""
    columns = [visits.codes[name] for name in attributes]
    sizes = [int(column.max()) + 1 for column in columns]
    known = np.logical_and.reduce([column != NONE for column in columns])
    keys = np.ravel_multi_index([column[known] for column in columns], sizes)
    found, counts = np.unique(keys, return_counts=True)
    return np.stack(np.unravel_index(found, sizes), axis=1), counts


def _miss(excess: Floats, wanted: float) -> Floats:
    """How far (in natural log units) an excess is from the wanted one; 0 within a factor 1.4."""
    far = np.abs(np.log(np.maximum(excess, 1e-9) / wanted))
    return np.asarray(np.maximum(0.0, far - np.log(1.4)))


def _nats_a_fault(ratio: float) -> float:
    """Expected log-likelihood ratio for each excess fault at this rate ratio.

    >>> round(_nats_a_fault(1.6), 3), round(_nats_a_fault(10.0), 3)
    (0.253, 1.558)
    """
    return float(ratio * np.log(ratio) / (ratio - 1) - 1)


def _fit(
    exposure: float, hazard: float, low: float, high: float, strength: Strength, local: float
) -> float:
    """The hazard, moved within the difficulty's rate ratios so that the excess fits.

    Where the background (`local`, faults per session) is loud, the least hazard is larger too.
    """
    least, most = ((ratio - 1) * BASE_RATE for ratio in strength.rate_ratio)
    least *= max(1.0, local / BASE_RATE)
    if exposure * hazard < low:
        hazard = low / max(exposure, 1e-9)
    elif exposure * hazard > high:
        hazard = high / exposure
    return float(np.clip(hazard, least, min(most, LARGEST_HAZARD)))


def _spread_ratios(rng: np.random.Generator, strength: Strength, count: int) -> Floats:
    """Rate ratios over the whole range on a log scale, most of them low, in random order."""
    low, high = np.log(strength.rate_ratio)
    places = ((np.arange(count) + rng.random(count)) / count) ** strength.leaning
    return np.asarray(np.exp(low + (high - low) * rng.permutation(places)))


def _multiplicative(rng: np.random.Generator, slots: Sequence[Slot], share: float) -> Flags:
    """Which slots act multiplicatively: about this share of all, never an incident."""
    able = np.array([slot.window != "incident" for slot in slots])
    chosen = rng.permutation(np.flatnonzero(able))[: round(share * len(slots))]
    flags = np.zeros(len(slots), dtype=np.bool_)
    flags[chosen] = True
    return flags


def _decoys(setting: Setting, causes: list[SharedCause]) -> tuple[Decoy, ...]:
    """What looks guilty by company: the region of a bad cell, and the app it adopts early."""
    region_of, canary = setting.places.region, setting.rollouts.canary_region
    found = []
    for cause in causes:
        if set(cause.conditions) == {"cell_id"}:
            region = int(region_of[cause.conditions["cell_id"]])
            name = str(setting.places.regions[region])
            cell = cause.texts(setting)["cell_id"]
            found.append(Decoy({"region": name}, f"only its cell {cell} is bad"))
            if region == canary:
                for rollout in setting.rollouts.apps:
                    why = f"{name}, with the bad cell {cell}, adopts it first"
                    found.append(Decoy({"app_version": rollout.names[-1]}, why))
        if cause.conditions == {"firmware_version": setting.rollouts.trial_firmware}:
            found += _trial_decoys(setting, cause.texts(setting)["firmware_version"])
    planted = {tuple(cause.texts(setting).items()) for cause in causes}
    return tuple(d for d in found if tuple(d.conditions.items()) not in planted)


def _trial_decoys(setting: Setting, firmware: str) -> list[Decoy]:
    """The region where a bad firmware is tried out, and its busiest cell."""
    places, region = setting.places, setting.rollouts.trial_region
    inside = np.where(places.region == region, places.popularity, 0.0)
    cell, name = str(places.cell_ids[int(inside.argmax())]), str(places.regions[region])
    why = f"the bad firmware {firmware} runs in {name} only"
    return [Decoy({"region": name}, why), Decoy({"cell_id": cell}, why)]
