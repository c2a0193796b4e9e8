"""Where customers are: regions, radio sites and cells with their vendor, band and software.

Belongs here: the static network and its software upgrades. Stays out: who uses which cell
(people.py) and what goes wrong there (causes.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from cx_analytics.simulate.chance import NEVER, Floats, Ints, Texts, draw, generator, zipf_weights
from cx_analytics.simulate.scale import Scale

VENDORS = ("Aldera", "Borealis", "Cygnet")
BANDS = {"umts": ("B1", "B8"), "lte": ("B3", "B7", "B20"), "nr": ("n28", "n78")}
NETWORK_TYPES = ("lte", "nr", "umts", "wifi")
RELEASES = 3
_COMPASS = ("north", "east", "south", "west", "centre")


@dataclass(frozen=True)
class Places:
    """Cells in the order of their region; codes index the name arrays beside them."""

    cell_ids: Texts
    site_ids: Texts
    regions: Texts
    bands: Texts
    releases: Texts
    site: Ints
    region: Ints
    vendor: Ints
    network_type: Ints
    band: Ints
    popularity: Floats
    release: Ints
    upgraded_to: Ints
    upgraded_h: Floats
    region_starts: Ints
    latitude: Floats
    longitude: Floats

    def release_at(self, cell: Ints, hour: Floats) -> Ints:
        """Software release code of each cell at that hour since the start of the world."""
        after = hour >= self.upgraded_h[cell]
        return np.where(after, self.upgraded_to[cell], self.release[cell])

    def cells_in(self, rng: np.random.Generator, region: Ints) -> Ints:
        """A cell in each given region, drawn by popularity."""
        total = np.concatenate([[0.0], np.cumsum(self.popularity)])
        low = total[self.region_starts[region]]
        high = total[self.region_starts[region + 1]]
        point = low + rng.random(len(region)) * (high - low)
        found = np.searchsorted(total, point, side="right") - 1
        first, last = self.region_starts[region], self.region_starts[region + 1] - 1
        return np.asarray(np.clip(found, first, last), dtype=np.int64)


def make_places(scale: Scale, days: int, seed: int) -> Places:
    """Regions of Zipf size, each with sites of about four cells."""
    rng = generator(seed, "places")
    weights = zipf_weights(scale.regions, 0.8)
    filled = np.arange(scale.regions).repeat(2)[: scale.sites]
    rest = draw(rng, weights, max(0, scale.sites - len(filled)))
    site_region = np.sort(np.concatenate([filled, rest]))
    every = np.arange(scale.sites)
    site = np.sort(np.concatenate([every, rng.integers(0, scale.sites, scale.cells - scale.sites)]))
    region = site_region[site]
    vendor = rng.choice(len(VENDORS), scale.sites, p=(0.5, 0.3, 0.2))[site]
    network_type = rng.choice(3, scale.cells, p=(0.6, 0.28, 0.12))
    bands = np.array([band for name in NETWORK_TYPES[:3] for band in BANDS[name]], dtype=object)
    band = _bands(rng, network_type, bands)
    release, upgraded_to, upgraded_h = _software(rng, scale, vendor, region, site, days)
    latitude, longitude = _positions(rng, scale, site, site_region)
    return Places(
        cell_ids=_cell_ids(rng, site, network_type),
        site_ids=np.array([f"site-{number:04d}" for number in every], dtype=object),
        regions=_region_names(scale.regions),
        bands=bands,
        releases=np.array(
            [f"{name[:2].upper()}{21 + step}.1" for name in VENDORS for step in range(RELEASES)],
            dtype=object,
        ),
        site=site,
        region=region,
        vendor=vendor,
        network_type=network_type,
        band=band,
        popularity=_popularity(rng, weights, region),
        release=release,
        upgraded_to=upgraded_to,
        upgraded_h=upgraded_h,
        region_starts=np.searchsorted(region, np.arange(scale.regions + 1)).astype(np.int64),
        latitude=latitude,
        longitude=longitude,
    )


def cells_frame(places: Places, start: datetime) -> pl.DataFrame:
    """The feed `cells`: one row a state, a second one where the software was upgraded."""
    cells = np.arange(len(places.cell_ids))
    upgraded = cells[np.isfinite(places.upgraded_h)]
    row = np.concatenate([cells, upgraded])
    since = [None] * len(cells) + [
        start + timedelta(hours=float(hour)) for hour in places.upgraded_h[upgraded]
    ]
    release = np.concatenate([places.release, places.upgraded_to[upgraded]])
    return pl.DataFrame(
        {
            "cell_id": places.cell_ids[row],
            "valid_from": pl.Series(since, dtype=pl.Datetime("us")),
            "site_id": places.site_ids[places.site[row]],
            "region": places.regions[places.region[row]],
            "vendor": np.array(VENDORS, dtype=object)[places.vendor[row]],
            "network_type": np.array(NETWORK_TYPES, dtype=object)[places.network_type[row]],
            "band": places.bands[places.band[row]],
            "software_release": places.releases[release],
            "latitude": places.latitude[row],
            "longitude": places.longitude[row],
        }
    )


def _region_names(count: int) -> Texts:
    names = [f"{_COMPASS[number % 5]}-{number // 5 + 1:02d}" for number in range(count)]
    return np.array(names, dtype=object)


def _cell_ids(rng: np.random.Generator, site: Ints, network_type: Ints) -> Texts:
    """mcc-mnc-hex: 28 bits for LTE and UMTS (3GPP TS 23.003), 36 bits for NR."""
    sector = np.arange(len(site)) - np.searchsorted(site, site)
    node = (rng.permutation(2**15)[: len(site)] if len(site) < 2**15 else np.arange(len(site))) + 77
    texts = []
    for number, kind in enumerate(network_type):
        mnc = "01" if site[number] % 5 else "02"
        width, shift = (9, 14) if NETWORK_TYPES[kind] == "nr" else (7, 8)
        identity = (int(node[site[number]]) << shift) + int(sector[number])
        texts.append(f"262-{mnc}-{identity:0{width}x}")
    return np.array(texts, dtype=object)


def _bands(rng: np.random.Generator, network_type: Ints, bands: Texts) -> Ints:
    names = list(bands)
    choices = [[names.index(band) for band in BANDS[name]] for name in NETWORK_TYPES[:3]]
    picked = rng.random(len(network_type))
    return np.array(
        [
            choices[kind][int(point * len(choices[kind]))]
            for kind, point in zip(network_type, picked, strict=True)
        ],
        dtype=np.int64,
    )


def _popularity(rng: np.random.Generator, weights: Floats, region: Ints) -> Floats:
    """Zipf within each region: a few cells carry much of it."""
    drawn = (rng.random(len(region)) + 0.02) ** -0.8
    total = np.bincount(region, weights=drawn, minlength=len(weights))
    return np.asarray(drawn / total[region] * weights[region])


def _software(
    rng: np.random.Generator, scale: Scale, vendor: Ints, region: Ints, site: Ints, days: int
) -> tuple[Ints, Ints, Floats]:
    """Release before, release after, and the hour of the upgrade, staged by region."""
    old = rng.random(scale.sites) < 0.3
    release = vendor * RELEASES + np.where(old[site], 0, 1)
    wave = rng.uniform(0.15, 0.8, scale.regions) * days * 24
    lag = rng.exponential(20.0, scale.sites)
    chosen = rng.random(scale.sites) < 0.6
    hour = np.where(chosen[site], np.floor(wave[region] + lag[site]), NEVER)
    hour = np.where(hour < days * 24 - 12, hour, NEVER)
    return release, vendor * RELEASES + 2, hour


def _positions(
    rng: np.random.Generator, scale: Scale, site: Ints, site_region: Ints
) -> tuple[Floats, Floats]:
    centre = rng.uniform((47.5, 6.5), (54.5, 14.5), (scale.regions, 2))
    spot = centre[site_region] + rng.normal(0, 0.15, (scale.sites, 2))
    return spot[site, 0].round(5), spot[site, 1].round(5)
