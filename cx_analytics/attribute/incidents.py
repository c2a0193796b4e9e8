"""Incidents of hours: where faults of one value pile up within 1 to 72 hours.

Belongs here: finding such hours from the fault rows, and sharpening their edges once the
hourly exposure is known. Stays out: judging them; an incident is a candidate like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from cx_analytics.attribute.candidates import DENSE
from cx_analytics.attribute.counts import Bools, Counts, Floats, Ints
from cx_analytics.attribute.evidence import poisson_gain

LAGS = (4, 5, 6, 8, 10, 13, 17, 22, 30, 40, 55, 75, 100, 140, 200, 300)
LONGEST_H = 72
LEAST_GAIN = 9.0
MAX_INCIDENTS = 1500
EDGE_H = 2
FLOOR = 0.5
"""Hours in which nobody else has a fault are expected to have this part of the usual number."""


class Hours(NamedTuple):
    """A value of an attribute in a half-open range of hours since the first day's start."""

    name: str
    code: int
    first: int
    last: int


def scan(counts: Counts) -> list[Hours]:
    """Hours in which a value has far more faults than its share, strongest first.

    For each value the windows from one fault to the k-th next are tried (k in LAGS); the
    expectation is the faults of all other sessions in these hours, in proportion to its share
    of the day's sessions: inside against outside, as in Kulldorff's scan statistic (Kulldorff
    1997), or the incident of a large region would raise its own expectation. Of windows
    that start on the same day only the strongest stays; at most MAX_INCIDENTS are kept.
    """
    if not counts.has_hours or not len(counts.day):
        return []
    found: list[tuple[float, Hours]] = []
    for name in counts.values:
        found += _scan_attribute(counts, name)
    found.sort(key=lambda item: (-item[0], item[1]))
    return sorted(hours for _, hours in found[:MAX_INCIDENTS])


def _scan_attribute(counts: Counts, name: str) -> list[tuple[float, Hours]]:
    codes = counts.columns[name].codes
    order = np.argsort(codes, kind="stable")
    order = order[codes[order] >= 0]
    code, hour = codes[order], counts.hour[order]
    rate = _cumulative_rate(counts)
    usual = rate[-1] / len(rate)
    mean = np.minimum(_expected_share(counts, name), 1.0)
    inside, parts = _Faults.of(code, hour), []
    for lag in LAGS:
        if len(code) <= lag:
            break
        start = np.arange(len(code) - lag)
        first, last = hour[start], hour[start + lag] + 1
        usable = (code[start] == code[start + lag]) & (last - first <= LONGEST_H)
        # Faults of the same hour begin the same windows.
        usable[1:] &= (np.diff(code[start]) > 0) | (np.diff(first) > 0) | (np.diff(last) != 0)
        start, first, last = start[usable], first[usable], last[usable]
        observed = inside(code[start], first, last)
        share = mean[code[start], first // 24]
        others = np.maximum(rate[last] - rate[first] - observed, usual * (last - first) * FLOOR)
        gain = poisson_gain(observed, others * share / np.maximum(1.0 - share, 1e-9))
        keep = gain > LEAST_GAIN
        parts.append(np.stack([code[start], first, last, gain])[:, keep])
    if not parts:
        return []
    return _strongest(name, np.concatenate(parts, axis=1))


@dataclass(frozen=True)
class _Faults:
    """Counts faults by value and hour: from a table, or by bisection where it would be large.

    `key` is ascending, one number a fault; `before` has the faults below each number, or nothing.
    """

    width: int
    key: Ints
    before: Ints | None

    @classmethod
    def of(cls, code: Ints, hour: Ints) -> _Faults:
        """Of faults that are sorted by value and hour."""
        width = int(hour.max(initial=0)) + 2
        key = code * width + hour
        size = (int(code.max(initial=0)) + 1) * width
        if size > DENSE * len(key):
            return cls(width, key, None)
        tally = np.bincount(key, minlength=size)
        return cls(width, key, np.concatenate([[0], np.cumsum(tally)]))

    def __call__(self, value: Ints, first: Ints, last: Ints) -> Floats:
        """Faults of a value with first <= hour < last."""
        begin, end = value * self.width + first, value * self.width + last
        if self.before is None:
            found = np.searchsorted(self.key, end) - np.searchsorted(self.key, begin)
        else:
            found = self.before[end] - self.before[begin]
        return np.asarray(found, dtype=float)


def _cumulative_rate(counts: Counts) -> Floats:
    """Faults of all sessions before each hour."""
    tally = np.bincount(counts.hour, minlength=24 * len(counts.days)).astype(float)
    return np.concatenate([[0.0], np.cumsum(tally)])


def _expected_share(counts: Counts, name: str) -> Floats:
    """Share of a day's sessions that each value has, by (level, day)."""
    return np.asarray(counts.values[name] / np.maximum(counts.sessions, 1.0))


def _strongest(name: str, table: Floats) -> list[tuple[float, Hours]]:
    order = np.lexsort((table[2], table[1], -table[3], table[0]))
    code, first, last = table[:3, order].astype(np.int64)
    _, best = np.unique(code * (first.max(initial=0) // 24 + 1) + first // 24, return_index=True)
    return [
        (float(table[3, order[n]]), Hours(name, int(code[n]), int(first[n]), int(last[n])))
        for n in best
    ]


def sharpened(counts: Counts) -> list[tuple[Hours, Floats]]:
    """The scanned incidents with exact edges (within EDGE_H hours) and exposure by day.

    Only incidents whose hourly exposure is among `counts.cells` are returned.
    """
    known = _hourly(counts)
    total = np.maximum(counts.strata.sum(axis=0).T.reshape(-1), 1.0)
    rate = np.bincount(counts.hour, minlength=len(total)) / total
    result: dict[Hours, Floats] = {}
    for found in scan(counts):
        exposure = known.get((found.name, found.code))
        if exposure is None or np.isnan(exposure[found.first : found.last]).any():
            continue
        best = _edges(counts, found, exposure, rate)
        days = np.zeros(len(counts.days))
        inside = np.nan_to_num(exposure[best.first : best.last])
        np.add.at(days, np.arange(best.first, best.last) // 24, inside)
        result[best] = days
    return sorted(result.items(), key=lambda item: item[0])


def _hourly(counts: Counts) -> dict[tuple[str, int], Floats]:
    """(attribute, code) -> sessions by hour; NaN on days that were not counted by hour."""
    if counts.cells is None:
        return {}
    rows = counts.cells.filter(pl.col("hour").is_not_null())
    found: dict[tuple[str, int], Floats] = {}
    for part in rows.partition_by("attribute_1", "value_1"):
        name, value = part["attribute_1"][0], part["value_1"][0]
        if name not in counts.columns:
            continue
        place = int(np.searchsorted(np.array(counts.columns[name].levels, dtype=object), value))
        levels = counts.columns[name].levels
        if place >= len(levels) or levels[place] != value:
            continue
        found[name, place] = _by_hour(counts, part)
    return found


def _by_hour(counts: Counts, part: pl.DataFrame) -> Floats:
    exposure = np.full((len(counts.days), 24), np.nan)
    day = np.array([counts.index(day) for day in part["day"].to_list()], dtype=np.int64)
    inside = (day >= 0) & (day < len(counts.days))
    day, hour = day[inside], part["hour"].to_numpy()[inside]
    exposure[day] = np.nan_to_num(exposure[day])
    exposure[day, hour] = part["sessions"].to_numpy()[inside]
    return exposure.reshape(-1)


def _edges(counts: Counts, found: Hours, exposure: Floats, rate: Floats) -> Hours:
    """The window within EDGE_H hours of the scanned one that gains most.

    `rate` is the fault rate of all sessions by hour. The gain of a longer window must pay for
    the hours it adds, so an edge only moves where faults lie beyond their expectation.
    """
    hours = counts.hour[counts.columns[found.name].codes == found.code]
    faults = _from_zero(np.bincount(hours, minlength=len(exposure)))
    expected = _from_zero(rate * np.nan_to_num(exposure))
    unknown = _from_zero(np.isnan(exposure))
    begin = np.arange(max(0, found.first - EDGE_H), found.first + EDGE_H + 1)
    end = np.arange(found.last - EDGE_H, min(len(exposure), found.last + EDGE_H) + 1)
    first, last = (edge.reshape(-1) for edge in np.meshgrid(begin, end, indexing="ij"))
    usable = last > first
    usable[usable] &= unknown[last[usable]] == unknown[first[usable]]
    first, last = first[usable], last[usable]
    if not len(first):
        return found
    gain = poisson_gain(faults[last] - faults[first], expected[last] - expected[first])
    best = int(gain.argmax())
    return found._replace(first=int(first[best]), last=int(last[best]))


def _from_zero(values: Floats | Ints | Bools) -> Floats:
    """Running sums over hours, from zero."""
    return np.concatenate([[0.0], np.cumsum(values, dtype=float)])
