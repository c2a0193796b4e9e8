"""Which days count as before and after an action, and which are left out.

Belongs here: dates. Stays out: counts.

Those days are left out on which the problem was detected: it was noticed because they were bad,
and the days that follow would be better with no action too (regression to the mean).

- When the cause was reported before the action began: its evidence lies between its onset (or the
  start of the window of attribution) and `first_reported_on`, both included. Before are the days
  after the first report, while the cause was known to act.
- When it was not, or no cause is known: whoever decided on the action looked at the days just
  before it. Half of the days on record are left out, at least 7 and at most 14. A known onset still
  bounds "before": what came earlier is no measure of the problem.

Then at most MOST_BEFORE days before and MOST_AFTER days after are compared. The day on which the
action reaches someone is neither, unless it does so at midnight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

MOST_BEFORE, MOST_AFTER = 28, 56
WINDOW = 28
"""Days of the window of attribution, for causes whose onset is not in the data."""

_FEWEST_LEFT_OUT, _MOST_LEFT_OUT = 7, 14
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Days of a comparison, all inclusive: before is `first` to `last_before`, without `left_from`
    to `left_to`; after ends with `last`. `first_after` is the first whole day of the action."""

    first: date
    last_before: date
    left_from: date | None
    left_to: date | None
    first_after: date
    last: date

    def is_before(self, day: date) -> bool:
        """Whether a day counts as one before the action began."""
        left = (
            self.left_from is not None
            and self.left_to is not None
            and self.left_from <= day <= self.left_to
        )
        return self.first <= day <= self.last_before and not left


def left_out_days(on_record: int) -> int:
    """How many days just before the action are left out when no report tells which.

    >>> [left_out_days(days) for days in (5, 10, 20, 60)]
    [7, 7, 10, 14]
    """
    return min(max(on_record // 2, _FEWEST_LEFT_OUT), _MOST_LEFT_OUT)


def first_whole_day(moment: datetime) -> date:
    """The first day that lies wholly after a moment.

    >>> first_whole_day(datetime(2026, 1, 2)), first_whole_day(datetime(2026, 1, 2, 9))
    (datetime.date(2026, 1, 2), datetime.date(2026, 1, 3))
    """
    return moment.date() if moment.time() == time() else moment.date() + DAY


def last_whole_day(moment: datetime) -> date:
    """The last day that lies wholly before a moment."""
    return moment.date() - DAY


def calendar_of(
    effective_from: datetime,
    first_day: date,
    last_day: date,
    *,
    onset: datetime | None = None,
    first_reported_on: date | None = None,
) -> Calendar:
    """The days to compare for an action.

    Parameters
    ----------
    effective_from : when the action began to act, UTC.
    first_day, last_day : days with sessions, both inclusive.
    onset, first_reported_on : of the cause, where one is known (`valid_from` and
        `first_reported_on` of its last row in causes_history).
    """
    last_before = last_whole_day(effective_from)
    start = max(first_day, first_whole_day(onset)) if onset is not None else first_day
    if first_reported_on is not None and first_reported_on <= last_before:
        evidence = onset.date() if onset else first_reported_on - (WINDOW - 1) * DAY
        left: tuple[date, date] = (min(evidence, first_reported_on), first_reported_on)
        start = max(start, first_reported_on + DAY, last_before - (MOST_BEFORE - 1) * DAY)
    else:
        on_record = (last_before - first_day).days + 1
        left = (last_before - (left_out_days(on_record) - 1) * DAY, last_before)
        start = max(start, left[0] - MOST_BEFORE * DAY)
    first_after = first_whole_day(effective_from)
    return Calendar(
        start,
        last_before,
        *left,
        first_after,
        min(last_day, first_after + (MOST_AFTER - 1) * DAY),
    )
