"""What is computed the short way equals what it stands for, computed the long way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from cx_analytics.attribute.aggregate import CELL_KEY
from cx_analytics.attribute.asked import Asked
from cx_analytics.attribute.candidates import Group
from cx_analytics.attribute.cells import Cells
from cx_analytics.attribute.evidence import CHI_MEDIAN, MOST_CLUSTERING, noise_variance, window_gain
from cx_analytics.attribute.period import Period
from cx_analytics.attribute.scoring import Place
from cx_analytics.attribute.search import Search
from cx_analytics.attribute.wanted import on_all_days, uncounted
from cx_analytics.attribute.windows import Windows, tiles


@pytest.mark.parametrize("days", [1, 2, 7, 28])
def test_blocks_tile_every_window(days: int) -> None:
    windows = Windows.of(days)
    assert len(windows.first) == days * (days + 1) // 2
    length = windows.block_last - windows.block_first
    assert (windows.tiling @ length == windows.last - windows.first).all()
    for first, last in combinations(range(days + 1), 2):
        covered = [day for begin, end in tiles(first, last) for day in range(begin, end)]
        assert covered == list(range(first, last))


def test_no_window_gains_more_than_its_blocks() -> None:
    rng, windows = np.random.default_rng(5), Windows.of(28)
    for _ in range(50):
        weights = [rng.gamma(0.3, 3.0, rng.poisson(rng.choice([0.5, 4]))) for _ in range(28)]
        daily = np.array([[w.sum(), (w**2).sum(), rng.gamma(2.0)] for w in weights])
        run = np.concatenate([np.zeros((1, 3)), daily.cumsum(axis=0)])

        def gain(first, last, run=run):
            weight, square, exposure = (run[last] - run[first]).T
            return window_gain(weight**2 / np.maximum(square, 1e-12), weight, exposure)

        bound = windows.tiling @ gain(windows.block_first, windows.block_last)
        assert (gain(windows.first, windows.last) <= bound + 1e-9).all()


@pytest.mark.parametrize("size", [2, 3, 20, 21])
def test_the_noise_is_where_the_median_ratio_is_that_of_chi_square(size: int) -> None:
    rng = np.random.default_rng(size)
    expected = rng.uniform(8.0, 200.0, size)
    variance = expected * 1.1
    residual = rng.normal(0.0, np.sqrt(expected + 0.2 * expected**2))
    centre = np.median(residual / expected)
    square = (residual - centre * expected) ** 2 / variance
    even = expected * max(1.0 + centre, 1e-3)
    growth = even / np.clip(variance / even, 1.0, MOST_CLUSTERING)
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        above = np.median(square / (1.0 + middle * growth)) > CHI_MEDIAN
        low, high = (middle, high) if above else (low, middle)
    wanted = high if np.median(square) > CHI_MEDIAN else 0.0
    assert noise_variance(residual, variance, expected) == pytest.approx(wanted, abs=1e-9)


def test_faults_that_come_in_clusters_hide_no_noise_between_values() -> None:
    """Customers with several faults each add to chance, and take nothing from the noise."""
    rng = np.random.default_rng(7)
    expected, tau2, clustering = rng.uniform(200.0, 900.0, 4000), 0.02, 1.4
    level = rng.normal(1.0, np.sqrt(tau2), len(expected))
    residual = rng.normal(expected * (level - 1.0), np.sqrt(clustering * expected))
    found = noise_variance(residual, clustering * expected, expected)
    assert found == pytest.approx(tau2, rel=0.1)


@pytest.fixture
def world(clinic, plant):
    return plant(
        lambda f: (pl.col("lot") == "L07") * 0.2 + (pl.col("region") == "R3") * 0.05,
        count=20_000,
    )


def test_bounds_hide_no_place(clinic, world) -> None:
    asked = Asked(clinic.counts(world))
    cells = Cells.of(asked)
    search = Search(Period.of(asked.counts, cells, 0, len(asked.counts.days)))
    shared = np.flatnonzero(~search.scorer.individual)
    for known in (0, 200):
        given = replace(search.given(), known=known)
        every = search.scorer.places_of(shared, given, -np.inf)
        for least in (-5.0, 0.0, 20.0):
            found = search.scorer.places(given, least)
            assert found
            wanted = {_rounded(place) for place in every if place.score > least}
            assert {_rounded(place) for place in found} == wanted


def test_bounds_of_an_earlier_model_hide_no_place(clinic, world) -> None:
    asked = Asked(clinic.counts(world))
    search = Search(Period.of(asked.counts, Cells.of(asked), 0, len(asked.counts.days)))
    scorer, shared = search.scorer, np.flatnonzero(~search.scorer.individual)
    models = {"empty": search.given(), "whole": search.draft().given()}
    rate = search.hazard.rate
    tenth = np.arange(len(rate)) % 10 == 0
    models["a part gone"] = models["whole"].without(np.where(tenth, models["empty"].rate, rate))
    for name in ("empty", "whole", "a part gone", "whole", "empty"):
        every = scorer.places_of(shared, models[name], -np.inf)
        wanted = {_rounded(place) for place in every if place.score > -6.0}
        assert wanted
        assert {_rounded(place) for place in scorer.places(models[name], -6.0)} == wanted


def test_a_scorer_that_inherits_bounds_hides_no_place(clinic, world) -> None:
    counts = clinic.counts(world)
    few, all_ = (
        Search(Period.of(counts, Cells.of(Asked(one)), 0, len(counts.days)))
        for one in (replace(counts, cells=None), counts)
    )
    given = few.draft().given()
    few.scorer.places(given, -6.0)
    here = np.array([all_.period.place[key] for key in few.period.place])
    all_.scorer.inherit(few.scorer, here)
    again = all_.given()
    every = all_.scorer.places_of(np.flatnonzero(~all_.scorer.individual), again, -np.inf)
    wanted = {_rounded(place) for place in every if place.score > -6.0}
    assert len(wanted) > len(few.scorer.places(given, -6.0))
    assert {_rounded(place) for place in all_.scorer.places(again, -6.0)} == wanted


def _rounded(place: Place) -> tuple[object, ...]:
    return (*place[:3], round(place.score, 6))


def test_a_search_that_goes_on_ends_where_one_that_begins_anew_does(clinic, plant) -> None:
    both = (pl.col("lot") == "L07") & (pl.col("network_type") == "nr")
    counts = clinic.counts(plant(lambda f: both * 0.3 + (pl.col("region") == "R3") * 0.05))
    days = len(counts.days)
    some, every = (Cells.of(Asked(one)) for one in (replace(counts, cells=None), counts))
    before = Search(Period.of(counts, some, 0, days)).draft()
    goes_on = Search(Period.of(counts, every, 0, days)).inherit(before).resume()
    anew = Search(Period.of(counts, every, 0, days)).draft().settle()
    assert _conditions(before) != _conditions(anew)
    assert _conditions(goes_on) == _conditions(anew) == {"lot=L07&network_type=nr", "region=R3"}
    np.testing.assert_allclose(goes_on.hazard.rate, anew.hazard.rate, rtol=1e-3)


def _conditions(search: Search) -> set[str]:
    keys = (search.period.key(term.cell) for term in search.hazard.terms)
    return {"&".join("=".join(one) for one in key.conditions) for key in keys}


def test_cells_of_faults_are_the_members_the_other_way_round(clinic, world) -> None:
    asked = Asked(clinic.counts(world))
    period = Period.of(asked.counts, Cells.of(asked), 0, 7)
    some = np.array([0, 5, 17])
    inside = [c for f in some for c in range(len(period.cell)) if f in period.members(c)]
    assert period.shared(some).tolist() == np.bincount(inside, minlength=len(period.cell)).tolist()
    place, fault = period.entries(np.array([3, 1]))
    assert [fault[place == n].tolist() for n in (0, 1)] == [
        period.members(c).tolist() for c in (3, 1)
    ]


def _groups(asked: Asked) -> list[Group]:
    """A few cells of many sets, all with one region, and some without."""
    levels = {name: len(asked.counts.columns[name].levels) for name in asked.counts.names}
    found = []
    for pair in combinations([name for name in levels if name != "region"], 2):
        names = tuple(sorted((*pair, "region")))
        first = [[3 if name == "region" else n % levels[name] for name in names] for n in (0, 1)]
        found += [Group(names, np.array(first)), Group(pair, np.array([[1, 1]]))]
    return found


def test_cells_counted_inside_a_condition_are_counted_right(clinic, world) -> None:
    asked = Asked(clinic.counts(world))
    wanted = on_all_days(asked.counts, _groups(asked))
    counted = clinic.counting(world)(wanted.unique())
    rows = world.with_columns(day=pl.col("started_at").dt.date())
    for part in counted.partition_by(CELL_KEY):
        cell = part.row(0, named=True)
        has = [
            pl.col(cell[f"attribute_{n}"]) == cell[f"value_{n}"]
            for n in (1, 2, 3)
            if cell[f"attribute_{n}"] is not None
        ]
        by_day = dict(rows.filter(*has).group_by("day").len().iter_rows())
        assert {day: n for day, n in part.select("day", "sessions").iter_rows() if n} == by_day
    assert counted.height == wanted.unique().height


def test_learning_twice_is_learning_at_once(clinic, world) -> None:
    counts = clinic.counts(world)
    groups = _groups(Asked(counts))
    rows = clinic.counting(world)(uncounted(Asked(counts), groups))
    early = pl.col("day") < date(2026, 1, 5)
    whole, parts = Asked(counts), Asked(counts)
    whole.learn(rows)
    parts.learn(rows.filter(early))
    assert uncounted(parts, groups)["day"].min() == date(2026, 1, 5)
    parts.learn(rows.filter(~early))
    assert uncounted(whole, groups).is_empty()
    assert uncounted(parts, groups).is_empty()
    for group in groups:
        for one, other in zip(whole.exposure(group), parts.exposure(group), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_cell_asked_for_twice_is_one_cell(clinic, world) -> None:
    asked = Asked(clinic.counts(world))
    groups = asked.conjunctions()
    keys = Cells.of(asked).with_conjunctions(asked, [*groups, *groups]).keys
    assert len(keys) == len(set(keys))
    assert uncounted(asked, [*groups, *groups]).is_empty()
