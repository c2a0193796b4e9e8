"""What is counted about the data themselves: plain numbers, no judgement.

Belongs here: the shapes that counting fills and judging reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

LEAST_SESSIONS = 100
"""Below so many sessions nothing is said of a thing, not even that it cannot be said."""

LEAST_SHARE = 0.01
"""A metric is called odd only where at least this share of its readings is."""

LOW_CARDINALITY = 200
"""Values up to which an attribute is asked whether a metric goes wrong with it."""


@dataclass(frozen=True)
class Weight:
    """Sessions and faults of one customer, who stays unnamed."""

    sessions: int
    faults: int


@dataclass(frozen=True)
class Totals:
    """The window as a whole; `heaviest` are those with most sessions and most faults."""

    sessions: int = 0
    faults: int = 0
    customers: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    heaviest: tuple[Weight, ...] = ()


@dataclass(frozen=True)
class Reach:
    """An attribute: its values, the sessions that have one, and how few customers meet them.

    `few` are the values that fewer customers met than a cause needs, `few_sessions` theirs.
    """

    attribute: str
    values: int
    sessions: int
    one_customer: int = 0
    few: int = 0
    few_sessions: int = 0


@dataclass(frozen=True)
class Spread:
    """The readings of a metric in all sessions, or (see `Odd`) in those of one value."""

    readings: int
    lowest: float | None = None
    highest: float | None = None
    impossible: int = 0

    @property
    def constant(self) -> bool:
        return self.readings > 0 and self.lowest == self.highest

    @property
    def untrue(self) -> bool:
        """Whether not a single reading can be true."""
        return 0 < self.readings == self.impossible


@dataclass(frozen=True)
class Odd:
    """A value of an attribute with which a metric never varies, or is never possible."""

    attribute: str
    value: str
    customers: int
    spread: Spread


@dataclass(frozen=True)
class Metric:
    """A metric: what can be true, how it spreads, and where it is odd."""

    name: str
    low: float | None
    high: float | None
    values: int
    spread: Spread
    odd: tuple[Odd, ...] = ()


@dataclass(frozen=True)
class DataCounts:
    """Everything that limits follow from; `alike` are attributes that divide sessions alike."""

    totals: Totals
    reaches: tuple[Reach, ...] = ()
    alike: tuple[tuple[str, ...], ...] = ()
    metrics: tuple[Metric, ...] = ()
