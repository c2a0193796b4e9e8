"""How many contacts of each kind are to be expected, from past weeks alone.

The level of each value of each attribute is that of its own past weeks, with odd weeks cut down;
weekdays differ as they did in the past; combinations follow by iterative proportional fitting
(Deming & Stephan 1940, Ann. Math. Stat. 11, 427-444) of their own past to these levels.

App versions replace one another: what the old ones lose, the new one gains, and that is no rise.
The contacts that some versions lack are expected from those that have more than before. So a new
version is in excess only by as much as all versions together are.

Belongs here: expectations, and how much they are off on usual days. Stays out: deviations.
"""

from __future__ import annotations

import numpy as np

from cx_analytics.attribute.contacts.history import Floats, History
from cx_analytics.attribute.cuboids.counting import median

WEEKS, FEWEST_WEEKS = 6, 3
"""Past weeks that a level is taken from, and how many there must be."""

GONE = 0.2
"""A week with less than this share of the usual contacts was not reported, and is left out."""

OWN_PRIOR = 5.0
"""Contacts that speak for a combination being what its attributes alone imply."""

WEEKDAY_PRIOR = 50.0
"""Contacts that speak for all weekdays being alike."""

TURNOVER = "app_version"
"""The attribute whose values replace one another."""

RECENT = 14
"""Days before a window that say nothing about usual days: a rise may be going on."""

FITTING_ROUNDS = 12

CHI_MEDIAN = 0.4549
"""Median of a chi-square with one degree of freedom."""


def expected(history: History, last: int, days: int, *, replacing: bool = True) -> Floats | None:
    """Contacts expected of each combination in the `days` days up to row `last`, inclusive.

    None when there are not enough weeks before. Only rows before the window are looked at,
    except for which versions lost and gained when they are taken to be `replacing` one another.
    """
    first = last - days + 1
    weeks = past_weeks(history, first)
    if weeks is None:
        return None
    share = float(weekday_shares(history, first)[np.arange(first, last + 1) % 7].sum())
    observed = history.counts[first : last + 1].sum(axis=0)
    total = float(level(weeks.sum(axis=1, keepdims=True))[0]) * share
    margins = {}
    for name in history.values:
        margin = level(history.margin(name, weeks)) * share
        margin *= total / max(float(margin.sum()), 1e-9)
        if replacing and name == TURNOVER:
            margin = replaced(margin, history.margin(name, observed))
        margins[name] = margin
    seen = weeks.sum(axis=0)
    start = _start(history, level(weeks) * share, seen, margins)
    # What only comes later must not take contacts from what is there.
    return _fitted(history, start * ((seen > 0) | (observed > 0)), margins)


def past_weeks(history: History, first: int) -> Floats | None:
    """Sums of whole weeks before a row, the latest first, shape (weeks, combinations).

    Weeks in which hardly anything was reported are left out.
    """
    number = min(WEEKS, first // 7)
    if number < FEWEST_WEEKS:
        return None
    rows = history.counts[first - 7 * number : first]
    weeks = rows.reshape(number, 7, -1).sum(axis=1)[::-1]
    size = weeks.sum(axis=1)
    known = weeks[size >= GONE * median(size)]
    return known if len(known) >= FEWEST_WEEKS and size.any() else None


def level(weeks: Floats) -> Floats:
    """The usual sum of a week: a mean in which odd weeks are cut down to three deviations."""
    middle = median(weeks)
    most = middle + 3.0 * np.sqrt(middle + 1.0)
    return np.asarray(np.minimum(weeks, most).mean(axis=0))


def weekday_shares(history: History, first: int) -> Floats:
    """Share of a week's contacts by row number modulo 7, from the weeks before a row."""
    number = min(WEEKS, first // 7)
    start = first - 7 * number
    weeks = history.total[start:first].reshape(number, 7)
    size = weeks.sum(axis=1, keepdims=True)
    kept = size[:, 0] > 0
    usual = median(weeks[kept] / size[kept]) if kept.any() else np.full(7, 1 / 7)
    seen = float(size.sum()) / 7
    shares = (seen * usual + WEEKDAY_PRIOR / 7) / (seen + WEEKDAY_PRIOR)
    shares /= shares.sum()
    return np.roll(shares, start % 7)


def replaced(usual: Floats, observed: Floats) -> Floats:
    """Levels of values that replace one another, their sum unchanged.

    What some values lack is taken off them and expected from those that have more than usual.

    >>> replaced(np.array([40.0, 20.0, 0.0]), np.array([10.0, 20.0, 30.0])).tolist()
    [10.0, 20.0, 30.0]
    >>> replaced(np.array([40.0, 20.0, 0.0]), np.array([30.0, 20.0, 100.0])).tolist()
    [30.0, 20.0, 10.0]
    """
    lost = np.maximum(usual - observed, 0.0)
    gained = np.maximum(observed - usual, 0.0)
    moved = min(float(lost.sum()), float(gained.sum()))
    if moved <= 0:
        return usual
    return np.asarray(usual + moved * (gained / gained.sum() - lost / lost.sum()))


def _start(history: History, own: Floats, seen: Floats, margins: dict[str, Floats]) -> Floats:
    """Combinations by their own past, shape (combinations,).

    Those with few contacts `seen` in all past weeks are taken to be what their attributes imply.
    """
    total = float(next(iter(margins.values())).sum())
    implied: Floats = np.full(len(own), total)
    for name, margin in margins.items():
        implied *= margin[history.codes[name]] / max(total, 1e-9)
    weight = seen / (seen + OWN_PRIOR)
    return np.asarray(weight * own + (1.0 - weight) * implied)


def _fitted(history: History, start: Floats, margins: dict[str, Floats]) -> Floats:
    """Combinations with the given margins, as near as can be to a start."""
    found = start
    for _ in range(FITTING_ROUNDS):
        for name, margin in margins.items():
            sums = history.margin(name, found)
            ratio = np.divide(margin, sums, out=np.ones_like(margin), where=sums > 0)
            found = found * ratio[history.codes[name]]
    return found


def dispersion(history: History, last: int, days: int) -> float:
    """alpha of the variance mu + alpha mu^2 of a window's total on usual days up to a row.

    From the median squared error of the forecasts of the weeks before, one a day; the last two
    weeks are left out, so that a rise that goes on does not pass for usual.
    """
    end = last - max(days, RECENT)
    rows = range(max(days, end - 7 * WEEKS), end + 1)
    squares = [error for row in rows if (error := _error(history, row, days))]
    if len(squares) < 7:
        return UNKNOWN_DISPERSION
    square, mean = np.array(squares).T
    low, high = 0.0, 4.0
    for _ in range(30):
        alpha = 0.5 * (low + high)
        wide = median(square / (mean + alpha * mean**2)) > CHI_MEDIAN
        low, high = (alpha, high) if wide else (low, alpha)
    return max(high, LEAST_DISPERSION)


def _error(history: History, row: int, days: int) -> tuple[float, float] | None:
    """Squared error of the total of the days up to a row, and the total that was expected.

    It is that of any later day as well, and kept for it. None without weeks enough before.
    """
    known, first = history.errors, row - days + 1
    if (first, days) not in known:
        weeks, told = past_weeks(history, first), None
        if weeks is not None:
            share = weekday_shares(history, first)[np.arange(first, row + 1) % 7].sum()
            mean = float(level(weeks.sum(axis=1, keepdims=True))[0] * share)
            told = (float((history.total[first : row + 1].sum() - mean) ** 2), mean)
        known[first, days] = told
    return known[first, days]


LEAST_DISPERSION = 0.005
"""The least alpha: past weeks never tell the next one better than to 7 %."""

UNKNOWN_DISPERSION = 0.05
"""alpha while there are too few forecasts to learn it from: days differ by a fifth."""
