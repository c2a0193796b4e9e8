"""Who is treated, who is a control, and both as a panel of daily counts.

Belongs here: frames of subjects and days. Stays out: reading an action (reach.py), the estimate
(effect.py).

Controls are other subjects with the same strata that the action did not reach: other cells of the
network type and region, other lots of the model, other customers with the model and app. Strata
are given up one by one while too few controls are left. Controls are put into groups of as many
subjects as were treated, so that groups drift apart as far as the treated would with no action.
Which subject is in which group follows from its id alone, never from its faults.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zlib import crc32

import numpy as np
import polars as pl

from cx_analytics.loop.calendar import DAY, Calendar, first_whole_day, last_whole_day
from cx_analytics.loop.effect import LEAST_FAULTS
from cx_analytics.loop.expectation import Panel
from cx_analytics.loop.reach import Scope

FEWEST_GROUPS, MOST_GROUPS = 4, 60
ENOUGH_FAULTS = 20
"""Faults that controls must have before to be enough."""

SIMILAR = 1.25
"""Matched groups may differ by a quarter in their rate with no cause at work."""

EXPECTATION = "expectation"
"""Name of the group that is the model's expectation with no cause at work."""

TREATED = "treated"

GROUP_SCHEMA = pl.Schema(
    {
        "subject": pl.String(),
        "name": pl.String(),
        "first_after": pl.Date(),
        "last_before": pl.Date(),
        "met_before": pl.Boolean(),
    }
)


@dataclass(frozen=True)
class Cohorts:
    """Subjects in groups, as `loop/group_days` wants them, and how they were matched.

    `groups` has the columns of GROUP_SCHEMA; controls have no days of their own. `met_before` says
    that the treated are those who met what the action moves, and count before only while they did.
    `matched_by` are the strata that controls share; `waves` on how many days the action reached
    someone.
    """

    groups: pl.DataFrame
    matched_by: tuple[str, ...]
    control_groups: int
    waves: int

    @property
    def treated(self) -> int:
        return int(self.groups["first_after"].is_not_null().sum())


def cohorts_of(
    subjects: pl.DataFrame,
    scope: Scope,
    reached: Mapping[str, datetime],
    effective_from: datetime,
    touched: Collection[str] = (),
) -> Cohorts:
    """Treated and controls.

    Parameters
    ----------
    subjects : the model `loop/action_subjects`.
    reached : when the action reached each subject of its list; empty without a list.
    touched : subjects that another action reached meanwhile: they are no controls.
    """
    treated = _treated(subjects, scope, reached, effective_from)
    mine = subjects.filter(pl.col("subject").is_in(treated["subject"].implode()))
    others = subjects.filter(
        ~pl.col("subject").is_in([*treated["subject"], *touched])
        & (pl.col("sessions") > 0)
        & ((pl.col("under_sessions") == 0) | (not scope.moves) | scope.listed)
    )
    matched, kept = _matched(mine, others, scope.strata)
    controls = _grouped(mine, kept)
    return Cohorts(
        pl.concat([treated, controls]),
        matched,
        controls["name"].n_unique(),
        treated["name"].n_unique(),
    )


def _treated(
    subjects: pl.DataFrame,
    scope: Scope,
    reached: Mapping[str, datetime],
    effective_from: datetime,
) -> pl.DataFrame:
    times: dict[str, datetime | None]
    met_before = bool(scope.moves)
    if scope.listed:
        known = sorted(set(subjects["subject"]) & set(reached))
        times = {subject: reached[subject] for subject in known}
    elif scope.value is not None:
        mine = subjects.filter(pl.col("subject") == scope.value)
        times = dict.fromkeys(mine["subject"])
    else:
        mine = subjects.filter(pl.col("under_sessions") > 0)
        times = dict.fromkeys(mine["subject"].sort())
        if not times:
            times, met_before = _adopted(subjects), False
    rows = []
    for subject, moment in times.items():
        at = moment or effective_from
        first = first_whole_day(at)
        rows.append((subject, f"{TREATED} {first}", first, last_whole_day(at), met_before))
    return pl.DataFrame(rows, schema=GROUP_SCHEMA, orient="row")


def _adopted(subjects: pl.DataFrame) -> dict[str, datetime | None]:
    """Nobody ran the version before, so it is the fix itself: it reaches who begins to run it."""
    began = subjects.filter(pl.col("first_under").is_not_null()).sort("subject")
    noon = time(12)  # so that the day itself is neither before nor after
    return {
        subject: datetime.combine(day, noon)
        for subject, day in began.select("subject", "first_under").iter_rows()
    }


def _matched(
    mine: pl.DataFrame, others: pl.DataFrame, strata: tuple[str, ...]
) -> tuple[tuple[str, ...], pl.DataFrame]:
    """The controls that share as many strata as leaves enough of them."""
    columns = ("stratum", "second_stratum")[: len(strata)]
    for depth in range(len(columns), 0, -1):
        keys = list(columns[:depth])
        found = others.join(mine.select(keys).unique(), on=keys, how="semi")
        if found.height >= FEWEST_GROUPS and found["faults"].sum() >= ENOUGH_FAULTS:
            return strata[:depth], found
    return (), others


def _grouped(mine: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Groups of as many subjects as were treated; eight smaller ones where there are too few."""
    size = max(mine.height, 1)
    if others["faults"].sum() < LEAST_FAULTS:
        others = others.clear()
    count = min(max(others.height // size, min(2 * FEWEST_GROUPS, others.height)), MOST_GROUPS)
    ids = sorted(others["subject"], key=lambda one: (crc32(one.encode()), one))
    if size == 1 and mine.height:
        ids = _nearest(others, float(mine["sessions"][0]))
    ids = ids[: size * count] if others.height // size > MOST_GROUPS else ids
    rows = [
        (one, f"control {place % max(count, 1)}", None, None, False)
        for place, one in enumerate(ids)
    ]
    return pl.DataFrame(rows, schema=GROUP_SCHEMA, orient="row")


def _nearest(others: pl.DataFrame, sessions: float) -> list[str]:
    """Subjects by how near their use before is to that of the treated one."""
    far = (pl.col("sessions") / max(sessions, 1.0)).log().abs()
    return others.sort(far, "subject")["subject"].to_list()


def panel_of(
    groups: pl.DataFrame,
    days: pl.DataFrame,
    calendar: Calendar,
    expectation: pl.DataFrame | None = None,
    excess: float | None = None,
) -> Panel:
    """The counts of an action's groups on the days of its calendar.

    Parameters
    ----------
    groups : of `Cohorts`.
    days : the model `loop/group_days`.
    expectation : the model `loop/background_days`, to be one more control.
    excess : share of the treated's faults that the cause explains. None = no cause is known: what
        the treated have beyond SIMILAR times the rate of the controls, in the days before.
    """
    used = _days(calendar)
    if expectation is not None:
        own = expectation.with_columns(name=pl.lit(EXPECTATION))
        days = pl.concat([_counts(days), _counts(own)])
    names = sorted({*groups["name"], *([] if expectation is None else [EXPECTATION])})
    row = {name: place for place, name in enumerate(names)}
    column = {day: place for place, day in enumerate(used)}
    faults, sessions = np.zeros((2, len(names), len(used)))
    for name, day, count, bad in _counts(days).iter_rows():
        if day in column and name in row:
            sessions[row[name], column[day]], faults[row[name], column[day]] = count, bad
    panel = Panel(faults, sessions, *_states(groups, names, used, calendar))
    return replace(panel, excess=_excess(panel) if excess is None else excess)


def _excess(panel: Panel) -> float:
    early = panel.untreated & ~panel.later[None, :]
    mine, others = early & panel.treated[:, None], early & ~panel.treated[:, None]
    faults, sessions = panel.faults[mine].sum(), panel.sessions[mine].sum()
    if faults <= 0 or panel.sessions[others].sum() <= 0:
        return 0.0
    normal = SIMILAR * panel.faults[others].sum() / panel.sessions[others].sum()
    return float(max(1 - normal * sessions / faults, 0.0))


def _counts(days: pl.DataFrame) -> pl.DataFrame:
    return days.select("name", "day", pl.col("sessions", "faults").cast(pl.Float64))


def _days(calendar: Calendar) -> list[date]:
    count = (calendar.last - calendar.first).days + 1
    every = [calendar.first + number * DAY for number in range(max(count, 0))]
    return [day for day in every if calendar.is_before(day) or day >= calendar.first_after]


def _states(
    groups: pl.DataFrame, names: list[str], used: list[date], calendar: Calendar
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Untreated and reached cells, (groups, days), and which days are later."""
    begins = dict(groups.group_by("name").agg(pl.col("first_after").min()).iter_rows())
    ends = dict(groups.group_by("name").agg(pl.col("last_before").min()).iter_rows())
    later = np.array([day >= calendar.first_after for day in used], dtype=bool)
    untreated = np.ones((len(names), len(used)), dtype=bool)
    reached = np.zeros_like(untreated)
    for place, name in enumerate(names):
        begin, end = begins.get(name), ends.get(name)
        if begin is not None and end is not None:
            reached[place] = [day >= begin for day in used]
            untreated[place] = [day <= end for day in used]
    return untreated, reached, later
