"""A log of production as the replay reads it: cases, their steps, and what each step waited for.

Belongs here: rows of step_times → arrays, in whole microseconds since 1970-01-01. Stays out:
moving time forward (floor.py), chance (drawing.py), changes (changes.py).

A row is one step of one case. Where a step works in batches, the rows that it began together are
one activity; every other row is one of its own. What an activity waited for beside its resource
and its company is its `idle_us`: time in which it stood ready, the resource was open and had room
for it, and yet it did not begin. The replay lets that much available time pass again. Set-ups and
ways between stations are part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cx_analytics.contracts.calendar import Calendar
from cx_analytics.contracts.errors import InputRefused
from cx_analytics.supply.calendar import open_quarters
from cx_analytics.supply.replaying.hours import Bools, Floats, Hours, Ints, learn_hours
from cx_analytics.supply.replaying.lines import Queues, Spans, learn_queues
from cx_analytics.supply.times import CalendarRule

COLUMNS = (
    "case_id", "position", "step", "resource", "line", "from_step", "started_at", "ended_at",
    "unit_id", "lot", "quantity_completed",
)  # fmt: skip
"""What is read of step_times."""

AFTER_ALL = -1
"""Lag of a row that begins once all earlier ones of its case have ended."""

BATCH_SHARE = 0.5
"""A step at a resource works in batches when at least this share of its rows began in a group of
its usual size, two or more. Below it, they began together by chance or by the clock."""


@dataclass(frozen=True)
class Log:
    """A log, ready to be replayed.

    Attributes
    ----------
    frame : the rows in the order of their cases and positions, as given.
    cases, resources : their names.
    lots : case_id and lot, which case belongs to which lots.
    hours, queues : when each resource is open, and who waits where.
    rows_of : (cases + 1,) the rows of case c are rows_of[c] up to rows_of[c + 1].
    lag_us : (rows,) AFTER_ALL, or how long after the row before began this one began with it
        still running.
    work_us, start_us : (rows,) as recorded.
    activity : (rows,) the activity of each row.
    place : (activities,) the resource of each; −1 = none.
    order : (activities,) the order in which they began.
    batch : (activities,) the step and queue whose batches it belongs to; −1 = none.
    patience_us : (activities,) how long its first case waits for others at most: the longest that
        one did for a batch of that kind.
    span_us : (activities,) how long it lasts.
    units : (cases,) pieces that each case brings to its end.
    drawn_as : (activities,) which activity of the log as it was each takes its draws from.
    scale : (activities,) how long it lasts in shares of what it lasted in the log as it was.
    """

    frame: pl.DataFrame
    cases: tuple[str, ...]
    resources: tuple[str, ...]
    lots: pl.DataFrame
    hours: tuple[Hours, ...]
    queues: Queues
    rows_of: Ints
    lag_us: Ints
    work_us: Ints
    start_us: Ints
    activity: Ints
    place: Ints
    order: Ints
    batch: Ints
    patience_us: Ints
    span_us: Ints
    units: Floats
    drawn_as: Ints
    scale: Floats

    @property
    def end_us(self) -> int:
        """The last end of the log."""
        return int((self.start_us + self.work_us).max())

    @property
    def case(self) -> Ints:
        """(rows,) the case of each row."""
        return np.repeat(np.arange(len(self.cases)), np.diff(self.rows_of))


def read_log(
    step_times: pl.DataFrame,
    rule: CalendarRule | None = None,
    lots: pl.DataFrame | None = None,
    calendar: Calendar | None = None,
) -> Log:
    """Rows of step_times (at least COLUMNS) → a log.

    Parameters
    ----------
    rule : says when a resource is open whose hours are not given.
    calendar : the hours that are given.
    lots : case_id and lot: lots that the cases belong to beside those of their rows.

    Raises
    ------
    InputRefused : when there is no row.
    """
    if step_times.is_empty():
        raise InputRefused(
            "there are no production events to replay",
            where="step_times",
            todo="put files into landing/production_events and run 'cx run'",
        )
    frame = step_times.select(COLUMNS).sort(
        "case_id", "position", "started_at", maintain_order=True
    )
    start, end = (frame[name].dt.epoch("us").to_numpy() for name in ("started_at", "ended_at"))
    lengths = frame.group_by("case_id", maintain_order=True).len()
    rows_of = np.concatenate([[0], np.cumsum(lengths["len"].to_numpy())]).astype(np.int64)
    covered = _covered(frame, end)
    overlaps = start < covered
    lag = np.where(overlaps, np.diff(start, prepend=0), AFTER_ALL)
    ready = np.minimum(covered, start)
    resources, place_of_row = _resources(frame)
    batch = _batches(frame, ~overlaps & (end > start))
    activity = _activities(frame, start, ready, batch)
    spans = _spans(frame, activity, place_of_row, ready)
    given = _given(frame, calendar or Calendar())
    hours = _hours(resources, spans, rule or CalendarRule(), given)
    queues = learn_queues(spans, hours)
    batches = _batch_of(batch, activity, spans, queues.line)
    count = len(spans.start)
    return Log(
        frame=frame,
        cases=tuple(lengths["case_id"].to_list()),
        resources=resources,
        lots=_lots(frame, lots),
        hours=hours,
        queues=queues,
        rows_of=rows_of,
        lag_us=lag,
        work_us=end - start,
        start_us=start,
        activity=activity,
        place=spans.place,
        order=np.arange(count),
        batch=batches,
        patience_us=_patience(batches, activity, ready),
        span_us=spans.end - spans.start,
        units=_units(frame),
        drawn_as=np.arange(count),
        scale=np.ones(count),
    )


def _lots(frame: pl.DataFrame, more: pl.DataFrame | None) -> pl.DataFrame:
    own = frame.select("case_id", "lot").drop_nulls().unique()
    if more is None:
        return own
    ours = more.select(pl.col("case_id", "lot").cast(pl.String))
    return pl.concat(
        [own, ours.filter(pl.col("case_id").is_in(frame["case_id"].unique().implode()))]
    ).unique()


def _covered(frame: pl.DataFrame, end: Ints) -> Ints:
    """The last end of the earlier rows of the case; at its first row far in the future."""
    told = frame.select("case_id", end=pl.Series(end)).select(
        pl.col("end").cum_max().shift(1).over("case_id").fill_null(np.iinfo(np.int64).max)
    )
    covered = told["end"].to_numpy().copy()
    first = covered == np.iinfo(np.int64).max
    covered[first] = frame["started_at"].dt.epoch("us").to_numpy()[first]
    return covered


def _resources(frame: pl.DataFrame) -> tuple[tuple[str, ...], Ints]:
    names = frame["resource"].drop_nulls().unique().sort()
    numbers = pl.DataFrame({"resource": names, "place": np.arange(len(names), dtype=np.int64)})
    joined = frame.select("resource").join(
        numbers, on="resource", how="left", maintain_order="left"
    )
    return tuple(names.to_list()), joined["place"].fill_null(-1).to_numpy()


def _batches(frame: pl.DataFrame, free: Bools) -> Ints:
    """The number of the step and resource whose batches a row belongs to; −1 = it goes alone.

    Rows of no duration and rows that overlap their own case keep company with nobody: two of
    them could wait for each other for ever.
    """
    place, moment = ["resource", "step"], ["resource", "step", "started_at"]
    size = pl.col("case_id").n_unique().over(moment)
    usual = size.mode(maintain_order=True).max().over(place)
    often = (size == usual).mean().over(place) >= BATCH_SHARE
    kept = often & (usual > 1) & pl.col("resource").is_not_null() & pl.Series(free)
    told = frame.select(batch=pl.when(kept).then(pl.struct(place).rank("dense")))
    return told["batch"].cast(pl.Int64).fill_null(-1).to_numpy()


def _activities(frame: pl.DataFrame, start: Ints, ready: Ints, batch: Ints) -> Ints:
    """The activity of each row, numbered by the order of the beginnings."""
    told = frame.select(
        "case_id", "position", start=pl.Series(start), ready=pl.Series(ready),
        batch=pl.Series(batch),
    ).with_row_index("row")  # fmt: skip
    together = (pl.col("batch") >= 0) & pl.struct("batch", "start", "case_id").is_first_distinct()
    keyed = told.with_columns(
        key=pl.when(together)
        .then(pl.col("row").min().over("batch", "start", together))
        .otherwise("row")
    )
    ordered = (
        keyed.group_by("key")
        .agg(pl.col("start").first(), pl.col("ready").max(), pl.col("position", "case_id").min())
        .sort("start", "ready", "position", "case_id", "key")
        .with_row_index("activity")
    )
    numbers = keyed.join(
        ordered.select("key", "activity"), on="key", how="left", maintain_order="left"
    )
    return numbers["activity"].to_numpy().astype(np.int64)


def _spans(frame: pl.DataFrame, activity: Ints, place: Ints, ready: Ints) -> Spans:
    start, end = (frame[name].dt.epoch("us").to_numpy() for name in ("started_at", "ended_at"))
    lead = np.empty(int(activity.max()) + 1, np.int64)
    lead[activity] = np.arange(len(activity))
    last, complete = start[lead], ready[lead]
    np.maximum.at(last, activity, end)
    np.maximum.at(complete, activity, ready)
    step = frame["step"].rank("dense").cast(pl.Int64).to_numpy()
    return Spans(step[lead], place[lead], complete, start[lead], last)


def _given(frame: pl.DataFrame, calendar: Calendar) -> dict[str, frozenset[int]]:
    """The open quarters of the week of each resource that is given some."""
    lines = frame.group_by("resource").agg(pl.col("line").min()).drop_nulls("resource")
    found = {name: open_quarters(calendar, name, line) for name, line in lines.iter_rows()}
    return {name: week for name, week in found.items() if week is not None}


def _hours(
    resources: Sequence[str],
    spans: Spans,
    rule: CalendarRule,
    given: Mapping[str, frozenset[int]],
) -> tuple[Hours, ...]:
    worked = {}
    for place, name in enumerate(resources):
        here = spans.at(place)
        worked[name] = list(zip(spans.start[here].tolist(), spans.end[here].tolist(), strict=True))
    learned = learn_hours(worked, rule, given)
    return tuple(learned[name] for name in resources)


def _batch_of(batch: Ints, activity: Ints, spans: Spans, line: Ints) -> Ints:
    """The batches that fill one after the other: those of a step in one queue."""
    each = np.full(len(spans.start), -1)
    np.maximum.at(each, activity, batch)
    keys = np.stack([spans.step, line])
    return np.where(each >= 0, np.unique(keys, axis=1, return_inverse=True)[1].ravel(), -1)


def _patience(batch: Ints, activity: Ints, ready: Ints) -> Ints:
    first, last = np.full(len(batch), np.iinfo(np.int64).max), np.zeros(len(batch), np.int64)
    np.minimum.at(first, activity, ready)
    np.maximum.at(last, activity, ready)
    longest = np.zeros(int(batch.max()) + 2, np.int64)
    np.maximum.at(longest, batch, last - first)
    return longest[batch]


def _units(frame: pl.DataFrame) -> Floats:
    """Pieces a case brings to its end: good ones of its last step, else its units, else one."""
    last = pl.col("step") == pl.col("step").last()
    told = frame.group_by("case_id", maintain_order=True).agg(
        good=pl.col("quantity_completed").filter(last).sum(),
        named=pl.col("unit_id").drop_nulls().n_unique(),
    )
    each = (
        pl.when(pl.col("good") > 0)
        .then("good")
        .otherwise(pl.max_horizontal(pl.col("named"), pl.lit(1)))
    )
    return told.select(each.cast(pl.Float64).alias("units"))["units"].to_numpy()
