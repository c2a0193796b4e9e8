"""The attributes whose values differ are found, and what depends on them is no source itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cx_analytics.attribute.sources import Sources

SESSIONS, RATE = 200_000, 0.05


def _period(noise: float, seed: int) -> Any:
    """One day: 20 models whose rates differ by `noise`, 60 lots of one model each, 20 apps."""
    rng = np.random.default_rng(seed)
    lot = rng.integers(0, 60, SESSIONS)
    values = {
        "app_name": rng.integers(0, 20, SESSIONS),
        "device_model": lot % 20,
        "lot": lot,
    }
    level = np.exp(rng.normal(0.0, noise, 20))
    rate = RATE * level[values["device_model"]]
    faulty = np.flatnonzero(rng.random(SESSIONS) < rate)
    codes = {name: column[faulty] for name, column in values.items()}
    codes["customer_id"] = np.arange(len(faulty))
    cells = [(name, value) for name in values for value in range(values[name].max() + 1)]
    members = [np.flatnonzero(codes[name] == value) for name, value in cells]
    sessions = {name: np.bincount(column)[:, None] for name, column in values.items()}
    exposure = np.array([[0.0, sessions[name][value, 0]] for name, value in cells])
    columns = {
        name: SimpleNamespace(
            levels=range(column.max() + 1),
            place={value: value for value in range(column.max() + 1)},
        )
        for name, column in codes.items()
    }
    return SimpleNamespace(
        cell=np.arange(len(cells)),
        entries=lambda cells: (
            np.repeat(np.arange(len(cells)), [len(members[cell]) for cell in cells]),
            np.concatenate([members[cell] for cell in cells]),
        ),
        kind=np.zeros(len(faulty), dtype=np.int64),
        exposure=exposure,
        first=0,
        last=1,
        codes=codes.__getitem__,
        key=lambda cell: SimpleNamespace(names=(cells[cell][0],), conditions=(cells[cell],)),
        counts=SimpleNamespace(names=tuple(values), columns=columns, values=sessions),
    )


def _sources(period: Any) -> tuple[Sources, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    faults = len(period.kind)
    typical = np.array([faults / SESSIONS])
    rate = np.full(faults, typical[0])
    sources = Sources(period, np.ones(len(period.cell), dtype=bool))
    sources.choose(rate, typical)
    return sources, rate, typical


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_noisy_attribute_is_the_source_and_not_what_depends_on_it(seed: int) -> None:
    period = _period(0.3, seed)
    sources, rate, typical = _sources(period)
    assert [period.counts.names[n] for n in sources.names] == ["device_model"]
    spread = sources.spread(rate, typical)
    assert spread.sources[0].tau2 == pytest.approx(0.09, rel=0.7)
    assert spread.rest.max() < 0.01


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_where_nothing_varies_there_is_no_source(seed: int) -> None:
    sources, _, _ = _sources(_period(0.0, seed))
    assert sources.names == ()


def test_a_source_may_have_too_many_values_to_be_counted_all() -> None:
    """The exposure of such values is known where they are candidates."""
    counted, wide = _period(0.2, seed=1), _period(0.2, seed=1)
    del wide.counts.values["device_model"]
    (one, rate, typical), (other, _, _) = _sources(counted), _sources(wide)
    assert one.names == other.names == (1,)
    for name in ("weight", "rest"):
        spreads = (getattr(each.spread(rate, typical), name) for each in (one, other))
        np.testing.assert_allclose(*spreads)
    (whole,), (part,) = (each.spread(rate, typical).sources for each in (one, other))
    np.testing.assert_allclose(whole.expected, part.expected)
