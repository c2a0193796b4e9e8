"""Times drawn anew: a world like the one of the log, with other luck.

Belongs here: chance, from a seed, over the activities of a log. Stays out: what happens with the
times (floor.py).

An activity lasts, and lets pass, what one of its neighbours did: one of the NEAREST before and
after it in the log, of the same kind. Near in time because a plant changes over the weeks (how
loaded, how hurried it is): times drawn from the whole log would mix calm weeks with busy ones and
make queues that were never there. This is a local bootstrap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from cx_analytics.supply.replaying.floor import Times
from cx_analytics.supply.replaying.hours import Ints
from cx_analytics.supply.replaying.log import Log

NEAREST = 3
"""Neighbours on each side that a time is drawn from, itself among them."""

FEWEST = 2 * NEAREST + 1
"""Activities that a kind needs; one with fewer is drawn with a wider kind."""


class Drawing:
    """Draws of the times of a log.

    Parameters
    ----------
    log : the log as it was. Worlds that differ from it take the same draws: common random numbers.

    How long it lasts is drawn from the same step at the same resource, else from the same step;
    what it lets pass from the same transition to the resource, else from the step there, else
    from the step.
    """

    def __init__(self, log: Log) -> None:
        self.log = log
        rows = log.frame.with_columns(activity=pl.Series(log.activity))
        lead = rows.unique("activity", keep="first").sort("activity")
        step, here = ["step"], ["step", "resource"]
        self.span = _Neighbours(_kinds(lead, here, step))
        self.idle = _Neighbours(_kinds(lead, ["from_step", *here], here, step))

    def draw(self, seed: int, number: int) -> tuple[Ints, Ints]:
        """Which activity each takes its span from, and which its idle time: (activities,) each.

        The same seed and number give the same.
        """
        chances = np.random.SeedSequence([seed, number]).spawn(2)
        span, idle = (np.random.default_rng(one) for one in chances)
        return self.span.draw(span), self.idle.draw(idle)

    def times(self, world: Log, seed: int, number: int) -> Times:
        """The draw of that number as the times of a world made from the log."""
        span_of, idle_of = (each[world.drawn_as] for each in self.draw(seed, number))
        span = np.rint(self.log.span_us[span_of] * world.scale).astype(np.int64)
        work = _share_of(world.work_us, world.span_us, world.activity, span)
        return Times(work, span, self.log.queues.idle_us[idle_of], drawn=True)


def _share_of(work_us: Ints, span_us: Ints, activity: Ints, drawn_us: Ints) -> Ints:
    """Each case works the share of its activity that it did; all of it where there was none."""
    before, after = span_us[activity], drawn_us[activity]
    share = np.where(before > 0, work_us / np.maximum(before, 1), 1.0)
    return np.rint(after * share).astype(np.int64)


def _kinds(lead: pl.DataFrame, *keys: Sequence[str]) -> Ints:
    """The number of each activity's kind: by the first key under which it has FEWEST."""
    kind = pl.lit(None, pl.String)
    for number, key in reversed(list(enumerate(keys))):
        parts = [pl.lit(str(number)), *(pl.col(one).fill_null("") for one in key)]
        enough = (pl.len() >= FEWEST).over(list(key)) | pl.lit(number == len(keys) - 1)
        kind = pl.when(enough).then(pl.concat_str(parts, separator="\0")).otherwise(kind)
    named = lead.select(kind.rank("dense").alias("kind"))["kind"]
    return named.to_numpy().astype(np.int64) - 1


class _Neighbours:
    """The activities of each kind in the order of the log."""

    def __init__(self, kind: Ints) -> None:
        self.sorted = np.argsort(kind, kind="stable")
        count = np.bincount(kind)
        self.first = (np.cumsum(count) - count)[kind]
        self.last = self.first + count[kind] - 1
        self.place = np.empty(len(kind), np.int64)
        self.place[self.sorted] = np.arange(len(kind))

    def draw(self, chance: np.random.Generator) -> Ints:
        """One neighbour each; at both ends of a kind the window keeps its width."""
        width = 2 * NEAREST
        low = np.clip(self.place - NEAREST, self.first, np.maximum(self.first, self.last - width))
        high = np.minimum(self.last, low + width)
        return np.asarray(self.sorted[chance.integers(low, high + 1)])
