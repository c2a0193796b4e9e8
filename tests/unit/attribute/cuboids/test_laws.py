"""Laws of localisation: what must not matter does not."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_analytics.attribute import localize
from cx_analytics.attribute.cuboids.lattice import Lattice

SIZES = (4, 5, 3)


def planted(seed: int) -> pl.DataFrame:
    """A table with an element drawn by the seed; a third of the combinations are not there."""
    rng = np.random.default_rng(seed)
    codes = np.indices(SIZES).reshape(3, -1)
    depth = rng.integers(1, 4)
    names = rng.choice(3, depth, replace=False)
    hit = np.logical_and.reduce([codes[n] == rng.integers(0, SIZES[n]) for n in names])
    predict = rng.gamma(1.0, 100.5, codes.shape[1])
    real = predict * np.where(hit, rng.uniform(0.1, 0.7), rng.normal(1, 0.03, codes.shape[1]))
    columns = {name: [f"{name}{v}" for v in codes[n]] for n, name in enumerate("abc")}
    frame = pl.DataFrame(columns).with_columns(real=pl.Series(real), predict=pl.Series(predict))
    return frame.filter(pl.Series(rng.random(frame.height) < 0.7) | pl.Series(hit))


def cells(frame: pl.DataFrame) -> set[frozenset[tuple[str, str]]]:
    return {frozenset(one.conditions.items()) for one in localize(frame).elements}


@given(seed=st.integers(0, 500))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    frame = planted(seed)
    assert localize(frame.sample(fraction=1.0, shuffle=True, seed=seed)) == localize(frame)


@given(seed=st.integers(0, 500))
@settings(max_examples=25, deadline=None)
def test_names_of_values_do_not_matter(seed: int) -> None:
    frame = planted(seed)
    turned = {f"b{v}": f"b{SIZES[1] - 1 - v}" for v in range(SIZES[1])}
    renamed = frame.with_columns(pl.col("b").replace(turned))
    back = {
        frozenset((name, turned.get(value, value)) for name, value in cell)
        for cell in cells(renamed)
    }
    assert back == cells(frame)


@given(seed=st.integers(0, 500), scale=st.sampled_from([0.5, 2.0, 1024.0]))
@settings(max_examples=25, deadline=None)
def test_a_large_unit_does_not_matter(seed: int, scale: float) -> None:
    frame = planted(seed).with_columns(pl.col("real", "predict") * 1000.0)
    scaled = frame.with_columns(pl.col("real", "predict") * scale)
    assert cells(scaled) == cells(frame)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_sums_over_cuboids_are_those_of_a_group_by(data: st.DataObject) -> None:
    sizes = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    count = int(np.prod(sizes))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    values = rng.integers(0, 9, (count, 2)).astype(np.float32)
    keys = np.flatnonzero(rng.random(count) < 0.6)
    codes = np.indices(sizes).reshape(len(sizes), -1)
    for lattice, rows in (
        (Lattice(sizes), np.arange(count)),
        (Lattice(sizes, keys), keys),
        (Lattice(sizes, keys, 2), keys),
    ):
        seen = set()
        for cuboid, sums in lattice.sums(values[rows]):
            seen.add(cuboid)
            total = np.zeros((lattice.cells_of(cuboid), 2), dtype=np.float32)
            place = np.ravel_multi_index(codes[list(cuboid)][:, rows], lattice.shape(cuboid))
            np.add.at(total, place, values[rows])
            present = lattice.keys_of(cuboid)
            assert np.array_equal(sums, total if present is None else total[present])
        assert len(seen) == len(lattice.cuboids)
