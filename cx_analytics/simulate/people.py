"""Who uses the product: customers with a home, a way to work, habits and frailty.

Belongs here: what is the customer's own. Stays out: the unit they carry (units.py), the versions
they run (rollouts.py), and their own troubles (causes.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_analytics.simulate.chance import Floats, Ints, Texts, draw, generator, noise
from cx_analytics.simulate.places import NETWORK_TYPES, Places
from cx_analytics.simulate.scale import Scale

APPS = ("Cast", "Chat", "Ride")
NO_CELL = -1


@dataclass(frozen=True)
class People:
    """Customers; `activity` adds up to 1, `frailty` is their background's factor (mean 1)."""

    customer_ids: Texts
    region: Ints
    home: Ints
    work: Ints
    activity: Floats
    frailty: Floats
    wifi: Floats
    app: Ints

    def cell_of(self, rng: np.random.Generator, places: Places, customer: Ints) -> Ints:
        """Where a session happens: home, work, around or far away; NO_CELL on Wi-Fi."""
        point = rng.random(len(customer))
        cell = np.where(point < 0.6, self.home[customer], self.work[customer])
        around = np.flatnonzero((point >= 0.8) & (point < 0.95))
        cell[around] = places.cells_in(rng, self.region[customer[around]])
        far = np.flatnonzero(point >= 0.95)
        cell[far] = draw(rng, places.popularity, len(far))
        return np.where(rng.random(len(customer)) < self.wifi[customer], NO_CELL, cell)


def make_people(scale: Scale, places: Places, frailty: float, seed: int) -> People:
    """Customers where the cells are; `frailty` is the shape of their gamma."""
    rng = generator(seed, "people")
    count = scale.customers
    home = draw(rng, places.popularity, count)
    region = places.region[home]
    commute = rng.random(count) < 0.2
    neighbour = np.where(commute, rng.integers(0, scale.regions, count), region)
    activity = noise(rng, 0.9, count)
    return People(
        customer_ids=np.array([f"c-{n:06d}" for n in range(1, count + 1)], dtype=object),
        region=region,
        home=home,
        work=places.cells_in(rng, neighbour),
        activity=activity / activity.sum(),
        frailty=rng.gamma(frailty, 1 / frailty, count),
        wifi=rng.beta(0.8, 4.0, count),
        app=rng.choice(len(APPS), count, p=(0.55, 0.30, 0.15)),
    )


def network_type_of(places: Places, cell: Ints) -> Ints:
    """Network type code of a session from its cell."""
    wifi = NETWORK_TYPES.index("wifi")
    return np.where(cell == NO_CELL, wifi, places.network_type[cell])
