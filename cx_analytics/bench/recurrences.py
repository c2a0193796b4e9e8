"""`bench recurrences`: how often the watch on a fixed cause cries wolf, and how late it is.

Belongs here: simulated years of daily counts and rates of alarms over them. Stays out: the
detector itself (loop/detector.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cx_analytics.loop.detector import ALARM, evidence

YEAR, QUIET, AFTER = 365, 180, 200
"""Days of a calm year, quiet days before a return, days after it."""

CHUNK = 1000
"""Years that are held at a time."""

HEADER = (
    "expected faults a day",
    "calm year: alarm",
    "days half as spread again",
    "a fifth above its estimate",
    "daily 3-sigma rule",
    "doubled: median delay, days",
    "90 % noticed within, days",
)


@dataclass(frozen=True)
class Calm:
    """A calm world: variance over mean of its daily counts, and rate over the estimate."""

    spread: float = 1.0
    above: float = 1.0


CALM = (Calm(), Calm(spread=1.5), Calm(above=1.2))
MEANS = (1.0, 5.0, 30.0)


def recurrences(
    worlds: int, seed: int, *, say: Callable[[str], None] = print
) -> list[tuple[str, ...]]:
    """Rows under HEADER, one a mean; `worlds` years of each kind."""
    rows = []
    for mean in MEANS:
        calm = [alarms(mean, one, worlds, seed) for one in CALM]
        late = delays(mean, worlds, seed)
        ends = (np.median(late), np.quantile(late, 0.9))
        figures = [*(f"{one:.4f}" for one in calm), f"{naive(mean, worlds, seed):.3f}"]
        rows.append((f"{mean:g}", *figures, *(f"{one:.0f}" for one in ends)))
        say(" | ".join(rows[-1]))
    return rows


def alarms(mean: float, calm: Calm, worlds: int, seed: int) -> float:
    """Share of calm years with an alarm."""
    counts = _counts(mean * calm.above, calm.spread, worlds, YEAR, seed)
    struck = [
        (evidence(mean, part).max(axis=-1) >= ALARM).sum()
        for part in np.array_split(counts, -(-worlds // CHUNK))
    ]
    return float(sum(struck)) / worlds


def naive(mean: float, worlds: int, seed: int) -> float:
    """Share of calm years in which some day lies three standard deviations above the mean."""
    counts = _counts(mean, 1.0, worlds, YEAR, seed)
    return float((counts > mean + 3 * np.sqrt(mean)).any(axis=1).mean())


def delays(mean: float, worlds: int, seed: int) -> npt.NDArray[np.int64]:
    """Days until a doubled rate is noticed, the day of the alarm counted; AFTER where it is not.

    Watches that cried wolf before are left out.
    """
    quiet = _counts(mean, 1.0, worlds, QUIET, seed + 1)
    back = _counts(2 * mean, 1.0, worlds, AFTER, seed + 2)
    found = []
    for part in np.array_split(np.concatenate([quiet, back], axis=1), -(-worlds // CHUNK)):
        alarmed = evidence(mean, part) >= ALARM
        later = alarmed[~alarmed[:, :QUIET].any(axis=1), QUIET:]
        found.append(np.where(later.any(axis=1), later.argmax(axis=1) + 1, AFTER))
    return np.concatenate(found)


def _counts(mean: float, spread: float, worlds: int, days: int, seed: int) -> npt.NDArray[np.int64]:
    random = np.random.default_rng([seed, round(mean * 1000), round(spread * 1000)])
    if spread == 1:
        return random.poisson(mean, (worlds, days))
    return random.negative_binomial(mean / (spread - 1), 1 / spread, (worlds, days))
