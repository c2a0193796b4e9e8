"""The shop floor in motion: cases move from step to step, and resources serve who waits.

Belongs here: the discrete-event simulation (SimPy) of one world. Stays out: where its times come
from (log.py, drawing.py), what is changed in it (changes.py), and what is made of it (compare.py).

Whoever waits at a resource is served in the order of the log, among those who are ready. An
activity may begin when its resource is open, works on no more others than it did when the
activity began in the log (and one more for each resource that was added), and has been
available to it for the activity's idle time. Time is in whole microseconds: no rounding, so a
replay without a change gives the log back.

A batch begins when all its cases are there. With the recorded times these are those of the log;
with times drawn anew they are the next ones that come, as long as the first of them has patience:
a batch that kept waiting for the company that it once had would wait as nobody does.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import simpy
from simpy.events import EventPriority

from cx_analytics.supply.replaying.hours import ALWAYS, Ints
from cx_analytics.supply.replaying.log import AFTER_ALL, Log
from cx_analytics.supply.replaying.queue import BUSY, CLOSED, RUNS, UNSEEN, Line, Station, Waiting

DISPATCH = cast(EventPriority, 2)
"""Priority of serving among the events of one moment: after all that SimPy calls normal (1)."""

FOREVER = 2**63 - 1


@dataclass(frozen=True)
class Rules:
    """How a world differs from the log.

    Parameters
    ----------
    held : case → [from, until) in microseconds, in which it goes to no step.
    added : resource → how many more like it.
    always_open : resources that never close.
    """

    held: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    added: Mapping[int, int] = field(default_factory=dict)
    always_open: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Run:
    """What came to pass, in microseconds; UNSEEN for rows that never came to it.

    Attributes
    ----------
    arrived, begun, ended : (rows,) when the case was free for it, began it, and was through.
    batching, busy, closed : (rows,) how long it waited for its batch, for a busy and for a closed
        resource. What is left of the wait is idle time and holds.
    """

    arrived: Ints
    begun: Ints
    ended: Ints
    batching: Ints
    busy: Ints
    closed: Ints


@dataclass(frozen=True)
class Times:
    """What a world takes its time for, in microseconds.

    Parameters
    ----------
    work_us : (rows,) how long each case is at work.
    span_us, idle_us : (activities,) as in the log.
    drawn : whether batches are made up of whoever comes next.
    """

    work_us: Ints
    span_us: Ints
    idle_us: Ints
    drawn: bool = False


def recorded(log: Log) -> Times:
    """The times of the log itself."""
    return Times(log.work_us, log.span_us, log.queues.idle_us)


def run(log: Log, times: Times, rules: Rules | None = None) -> Run:
    """Let the log happen with these times."""
    rules = rules or Rules()
    floor = _Floor(log, times, rules)
    cases = _Cases(log, times, floor, rules)
    floor.environment.run()
    begun, taken = np.array(cases.begun), np.array(cases.taken)
    seen = begun != UNSEEN
    ready, busy, closed = (
        np.array(each)[taken] for each in (floor.ready, floor.busy, floor.closed)
    )
    batching = ready - np.array(cases.came)
    waits = (np.where(seen, each, 0) for each in (batching, busy, closed))
    return Run(np.array(cases.arrived), begun, np.array(cases.ended), *waits)


class _Floor:
    """All resources, and the one who decides at each moment who begins next."""

    def __init__(self, log: Log, times: Times, rules: Rules) -> None:
        self.environment = simpy.Environment()
        self.idle, self.span = times.idle_us.tolist(), times.span_us.tolist()
        self.place, self.order = log.place.tolist(), log.order.tolist()
        self.beside, self.line = log.queues.beside.tolist(), log.queues.line.tolist()
        self.batch, self.patience = log.batch.tolist(), log.patience_us.tolist()
        count = len(self.place)
        self.missing = np.bincount(log.activity, minlength=count).tolist()
        self.begun = [self.environment.event() for _ in range(count)]
        self.ready, self.busy, self.closed = ([UNSEEN] * count for _ in range(3))
        self.open_batches = _open_batches(log) if times.drawn else {}
        self.usual = log.queues.usual.tolist()
        self.stations = _stations(log, rules)
        self.lines = [Line(each, self.stations, rules.added) for each in log.queues.places]
        self.lines_of = [
            [number for number, line in enumerate(self.lines) if place in line.places]
            for place in range(len(self.stations))
        ]
        self.touched: set[int] = set()
        self.deciding = False

    @property
    def now(self) -> int:
        """The moment in microseconds; no time here is a fraction."""
        return int(self.environment.now)

    def arrive(self, activity: int) -> int:
        """A case has come; the activity that takes it is its own, or the next batch to fill."""
        waiting = self.open_batches.get(self.batch[activity])
        taken = waiting[0] if waiting else activity
        self.missing[taken] -= 1
        if waiting and self.ready[taken] == UNSEEN:
            self._expect(waiting, taken)
        self.ready[taken] = self.now
        if not self.missing[taken]:
            if waiting:
                waiting.popleft()
            self._queue(taken)
        return taken

    def withdraw(self, activity: int) -> None:
        """A case will never come: those that came wait for it no longer."""
        waiting = self.open_batches.get(self.batch[activity])
        left = waiting[-1] if waiting else activity
        self.missing[left] -= 1
        if not self.missing[left]:
            if waiting:
                waiting.pop()
            if self.ready[left] != UNSEEN:
                self._queue(left)

    def _expect(self, waiting: deque[int], activity: int) -> None:
        """Its first case has come: it goes as it is when that has lost its patience.

        What it lacked follows as a batch of its own.
        """

        def leave(_: Any) -> None:
            if self.missing[activity]:
                waiting[0] = self._like(activity, self.missing[activity])
                self.missing[activity] = 0
                self._queue(activity)

        over = self.environment.timeout(self.patience[activity])
        over.callbacks.append(leave)

    def _like(self, activity: int, cases: int) -> int:
        for each in (self.idle, self.span, self.place, self.order, self.beside, self.line):
            each.append(each[activity])
        for each in (self.batch, self.patience):
            each.append(each[activity])
        for each in (self.ready, self.busy, self.closed):
            each.append(UNSEEN)
        self.missing.append(cases)
        self.begun.append(self.environment.event())
        return len(self.place) - 1

    def _queue(self, activity: int) -> None:
        self.busy[activity], self.closed[activity] = 0, 0
        place, number = self.place[activity], self.line[activity]
        if number < 0:
            passed = self.environment.timeout(self.idle[activity])
            passed.callbacks.append(lambda _: self._start(activity))
            return
        self._settle(number)
        order, usual = self.order[activity], self.usual[place]
        one = Waiting(activity, order, place, self.beside[activity], usual)
        one.left = self.idle[activity]
        insort(self.lines[number].queue, one, key=_by_order)
        self._touch(number)

    def _start(self, activity: int) -> None:
        self.begun[activity].succeed()

    def _settle(self, number: int) -> None:
        """Book the time since the last look on those who wait in a queue."""
        line, now = self.lines[number], self.now
        passed = now - line.settled
        line.settled = now
        if not passed:
            return
        for one in line.queue:
            if one.state == RUNS:
                one.left -= min(passed, one.left)
            elif one.state == BUSY:
                self.busy[one.activity] += passed
            elif one.state == CLOSED:
                self.closed[one.activity] += passed

    def _touch(self, number: int) -> None:
        """Something has changed for a queue: it is looked at once the moment is over."""
        self.touched.add(number)
        if not self.deciding:
            self.deciding = True
            chosen = self.environment.event()
            chosen._ok, chosen._value = True, None
            chosen.callbacks.append(self._decide)
            self.environment.schedule(chosen, priority=DISPATCH)

    def _decide(self, _: Any) -> None:
        """Let one begin: the first by the log's order of all who may; then look again."""
        self.deciding = False
        best: tuple[Waiting, int] | None = None
        chosen = -1
        for number in sorted(self.touched):
            self._settle(number)
            self.lines[number].look_at_clock(self.now)
            found = self.lines[number].first()
            if found and (best is None or found[0].order < best[0].order):
                best, chosen = found, number
        if best is None:
            for number in sorted(self.touched):
                self._plan(number)
            self.touched.clear()
        else:
            self._begin(chosen, *best)

    def _begin(self, number: int, one: Waiting, place: int) -> None:
        self.lines[number].queue.remove(one)
        self._serve(place, 1)
        released = self.environment.timeout(self.span[one.activity])
        released.callbacks.append(lambda _: self._serve(place, -1))
        self.begun[one.activity].succeed()

    def _serve(self, place: int, more: int) -> None:
        for number in self.lines_of[place]:
            self._settle(number)
        self.stations[place].serving += more
        for number in self.lines_of[place]:
            self._touch(number)

    def _plan(self, number: int) -> None:
        """See who makes progress, and wake when the first of them is through or the hours turn."""
        line, now = self.lines[number], self.now
        line.wake += 1
        if not line.queue:
            return
        shortest, turn = line.look(), line.next_turn()
        soon = [at for at in (turn, None if shortest is None else now + shortest) if at is not None]
        if soon:
            wake = line.wake
            woken = self.environment.timeout(min(soon) - now)
            woken.callbacks.append(lambda _: self._touch(number) if line.wake == wake else None)


def _by_order(one: Waiting) -> int:
    return one.order


def _stations(log: Log, rules: Rules) -> list[Station]:
    return [
        Station(
            ALWAYS if place in rules.always_open else hours,
            int(log.queues.usual[place]) + rules.added.get(place, 0),
        )
        for place, hours in enumerate(log.hours)
    ]


def _open_batches(log: Log) -> dict[int, deque[int]]:
    """For each step that works in batches: those to be filled, in the order of the log."""
    return {
        int(one): deque(np.flatnonzero(log.batch == one)[np.argsort(log.order[log.batch == one])])
        for one in np.unique(log.batch[log.batch >= 0])
    }


class _Cases:
    """Every case on its way through its steps."""

    def __init__(self, log: Log, times: Times, floor: _Floor, rules: Rules) -> None:
        self.floor, self.rules = floor, rules
        self.lag, self.activity = log.lag_us.tolist(), log.activity.tolist()
        self.work = times.work_us.tolist()
        self.arrived, self.came, self.begun, self.ended = (
            [UNSEEN] * len(self.work) for _ in range(4)
        )
        self.taken = list(self.activity)
        edges = log.rows_of.tolist()
        for case in range(len(log.cases)):
            rows = range(edges[case], edges[case + 1])
            floor.environment.process(self._walk(case, rows, int(log.start_us[rows[0]])))

    def _walk(self, case: int, rows: range, released: int) -> Generator[simpy.Event, Any, None]:
        running: list[simpy.Event] = []
        for row in rows:
            yield from self._come(row, running, released if row == rows[0] else None)
            since, until = self.rules.held.get(case, (FOREVER, FOREVER))
            if since <= self.floor.now < until:
                if until == FOREVER:
                    self._leave(row, rows)
                    return
                yield self.floor.environment.timeout(until - self.floor.now)
            running.append((yield from self._work(row)))

    def _come(
        self, row: int, running: list[simpy.Event], released: int | None
    ) -> Generator[simpy.Event, Any, None]:
        """Until the case is free for the step of that row."""
        environment = self.floor.environment
        if released is not None:
            yield environment.timeout(released)
        elif self.lag[row] == AFTER_ALL:
            yield from running
            running.clear()
        else:
            yield environment.timeout(self.lag[row])
        self.arrived[row] = self.floor.now

    def _work(self, row: int) -> Generator[simpy.Event, Any, simpy.Event]:
        """Wait for the activity and begin with it; the end is still to come."""
        own = self.activity[row]
        self.came[row] = self.floor.now
        taken = self.taken[row] = self.floor.arrive(own)
        yield self.floor.begun[taken]
        work = self.work[row] if taken == own else self.floor.span[taken]
        now = self.floor.now
        self.begun[row], self.ended[row] = now, now + work
        return self.floor.environment.timeout(work)

    def _leave(self, row: int, rows: range) -> None:
        self.arrived[row] = UNSEEN
        for later in range(row, rows[-1] + 1):
            self.floor.withdraw(self.activity[later])
