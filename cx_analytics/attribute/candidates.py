"""Which cells the fault rows point to: pairs, individuals and hours worth counting.

Belongs here: decisions made from fault rows and single-value exposure alone, so that the
engine counts a bounded number of cells and never a cube. Stays out: the counting
(aggregate.py) and the judgement (search.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

from cx_analytics.attribute.aggregate import CELL_KEY
from cx_analytics.attribute.counts import Counts, Floats, Ints
from cx_analytics.attribute.evidence import poisson_gain

MIN_FAULTS = 8
MIN_FAULTS_INDIVIDUAL = 5
MAX_PAIRS = 6000
MAX_INDIVIDUALS = 20_000
NESTED = 0.985
PAIR_GAIN = 2.0
BLOCK = 7

Names = tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Candidate cells of one set of one or two attributes, as codes of the fault rows."""

    names: Names
    codes: Ints
    """Shape (cells, len(names))."""


def nesting(counts: Counts) -> dict[str, frozenset[str]]:
    """For each attribute, those that its value determines (functional dependency).

    Found from the fault rows: b determines a when, over the values of b with at least two
    faults, the most frequent value of a covers NESTED of the faults. lot -> device_model.
    """
    return {
        b: frozenset(a for a in counts.names if a != b and _determines(counts, b, a))
        for b in counts.names
    }


def _determines(counts: Counts, child: str, parent: str) -> bool:
    one, other = counts.columns[child], counts.columns[parent]
    if len(one.levels) < len(other.levels):
        return False
    both = (one.codes >= 0) & (other.codes >= 0)
    keys, tally = np.unique(
        one.codes[both] * (len(other.levels) + 1) + other.codes[both], return_counts=True
    )
    group = keys // (len(other.levels) + 1)
    size = np.zeros(len(one.levels))
    mode = np.zeros(len(one.levels))
    np.add.at(size, group, tally)
    np.maximum.at(mode, group, tally)
    often = size >= 2
    return bool(often.any() and mode[often].sum() >= NESTED * size[often].sum())


def singles(counts: Counts) -> Iterator[Group]:
    """Values with enough faults to be a candidate, attribute by attribute."""
    for name in counts.names:
        tally = _tally(counts.columns[name].codes, len(counts.columns[name].levels))
        yield Group((name,), np.flatnonzero(tally >= MIN_FAULTS)[:, None])


def pairs(counts: Counts) -> list[Group]:
    """Pairs of values whose faults exceed what either value alone would bring.

    A pair (u, v) with O faults is a candidate when O is above both O_u * share(v) and
    O_v * share(u), by PAIR_GAIN nats over all days or in some week. Pairs of nested
    attributes are left out: such a pair is its child.
    """
    nested = nesting(counts)
    found: list[tuple[Names, Ints, Floats]] = []
    for a, b in combinations(counts.names, 2):
        if b in nested[a] or a in nested[b]:
            continue
        codes, gain = _pair_gain(counts, a, b)
        if len(codes):
            found.append(((a, b), codes, gain))
    if not found:
        return []
    gains = np.concatenate([gain for _, _, gain in found])
    floor = np.sort(gains)[-MAX_PAIRS] if len(gains) > MAX_PAIRS else -np.inf
    return [Group(names, codes[gain >= floor]) for names, codes, gain in found]


def _pair_gain(counts: Counts, a: str, b: str) -> tuple[Ints, Floats]:
    one, other = counts.columns[a], counts.columns[b]
    both = (one.codes >= 0) & (other.codes >= 0)
    width = len(other.levels)
    joint = one.codes[both] * width + other.codes[both]
    keys, inverse, tally = np.unique(joint, return_inverse=True, return_counts=True)
    keep = tally >= MIN_FAULTS
    keys, blocks = keys[keep], max(1, -(-len(counts.days) // BLOCK))
    if not len(keys):
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0)
    row = np.where(keep, np.cumsum(keep) - 1, -1)[inverse]
    block = counts.day[both] // BLOCK
    inside = row >= 0
    tally = _tally(row[inside] * blocks + block[inside], len(keys) * blocks)
    observed: Floats = tally.reshape(len(keys), blocks).astype(float)
    u, v = keys // width, keys % width
    first, second = _by_block(counts, a, blocks), _by_block(counts, b, blocks)
    alone = np.maximum(first[0][u] * second[1][v], second[0][v] * first[1][u])
    gain = np.where(observed >= 5, poisson_gain(observed, alone), 0.0).max(axis=1)
    share_a = _share(counts, a, len(counts.days)).sum(axis=1)
    share_b = _share(counts, b, len(counts.days)).sum(axis=1)
    both_sums = first[0][u].sum(axis=1) * share_b[v], second[0][v].sum(axis=1) * share_a[u]
    whole = np.maximum(*both_sums)
    gain = np.maximum(gain, poisson_gain(observed.sum(axis=1), whole))
    keep = gain > PAIR_GAIN
    return np.stack([u, v], axis=1)[keep], gain[keep]


def _by_block(counts: Counts, name: str, blocks: int) -> tuple[Floats, Floats]:
    """Faults and share of sessions of each value of an attribute, by block of days."""
    column = counts.columns[name]
    known = column.codes >= 0
    at = column.codes[known] * blocks + counts.day[known] // BLOCK
    faults = _tally(at, len(column.levels) * blocks).reshape(-1, blocks).astype(float)
    return faults, _share(counts, name, BLOCK)


def _share(counts: Counts, name: str, days: int) -> Floats:
    """Share of the sessions of each value, by block of `days` days."""
    if name not in counts.values:
        tally = _tally(counts.columns[name].codes, len(counts.columns[name].levels))
        share = tally / max(1, len(counts.day))
        return np.repeat(share[:, None], max(1, -(-len(counts.days) // days)), axis=1)
    starts = np.arange(0, len(counts.days), days)
    exposure = np.add.reduceat(counts.values[name], starts, axis=1)
    total = np.add.reduceat(counts.sessions, starts)
    return np.asarray(exposure / np.maximum(total, 1.0))


def individuals(counts: Counts) -> Iterator[Group]:
    """Customers, units and customers at a cell with enough faults.

    Customers with two faults are asked for as well: the design effect needs to know whether
    their faults are many for what they used.
    """
    for name, least in (("customer_id", 2), ("unit_id", MIN_FAULTS_INDIVIDUAL)):
        if name not in counts.columns:
            continue
        tally = _tally(counts.columns[name].codes, len(counts.columns[name].levels))
        yield Group((name,), _most(tally, least)[:, None])
    if "cell_id" in counts.columns and "customer_id" in counts.columns:
        customer, cell = counts.columns["customer_id"], counts.columns["cell_id"]
        both = (customer.codes >= 0) & (cell.codes >= 0)
        width = max(1, len(cell.levels))
        keys, tally = np.unique(customer.codes[both] * width + cell.codes[both], return_counts=True)
        keys = keys[_most(tally, MIN_FAULTS_INDIVIDUAL)]
        yield Group(("customer_id", "cell_id"), np.stack([keys // width, keys % width], axis=1))


def _most(tally: Ints, least: int) -> Ints:
    """Places with at least `least`, the MAX_INDIVIDUALS largest when there are more."""
    chosen = np.flatnonzero(tally >= least)
    if len(chosen) > MAX_INDIVIDUALS:
        chosen = np.sort(chosen[np.argsort(-tally[chosen], kind="stable")[:MAX_INDIVIDUALS]])
    return chosen


def _tally(codes: Ints, size: int) -> Ints:
    return np.bincount(codes[codes >= 0], minlength=size)[:size].astype(np.int64)


def wanted_cells(counts: Counts) -> pl.DataFrame:
    """The (cell, day) whose exposure the search needs beyond the value counts.

    Columns of CELL_KEY, `day` and `hourly`; give it to `missing_cells`, count what is
    missing with `cell_exposure`, store it, and hand everything to `Counts.with_cells`.
    """
    from cx_analytics.attribute.incidents import scan

    groups = [group for group in singles(counts) if group.names[0] in counts.wide]
    groups += [*pairs(counts), *individuals(counts)]
    days = pl.DataFrame({"day": counts.days}, schema={"day": pl.Date()})
    whole = [_named(counts, group).join(days, how="cross") for group in groups]
    frames = [frame.with_columns(hourly=pl.lit(False)) for frame in whole]
    for name, code, first, last in scan(counts):
        touched = counts.days[first // 24 : -(-last // 24)]
        frame = _named(counts, Group((name,), np.array([[code]])))
        frames.append(
            frame.join(pl.DataFrame({"day": touched}), how="cross").with_columns(
                hourly=pl.lit(True)
            )
        )
    schema = {name: pl.String() for name in CELL_KEY} | {"day": pl.Date(), "hourly": pl.Boolean()}
    whole_frame = pl.concat(frames) if frames else pl.DataFrame(schema=schema)
    return whole_frame.unique().sort([*CELL_KEY, "day", "hourly"])


def _named(counts: Counts, group: Group) -> pl.DataFrame:
    """A group's cells as attribute and value names."""
    height = len(group.codes)
    data: dict[str, list[str | None]] = {}
    for place in range(2):
        name = group.names[place] if place < len(group.names) else None
        data[f"attribute_{place + 1}"] = [name] * height
        data[f"value_{place + 1}"] = (
            [counts.columns[name].levels[code] for code in group.codes[:, place]]
            if name is not None
            else [None] * height
        )
    return pl.DataFrame(data, schema={key: pl.String() for key in CELL_KEY})
