"""Chances of rare values, of many at once: what looking at every fault for each one gives."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from cx_analytics.attribute.counts import Coded
from cx_analytics.attribute.missing import _Guess
from cx_analytics.attribute.rare import RARE

FAULTS = 6000
LEVELS = {"unit_id": 900, "lot": 40, "vendor": 3, "cell_id": 1500, "customer_id": 1000}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_chances_of_rare_values_are_those_of_a_look_at_all_faults(seed: int) -> None:
    guess, rng = _guess(seed), np.random.default_rng(seed)
    lacking = np.flatnonzero(guess.codes["unit_id"] < 0)
    asked = {
        int(code): np.sort(rng.choice(lacking, 40, replace=False))
        for code in rng.choice(900, 60, replace=False)
        if 0 < (guess.codes["unit_id"] == code).mean() < RARE
    }
    found = dict(guess._told("unit_id", asked))
    assert found.keys() == asked.keys()
    for code, faults in asked.items():
        np.testing.assert_array_equal(found[code], guess._chances("unit_id", code)[faults])


def _guess(seed: int) -> _Guess:
    """Faults of units, each mostly of one customer in one lot and few cells; some lack a value."""
    rng = np.random.default_rng(seed)
    unit = rng.zipf(1.6, FAULTS) % LEVELS["unit_id"]
    codes = {
        "unit_id": unit,
        "lot": unit % LEVELS["lot"],
        "vendor": rng.integers(0, LEVELS["vendor"], FAULTS),
        "cell_id": (unit * 7 + rng.integers(0, 3, FAULTS)) % LEVELS["cell_id"],
        "customer_id": (unit + (rng.random(FAULTS) < 0.1)) % LEVELS["customer_id"],
    }
    codes = {name: np.where(rng.random(FAULTS) < 0.05, -1, one) for name, one in codes.items()}
    texts = {name: [None if c < 0 else f"{c:06}" for c in one] for name, one in codes.items()}
    columns = {name: Coded.of(pl.Series(one, dtype=pl.String)) for name, one in texts.items()}
    names = tuple(sorted(name for name in columns if name != "customer_id"))
    period = SimpleNamespace(
        counts=SimpleNamespace(columns=columns, names=names),
        codes=lambda name: columns[name].codes,
    )
    rate = rng.uniform(1.0, 3.0, FAULTS)
    return _Guess(SimpleNamespace(period=period, level=np.ones(FAULTS), rate=rate))
