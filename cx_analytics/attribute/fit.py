"""find_causes and fit_days: from counts to findings, for one day or day after day.

Belongs here: slicing the window of a day, handing causes on from day to day. Stays out:
everything that a single fit does (search.py) and says (report.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import polars as pl

from cx_analytics.attribute.asked import Asked
from cx_analytics.attribute.candidates import Group
from cx_analytics.attribute.cells import Cells, Key
from cx_analytics.attribute.counts import Counts
from cx_analytics.attribute.hazard import Term
from cx_analytics.attribute.period import Period
from cx_analytics.attribute.refine import Question, coarser, hidden, inside, profiles, triples
from cx_analytics.attribute.report import Findings, findings
from cx_analytics.attribute.search import Search
from cx_analytics.attribute.wanted import merged, uncounted
from cx_analytics.contracts.errors import InputRefused

Counting = Callable[[pl.DataFrame], pl.DataFrame]
"""Takes wanted cells (rows of `wanted_cells`), gives their exposure as rows of CELL_COUNTS."""

REFINEMENTS = 3
"""How often the search of one day may ask for more cells."""
WEEKLY = 0
"""Mondays: then causes ask for more cells although they are the same as the day before."""


@dataclass(frozen=True)
class _Start:
    """A cause of an earlier fit: its cell, and days counted from the first of the run."""

    key: Key
    first: int | None
    last: int | None


def find_causes(
    counts: Counts,
    *,
    as_of: date,
    known: pl.DataFrame | None = None,
    window_days: int = 28,
    warm: bool = True,
    shares: bool = True,
    count: Counting | None = None,
) -> Findings:
    """Root causes of the faults in the `window_days` days that end with `as_of`.

    Parameters
    ----------
    counts : counts of at least those days (`Counts.build`, `with_cells`); other days are
        left aside.
    known : the latest rows of `causes_history` before `as_of`; they give ids, first reports
        and, when `warm`, the start of the search.
    shares : whether to make the shares of every fault.
    count : counts the exposure of asked-for cells, as `cell_exposure` does on an engine. With
        it causes of three conditions are found; without it only those among `counts.cells`.

    Raises
    ------
    InputRefused : `as_of` lies outside the days of `counts`, or `window_days` < 1.
    """
    wanted = [as_of] if shares else []
    return next(
        fit_days(
            counts,
            [as_of],
            known=known,
            window_days=window_days,
            warm=warm,
            shares_on=wanted,
            count=count,
        )
    )


def fit_days(
    counts: Counts,
    as_of_days: Sequence[date],
    *,
    known: pl.DataFrame | None = None,
    window_days: int = 28,
    warm: bool = True,
    shares_on: Sequence[date] | None = None,
    count: Counting | None = None,
) -> Iterator[Findings]:
    """Findings day after day, each fit starting from the causes of the day before.

    `shares_on` says for which days the shares of every fault are made; None = the last one.
    """
    days = sorted(as_of_days)
    wanted = set(days[-1:] if shares_on is None else shares_on)
    _check(counts, days, window_days)
    table = _Table(counts, count)
    start = _from_known(counts, known) if warm else []
    for day in days:
        search = _fit(table, day, start, window_days)
        result = findings(search, day, known, shares=day in wanted)
        yield result
        known = result.causes
        start = _carried(search) if warm else []


@dataclass
class _Table:
    """The counts and cells of a run, which grow when a search asks for more.

    `heard` are the causes that asked already.
    """

    counts: Counts
    count: Counting | None
    heard: set[Question] = field(default_factory=set)
    asked: Asked = field(init=False)
    cells: Cells = field(init=False)

    def __post_init__(self) -> None:
        self.asked = Asked(self.counts)
        self.learn(self.asked.conjunctions())
        self.cells = Cells.of(self.asked)

    def learn(self, groups: Sequence[Group]) -> list[Group]:
        """Count what is not known of these cells yet; these groups if there was anything."""
        groups = merged(groups)
        if self.count is None or (missing := uncounted(self.asked, groups)).is_empty():
            return []
        self.asked.learn(self.count(missing))
        return groups

    def take(self, groups: Sequence[Group]) -> bool:
        """Take the cells of some groups in; whether there are new ones to try."""
        size = len(self.cells.keys)
        if groups:
            self.cells = self.cells.with_conjunctions(self.asked, groups)
        return len(self.cells.keys) > size

    def refined(self, search: Search) -> bool:
        """Count what the causes of a search ask for; whether there are new cells to try."""
        causes = [one for one in inside(search) if one.question not in self.heard]
        self.heard |= {one.question for one in causes}
        first = self.learn([*profiles(causes), *hidden(search), *coarser(search)])
        return self.take([*first, *self.learn(triples(causes, self.asked))])

    def period(self, day: date, window_days: int) -> Period:
        last = self.counts.index(day) + 1
        return Period.of(self.counts, self.cells, max(0, last - window_days), last)


def _fit(table: _Table, day: date, start: Sequence[_Start], window_days: int) -> Search:
    """The search of one day; once more where its causes ask for cells not counted yet.

    Causes ask when they are others than the day before, and all of them once a week. The first
    ones ask as a draft: what they are called in the end does not matter for that.
    """
    search = Search(period := table.period(day, window_days))
    search.draft(_terms(period, start))
    known = {one.key for one in start if not one.key.individual}
    settled = bool(known) or not _shared(search)
    if settled and _shared(search.settle()) == known and day.weekday() != WEEKLY:
        return search.finish()
    if day.weekday() == WEEKLY:
        table.heard.clear()
    for _ in range(REFINEMENTS):
        before = _shared(search)
        if not table.refined(search):
            return (search if settled else search.settle()).finish()
        search = Search(table.period(day, window_days)).inherit(search)
        search.resume()
        settled = True
        if _shared(search) == before:
            break
    return search.finish()


def _shared(search: Search) -> set[Key]:
    keys = {search.period.key(term.cell) for term in search.hazard.terms}
    return {key for key in keys if not key.individual}


def _check(counts: Counts, days: Sequence[date], window_days: int) -> None:
    if window_days < 1:
        raise InputRefused("window_days must be at least 1", todo="use 28")
    for day in days:
        if not counts.days or not counts.days[0] <= day <= counts.days[-1]:
            span = f"{counts.days[0]} to {counts.days[-1]}" if counts.days else "no day"
            raise InputRefused(f"{day} is not among the counted days ({span})", todo="count it")


def _carried(search: Search) -> list[_Start]:
    period, result = search.period, []
    for term in search.hazard.terms:
        key = period.key(term.cell)
        result.append(_Start(key, *((None, None) if key.hours else term.edges(period))))
    return result


def _from_known(counts: Counts, known: pl.DataFrame | None) -> list[_Start]:
    if known is None or not counts.days:
        return []
    origin = datetime.combine(counts.days[0], time())
    found = []
    for row in known.to_dicts():
        edges = [_hours(row[name], origin) for name in ("valid_from", "valid_to")]
        conditions = tuple(sorted(dict(row["conditions"]).items()))
        individual = row["kind"] == "individual"
        if None not in edges:
            found.append(_Start(Key(conditions, individual, (edges[0], edges[1])), None, None))  # type: ignore[arg-type]
        days = [None if edge is None else edge // 24 for edge in edges]
        if all(edge is None or edge % 24 == 0 for edge in edges):
            found.append(_Start(Key(conditions, individual), days[0], days[1]))
    return found


def _hours(moment: datetime | None, origin: datetime) -> int | None:
    return None if moment is None else int((moment - origin) / timedelta(hours=1))


def _terms(period: Period, start: Sequence[_Start]) -> list[Term]:
    """Earlier shared causes as terms of this period; what it does not cover is left out.

    Individuals are found anew: they must follow the shared causes, not precede them.
    """
    terms = []
    for one in start:
        cell = period.place.get(one.key)
        if cell is None or one.key.individual:
            continue
        first = max(0, (one.first or 0) - period.first)
        last = period.days if one.last is None else min(period.days, one.last - period.first)
        if first < last:
            terms.append(Term(cell, first, last))
    return list(dict.fromkeys(terms))
