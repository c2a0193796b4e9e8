"""The watch on lots: has one begun to fail, before a fit would call it a cause?

Belongs here: evidence day by day for every value of an attribute that names a lot. Stays out:
causes (search.py) and the watch on what was fixed (loop/watch.py).

The evidence is a Shiryaev-Roberts e-detector (Shin, Ramdas & Rinaldo, E-detectors,
arXiv:2203.03532, section 2): R = (1 + R) L over the days of the window, L being the likelihood
ratio of the day's faults at a multiple of the background, tempered for over-dispersion; the mean
of R over some multiples. While a lot is sound R minus the number of days is a supermartingale, so
R passes 365 N / alpha for any of N lots within a year with probability at most alpha. A fault
counts by the part of it that no cause in the model explains: what is known does not alarm.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from cx_analytics.attribute.counts import Bools, Floats
from cx_analytics.attribute.search import Search
from cx_analytics.contracts.words import label

RATIOS = (1.5, 2.5, 5.0)
"""How many times the background a bad lot may bring; their evidence is averaged."""

SPREAD = 1.5
"""Dispersion that daily counts may have beyond Poisson: faults cluster in customers."""

MARGIN = 1.3
"""Sound lots may lie this much above the background: models and customers differ."""

FALSE_ALARMS_A_YEAR = 0.01
HIGHEST = 1e12

LOTS_SCHEMA = pl.Schema(
    {
        "label": pl.String(),
        "sessions": pl.Int64(),
        "faults": pl.Int64(),
        "expected_faults": pl.Float64(),
        "evidence": pl.Float64(),
        "alarmed_on": pl.Date(),
    }
)


def watch_lots(search: Search) -> pl.DataFrame:
    """One row a lot that has sessions in the window: what was met, expected, and the evidence.

    `alarmed_on` is the first day at whose end the evidence passed the alarm, null while sound.
    """
    period = search.period
    names = [name for name in period.counts.values if name.rpartition("_")[2] == "lot"]
    tables = [_lots(search, name) for name in names]
    watched = sum(len(table[0]) for table in tables)
    alarm = 365.0 * max(watched, 1) / FALSE_ALARMS_A_YEAR
    frames = [_told(search, name, *table, alarm) for name, table in zip(names, tables, strict=True)]
    found = pl.concat([pl.DataFrame(schema=LOTS_SCHEMA), *frames])
    return found.sort("evidence", "label", descending=[True, False])


def _lots(search: Search, name: str) -> tuple[Floats, Floats, Floats, Bools]:
    """Of lots with sessions: exposure, faults left unexplained and expected, by day; which lots."""
    period, given = search.period, search.given()
    whole = period.counts.values[name][:, period.first : period.last]
    here: Bools = whole.sum(axis=1) > 0
    expected = whole * given.typical.sum() * given.by_day
    codes = period.codes(name)
    known = codes >= 0
    at = codes[known] * period.days + period.day[known]
    left = (given.level / given.rate)[known]
    met = np.bincount(at, left, minlength=whole.size).reshape(whole.shape)
    return whole[here], np.asarray(met[here], dtype=float), expected[here], here


def _told(
    search: Search,
    name: str,
    exposure: Floats,
    met: Floats,
    expected: Floats,
    here: Bools,
    alarm: float,
) -> pl.DataFrame:
    running = evidence(met, expected)
    passed = running >= alarm
    first = np.where(passed.any(axis=1), passed.argmax(axis=1), -1)
    start = search.period.counts.days[search.period.first]
    codes = search.period.codes(name)
    tally = np.bincount(codes[codes >= 0], minlength=len(here))
    levels = np.array(search.period.counts.columns[name].levels, dtype=object)
    return pl.DataFrame(
        {
            "label": [label({name: value}) for value in levels[here]],
            "sessions": exposure.sum(axis=1).round().astype(np.int64),
            "faults": tally[here],
            "expected_faults": expected.sum(axis=1),
            "evidence": running[:, -1],
            "alarmed_on": [start + timedelta(days=int(n)) if n >= 0 else None for n in first],
        },
        schema=LOTS_SCHEMA,
    )


def evidence(met: Floats, expected: Floats) -> Floats:
    """The mean of R over RATIOS at the end of each day; rows are lots, columns days.

    >>> calm, bad = np.full((1, 5), 2.0), np.full((1, 5), 9.0)
    >>> bool(evidence(calm, calm)[0, -1] < 10 < 1e5 < evidence(bad, calm)[0, -1])
    True
    """
    total = np.zeros_like(met)
    for ratio in RATIOS:
        gain = (met * np.log(ratio) - expected * MARGIN * (ratio - 1.0)) / SPREAD
        running = np.zeros(len(met))
        for day in range(met.shape[1]):
            running = np.minimum((1.0 + running) * np.exp(np.minimum(gain[:, day], 25.0)), HIGHEST)
            total[:, day] += running / len(RATIOS)
    return total
