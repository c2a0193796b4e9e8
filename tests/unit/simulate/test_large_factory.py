"""A factory of millions of units, which no test could afford as a world."""

from __future__ import annotations

import numpy as np

from cx_analytics.simulate.production import make_production
from cx_analytics.simulate.products import make_products
from cx_analytics.simulate.scale import Scale


def test_the_units_of_a_large_world_are_made_in_time() -> None:
    products = make_products(Scale.of(50_000_000), 28, 1)
    sizes = np.full(len(products.lots), 750)
    made = make_production(products, sizes, 1)
    assert np.bincount(made.lot, made.size).tolist() == sizes.tolist()
    week_h = 7 * 24
    assert (made.ended_h[:, -1] - products.lot_hour[made.lot]).max() < week_h
