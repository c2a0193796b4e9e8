"""Causes that are pieces of one are offered as that one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from cx_analytics.attribute.cells import Key
from cx_analytics.attribute.hazard import Term
from cx_analytics.attribute.merging import climbs, merges
from cx_analytics.attribute.refine import coarser


def _key(**conditions: str) -> Key:
    return Key(tuple(sorted(conditions.items())))


def _period(
    keys: list[Key],
    rows: list[dict[str, str]],
    nested: dict[str, set[str]],
    exposure: Any = None,
) -> Any:
    """Ten days; each cell's faults are the rows that meet its conditions."""
    names = sorted(rows[0])
    levels = {name: sorted({row[name] for row in rows}) for name in names}
    codes = {name: np.array([levels[name].index(row[name]) for row in rows]) for name in names}
    members = [
        np.array([n for n, row in enumerate(rows) if all(row[a] == v for a, v in key.conditions)])
        for key in keys
    ]
    return SimpleNamespace(
        key=keys.__getitem__,
        place={key: n for n, key in enumerate(keys)},
        members=lambda cell, first, last: members[cell],
        codes=codes.__getitem__,
        exposure=np.array([[0, *range(5, 15)]] * len(keys)) if exposure is None else exposure,
        cells=SimpleNamespace(nested={name: frozenset(nested.get(name, ())) for name in names}),
        counts=SimpleNamespace(
            names=names,
            columns={name: SimpleNamespace(levels=levels[name]) for name in names},
        ),
    )


def test_versions_of_an_app_on_one_system_are_pieces_of_the_app_on_it() -> None:
    keys = [
        _key(app_version="8.2", os_version="15"),
        _key(app_version="8.3", os_version="15"),
        _key(app_name="Ride", os_version="15"),
        _key(app_name="Chat", os_version="15"),
    ]
    rows = [
        {"app_name": "Ride", "app_version": version, "os_version": "15"}
        for version in ("8.2", "8.3")
        for _ in range(5)
    ]
    period = _period(keys, rows, {"app_version": {"app_name"}})
    terms = [Term(0, 0, 10), Term(1, 0, 4), Term(2, 4, 10)]
    offered = list(merges(period, terms, [0, 1, 2], [np.ones(5), np.ones(5), np.ones(10)]))
    assert (Term(2, 0, 10), [0, 1, 2]) in offered
    assert all(term.cell != 3 for term, _ in offered)


def test_a_condition_that_is_named_already_is_not_climbed_to() -> None:
    keys = [_key(app_name="Ride", app_version="8.2"), _key(app_name="Ride")]
    rows = [{"app_name": "Ride", "app_version": "8.2"}] * 5
    period = _period(keys, rows, {"app_version": {"app_name"}})
    terms = [Term(0, 0, 4)]
    assert list(merges(period, terms, [0], [np.ones(5)])) == []


def test_a_part_of_a_network_type_asks_for_the_whole_of_it() -> None:
    keys = [_key(band="B7", device_model="Alto"), _key(band="B7"), Key((("unit_id", "u"),), True)]
    rows = [{"band": "B7", "device_model": "Alto", "network_type": "lte"}] * 5
    rows += [{"band": "n28", "device_model": "Cora", "network_type": "nr"}] * 5
    period = _period(keys, [row | {"unit_id": "u"} for row in rows], {"band": {"network_type"}})
    assert list(climbs(period, Term(0, 0, 10))) == [_key(device_model="Alto", network_type="lte")]
    terms = [Term(0, 0, 10), Term(1, 0, 10), Term(2, 0, 10)]
    (group,) = coarser(SimpleNamespace(period=period, hazard=SimpleNamespace(terms=terms)))  # type: ignore[arg-type]
    assert group.names == ("device_model", "network_type")
    assert group.codes.tolist() == [[0, 0]]


def test_a_triple_asks_for_the_pairs_within() -> None:
    keys = [_key(app="5.4", firmware="F1", model="Alto")]
    period = _period(keys, [{"app": "5.4", "firmware": "F1", "model": "Alto"}] * 9, {})
    search = SimpleNamespace(period=period, hazard=SimpleNamespace(terms=[Term(0, 0, 10)]))
    asked = [group.names for group in coarser(search)]  # type: ignore[arg-type]
    assert asked == [("app", "firmware"), ("app", "model"), ("firmware", "model")]


def test_all_pieces_of_a_value_are_offered_together_before_two_of_them() -> None:
    keys = [_key(app_version="5.2", hardware="A"), _key(app_version="5.2", hardware="B")]
    keys += [_key(app_version="5.2", hardware="C"), _key(app_version="5.2")]
    rows = [{"app_version": "5.2", "hardware": kind} for kind in "ABC" for _ in range(5)]
    terms = [Term(0, 0, 10), Term(1, 2, 10), Term(2, 0, 6)]
    offered = list(merges(_period(keys, rows, {}), terms, [0, 1, 2], [np.ones(5)] * 3))
    assert offered[0] == (Term(3, 0, 10), [0, 1, 2])
    assert [places for _, places in offered[1:]] == [[0, 1], [0, 2], [1, 2]]


def test_a_cell_before_and_after_an_upgrade_is_offered_as_the_cell_while_it_was_bad() -> None:
    keys = [_key(cell_id="x", software="1"), _key(cell_id="x")]
    rows = [{"cell_id": "x", "software": software} for software in "11122"]
    sessions = [[0, 3, 6, 9, 9, 9, 9, 9, 9, 9, 9], [0, *range(3, 33, 3)]]  # upgraded on day 3
    period = _period(keys, rows, {}, np.array(sessions))
    terms = [Term(0, 0, 10), Term(1, 3, 7)]
    offered = list(merges(period, terms, [0, 1], [np.ones(3), np.ones(5)]))
    assert offered == [(Term(1, 0, 10), [0, 1]), (Term(1, 0, 7), [0, 1])]
