"""Causes as data: what was planted, how strong, when, and on whom.

Belongs here: the shapes of a planted cause and of the whole plan. Stays out: choosing them
(planting.py) and what they do to a session (hazard.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cx_analytics.contracts.attributes import DEFAULT_ATTRIBUTES, Domain, cause_domain
from cx_analytics.contracts.words import label
from cx_analytics.simulate.chance import Floats
from cx_analytics.simulate.products import COMPONENTS
from cx_analytics.simulate.visits import Setting

FAULT_TYPES = (
    "call_drop",
    "app_crash",
    "slow_start",
    "no_service",
    "battery_drain",
    "modem_reset",
)
BACKGROUND_MIX = np.array([0.22, 0.24, 0.22, 0.14, 0.10, 0.08])

DOMAIN_OF: Mapping[str, Domain] = {
    **{name: domain for domain, names in DEFAULT_ATTRIBUTES.items() for name in names},
    **{f"{name}_lot": "device" for name in COMPONENTS},
    **{f"{name}_supplier": "device" for name in COMPONENTS},
}


@dataclass(frozen=True)
class SharedCause:
    """A conjunction of attribute values (as codes) that adds to the hazard of a session.

    `hazard` is the mean excess in faults per session; a multiplicative cause spreads it
    in proportion to the session's own background (`factor` times it). Hours count from the start.
    """

    cause_id: str
    conditions: Mapping[str, int]
    hazard: float
    mix: Floats
    valid_from_h: float | None = None
    valid_to_h: float | None = None
    factor: float | None = None

    @property
    def shape(self) -> str:
        return "additive" if self.factor is None else "multiplicative"

    def texts(self, setting: Setting) -> dict[str, str]:
        """The conditions with the names of their values, keys in alphabetical order."""
        return {
            key: str(setting.names[key][self.conditions[key]]) for key in sorted(self.conditions)
        }


@dataclass(frozen=True)
class Individuals:
    """Own troubles of one kind: `customer[i]`/`unit[i]`/`cell[i]` (-1 = any) with a hazard."""

    kind: str
    customer: tuple[int, ...]
    unit: tuple[int, ...]
    cell: tuple[int, ...]
    valid_from_h: tuple[float | None, ...]
    hazard: Floats
    mix: Floats

    def texts(self, number: int, setting: Setting) -> dict[str, str]:
        """The conditions of the number-th individual cause."""
        found: dict[str, str] = {}
        if self.cell[number] >= 0:
            found["cell_id"] = str(setting.places.cell_ids[self.cell[number]])
        if self.customer[number] >= 0:
            found["customer_id"] = str(setting.people.customer_ids[self.customer[number]])
        if self.unit[number] >= 0:
            found["unit_id"] = str(setting.units.unit_ids[self.unit[number]])
        return found

    def __len__(self) -> int:
        return len(self.hazard)


@dataclass(frozen=True)
class Decoy:
    """Conditions that look guilty and are not, and why."""

    conditions: Mapping[str, str]
    why: str

    @property
    def label(self) -> str:
        return label(dict(self.conditions))


@dataclass(frozen=True)
class Plan:
    """All that is planted: shared causes, individuals by kind, decoys."""

    shared: tuple[SharedCause, ...] = ()
    individuals: tuple[Individuals, ...] = ()
    decoys: tuple[Decoy, ...] = field(default=())

    @property
    def cause_ids(self) -> list[str]:
        """Ids of all causes: the shared ones, then each kind of individuals."""
        found = [cause.cause_id for cause in self.shared]
        for group in self.individuals:
            found += [f"{group.kind}-{number:03d}" for number in range(len(group))]
        return found


def domain_of(conditions: Mapping[str, str]) -> str:
    """Who owns the repair of a cause with these conditions.

    >>> domain_of({"modem_lot": "MO-1", "region": "north-01"})
    'interaction'
    """
    return cause_domain(conditions, DOMAIN_OF)
