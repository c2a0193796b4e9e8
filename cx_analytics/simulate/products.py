"""What is made: models, factory lots and the component lots inside them.

Belongs here: lots with their site, line, revision and date, and how component lots spread over
them. Stays out: single units (units.py), work steps (production.py), faults (causes.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_analytics.simulate.chance import (
    Floats,
    Ints,
    Texts,
    draw,
    draw_by_row,
    generator,
    noise,
    zipf_weights,
)
from cx_analytics.simulate.scale import Scale

COMPONENTS = ("battery", "display", "modem")
SUPPLIERS = 3
REVISIONS = ("A", "B", "C")
_FAMILIES = ("Alto", "Brio", "Cora", "Dune", "Echo", "Fjord", "Gala", "Halo")
_MAKERS = {
    "battery": ("Voltara", "Celmond", "Ionik"),
    "display": ("Lumeno", "Paneltec", "Klarsicht"),
    "modem": ("Quavex", "Mediosilo", "Tranzeon"),
}


@dataclass(frozen=True)
class Components:
    """Lots of one component. `lot_of[l, k]` are the two component lots that factory lot l took."""

    name: str
    lots: Texts
    suppliers: Texts
    supplier: Ints
    reported: Ints
    lot_of: Ints


@dataclass(frozen=True)
class Products:
    """Factory lots, ordered by the hour (relative to the start) at which they were begun."""

    models: Texts
    popularity: Floats
    platform: Ints
    lots: Texts
    lot_model: Ints
    lot_revision: Ints
    lot_line: Ints
    lines: Texts
    sites: Texts
    line_site: Ints
    lot_hour: Floats
    lot_weight: Floats
    lot_region: Floats
    components: tuple[Components, ...]


def make_products(scale: Scale, days: int, seed: int) -> Products:
    """Models of Zipf popularity, lots nested in them, lines and supplier lots shared by them."""
    rng = generator(seed, "products")
    popularity = zipf_weights(scale.models, 0.9)
    lot_model = _lots_to_models(rng, popularity, scale.lots)
    lot_hour = _lot_hours(rng, scale.lots, days)
    sites = np.array([f"plant-{name}" for name in ("Brno", "Porto", "Turku")], dtype=object)
    lines = np.array([f"line-{number + 1:02d}" for number in range(scale.lines)], dtype=object)
    platform = rng.permutation(np.arange(scale.models) % scale.platforms)
    return Products(
        models=_model_names(scale.models),
        popularity=popularity,
        platform=platform,
        lots=np.array([f"L{2500 + number:04d}" for number in range(scale.lots)], dtype=object),
        lot_model=lot_model,
        lot_revision=_revisions(lot_model, lot_hour),
        lot_line=_lines_of(rng, lot_model, scale.lines),
        lines=lines,
        sites=sites,
        line_site=np.arange(scale.lines) % len(sites),
        lot_hour=lot_hour,
        lot_weight=noise(rng, 0.5, scale.lots),
        lot_region=rng.gamma(0.7, 1.0, (scale.lots, scale.regions)) + 0.05,
        components=tuple(_components(rng, name, scale, platform[lot_model]) for name in COMPONENTS),
    )


def _model_names(count: int) -> Texts:
    names = [f"{_FAMILIES[n % len(_FAMILIES)]} {n // len(_FAMILIES) + 1}" for n in range(count)]
    return np.array(names, dtype=object)


def _lots_to_models(rng: np.random.Generator, popularity: Floats, lots: int) -> Ints:
    """Every model gets a lot of before and one of within the window; the rest by popularity."""
    sure = np.arange(len(popularity))
    rest = draw(rng, np.sqrt(popularity), lots - len(sure))
    return np.concatenate([sure, rng.permutation(rest)])


def _lot_hours(rng: np.random.Generator, lots: int, days: int) -> Floats:
    """When each lot was begun: most before the start, about one in ten inside the window."""
    hours = -24.0 * rng.triangular(6, 20, 120, lots)
    inside = np.arange(lots) >= lots - max(1, lots // 10)
    hours[inside] = rng.uniform(-3, max(1.0, days * 0.5), inside.sum()) * 24
    return np.asarray(np.floor(hours))


def _revisions(lot_model: Ints, lot_hour: Floats) -> Ints:
    """A later lot of a model has a later revision; models change at different times."""
    change = -24.0 * (20 + (lot_model * 37) % 60)
    return (lot_hour > change).astype(np.int64) + (lot_hour > change + 24 * 40)


def _lines_of(rng: np.random.Generator, lot_model: Ints, lines: int) -> Ints:
    """Each model is made on two lines, which it shares with other models."""
    first = (lot_model * 5) % lines
    second = (lot_model * 3 + 1) % lines
    return np.where(rng.random(len(lot_model)) < 0.65, first, second)


def _components(rng: np.random.Generator, name: str, scale: Scale, platform: Ints) -> Components:
    """Supplier lots in the order of time; a factory lot takes two that were current then."""
    count = scale.component_lots
    supplier = rng.permutation(np.arange(count) % SUPPLIERS)
    position = np.arange(len(platform)) * count / len(platform)
    age = np.abs(np.arange(count)[None, :] - position[:, None])
    preferred = supplier[None, :] == (platform % SUPPLIERS)[:, None]
    weights = np.exp(-age / 1.5) * np.where(preferred, 4.0, 1.0) + 1e-12
    rows = np.arange(len(platform))
    picks = [draw_by_row(rng, weights, rows) for _ in range(2)]
    lots = [f"{name[:2].upper()}-{7000 + number}" for number in range(count)]
    return Components(
        name=name,
        lots=np.array(lots, dtype=object),
        suppliers=np.array(_MAKERS[name], dtype=object),
        supplier=supplier,
        reported=(rng.random(count) > 0.08).astype(np.int64),
        lot_of=np.stack(picks, axis=1),
    )
