"""Which topic, version, model or channel carries a rise of contacts?

Each day is localised twice, alone and with the six days before it; what carries a rise must be
out of line with how much whole days vary, too. There is no exposure: a rise may come from more
users as well as from more trouble.

Belongs here: windows, confirmation, onset. Stays out: expectations (forecast.py) and the search
(cuboids).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import polars as pl

from cx_analytics.attribute.contacts.forecast import TURNOVER, dispersion, expected
from cx_analytics.attribute.contacts.history import Bools, Floats, History
from cx_analytics.attribute.cuboids import Localization, localize
from cx_analytics.attribute.cuboids.result import text_of
from cx_analytics.attribute.evidence import poisson_gain
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import CONTACT_SHIFTS

WINDOWS = (1, 7)
"""Days that are looked at together."""

LEAST_RATIO, LEAST_EXCESS = 1.3, 5.0
"""A rise that is smaller is not worth a message."""

LEAST_SHARE = 0.05
"""A rise must bring so much of the excess of the largest one of its day."""

LEAST_GAIN = 8.0
"""Nats by which a rise must be out of line with how much whole days vary."""

LEAST_GAIN_AROUND = 6.0
"""Nats for all versions together: a new version alone proves nothing, it takes over from others."""

LONGEST = 28
"""Days that an onset is looked for."""

REACH_DAYS = 140
"""Days before a day that what is said of it may depend on: six weeks before each window that
tells how usual days vary, and some weeks more."""

EVERYTHING = "all contacts"
"""The label when contacts rise, and no kind of them stands out."""


@dataclass(frozen=True)
class _Rise:
    """What one window says of one set of conditions."""

    conditions: Mapping[str, str]
    days: int
    contacts: float
    expected: float
    gain: float

    @property
    def excess(self) -> float:
        return self.contacts - self.expected

    @property
    def label(self) -> str:
        return text_of(self.conditions) if self.conditions else EVERYTHING


def contact_shifts(contacts: pl.DataFrame, since: date | None = None) -> pl.DataFrame:
    """Rises of contacts by day, as rows of the table `contact_shifts`.

    Parameters
    ----------
    contacts : rows of `day`, `topic`, `app_version`, `device_model`, `channel` (text or null) and
        `contacts` (how many).
    since : first day to say anything of; default the first with weeks enough before it.
    """
    if contacts.is_empty():
        return frame_of([], CONTACT_SHIFTS)
    history = History.of(contacts)
    by_day = _Daily(history)
    rows = [
        row
        for last in range(history.days)
        if since is None or history.day(last) >= since
        for row in _rows(history, last, by_day)
    ]
    return frame_of(rows, CONTACT_SHIFTS)


def _rows(history: History, last: int, by_day: _Daily) -> Iterator[dict[str, object]]:
    windows = [window for days in WINDOWS if (window := _window(history, last, days))]
    told = [rise for window in windows for rise in _told(window)]
    if not told:
        told = [rise for window in windows if _tells(rise := window.rise({}))]
    rises: dict[str, _Rise] = {}
    for rise in sorted(told, key=lambda one: -one.gain):
        rises.setdefault(rise.label, rise)
    least = LEAST_SHARE * max((rise.excess for rise in told), default=0.0)
    for rise in rises.values():
        if rise.excess >= least:
            yield {
                "as_of": history.day(last),
                "days": rise.days,
                "conditions": dict(rise.conditions),
                "label": rise.label,
                "contacts": round(rise.contacts),
                "expected": rise.expected,
                "ratio": rise.contacts / rise.expected,
                "excess": rise.excess,
                "gain": rise.gain,
                "started_on": by_day.onset(rise.conditions, last),
            }


def _window(history: History, last: int, days: int) -> _Window | None:
    """The window of `days` days up to a row; None when too few weeks lie before it."""
    mean = expected(history, last, days)
    if mean is None:
        return None
    seen = history.counts[last - days + 1 : last + 1].sum(axis=0)
    return _Window(history, last, days, seen, mean, dispersion(history, last, days))


def _told(window: _Window) -> Iterator[_Rise]:
    """What carries a rise in the window and is worth a message."""
    found = window.localized()
    if found.drift > 1.0 and _tells(whole := window.rise({})):
        yield whole
    above = [window.rise(one.conditions) for one in found.elements if one.direction == "above"]
    common: dict[str, bool] = {}
    for rise in sorted(above, key=lambda one: -one.excess):
        if TURNOVER not in rise.conditions:
            if _tells(rise):
                yield rise
            continue
        parent = window.rise(without_version(rise.conditions))
        # The largest rise of a version says whether the others, which should lose, rise as well.
        if parent.label not in common:
            common[parent.label] = window.others_rise(rise.conditions)
        told = parent if common[parent.label] else rise
        if _tells(told) and parent.gain >= LEAST_GAIN_AROUND:
            yield told


def without_version(conditions: Mapping[str, str]) -> Mapping[str, str]:
    """The conditions of all versions together."""
    return {name: value for name, value in conditions.items() if name != TURNOVER}


@dataclass(frozen=True)
class _Window:
    """Some days, with what came and what was to be expected by combination."""

    history: History
    last: int
    days: int
    seen: Floats
    mean: Floats
    alpha: float

    def localized(self) -> Localization:
        """The elements of the window's deviation."""
        kept = pl.Series((self.mean > 0) | (self.seen > 0))
        table = self.history.combinations.with_columns(
            real=pl.Series(self.seen), predict=pl.Series(self.mean)
        )
        return localize(table.filter(kept), least_dispersion=self.alpha)

    def rise(self, conditions: Mapping[str, str]) -> _Rise:
        """What the window says of all combinations that meet the conditions."""
        inside = members(self.history, conditions)
        contacts = float(self.seen[inside].sum())
        usual = max(float(self.mean[inside].sum()), 1e-3)
        gain = gain_of(contacts, usual, self.alpha)
        return _Rise(conditions, self.days, contacts, usual, gain)

    def others_rise(self, conditions: Mapping[str, str]) -> bool:
        """Whether the other versions have more than usual, too, though they should have less."""
        usual = expected(self.history, self.last, self.days, replacing=False)
        assert usual is not None
        value, versions = conditions[TURNOVER], self.history.values[TURNOVER]
        codes = self.history.codes[TURNOVER]
        other = members(self.history, without_version(conditions))
        other &= (codes < len(versions) - 1) & (codes != versions.index(value))
        contacts, mean = float(self.seen[other].sum()), float(usual[other].sum())
        clear = gain_of(contacts, mean, self.alpha) >= LEAST_GAIN_AROUND
        return clear and contacts >= LEAST_RATIO * mean


def _tells(rise: _Rise) -> bool:
    large = rise.contacts >= LEAST_RATIO * rise.expected and rise.excess >= LEAST_EXCESS
    return large and rise.gain >= LEAST_GAIN


def members(history: History, conditions: Mapping[str, str]) -> Bools:
    """Which combinations meet all conditions, as a mask."""
    inside = np.ones(history.combinations.height, dtype=np.bool_)
    for name, value in conditions.items():
        inside &= history.codes[name] == history.values[name].index(value)
    return inside


def gain_of(contacts: float, mean: float, alpha: float) -> float:
    """Log-likelihood ratio of a raised mean, for counts with variance mu + alpha mu^2.

    >>> round(gain_of(120, 60, 0.0), 1), round(gain_of(120, 60, 0.02), 1), gain_of(50, 60, 0.0)
    (23.2, 6.8, 0.0)
    """
    scale = 1.0 / (1.0 + alpha * max(contacts, mean))
    return float(poisson_gain(np.array([contacts * scale]), np.array([mean * scale]))[0])


class _Daily:
    """Expectations of single days, made when first asked for."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.expected = lru_cache(maxsize=2 * LONGEST)(lambda row: expected(history, row, 1))

    def onset(self, conditions: Mapping[str, str], last: int) -> date:
        """The first day of the window up to `last` in which the rise stands out most."""
        inside = members(self.history, conditions)
        seen = mean = 0.0
        best, start = -1.0, last
        for row in range(last, max(-1, last - LONGEST), -1):
            forecast = self.expected(row)
            if forecast is None:
                break
            seen += float(self.history.counts[row, inside].sum())
            mean += float(forecast[inside].sum())
            gain = gain_of(seen, mean, 0.0)
            if gain > best:
                best, start = gain, row
        return self.history.first + timedelta(days=start)
