"""One action from its row to its row of `action_effects`, in the steps between which SQL counts.

Belongs here: the order of the steps, and the tables that come out. Stays out: the steps themselves
(acts, reach, calendar, cohorts, effect, customers, verdicts) and the counting (defs).

1. `comparison_of`: what is to be compared on which days, or why nothing can be.
2. `groups_of`: treated and controls, from `loop/action_subjects`.
3. `judged`: the estimate and the verdicts, from `loop/group_days` and `loop/customer_turns`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.contracts.frames import frame_of, schema_of
from cx_analytics.contracts.tables import ACTION_EFFECTS, CUSTOMER_VERDICTS
from cx_analytics.loop.acts import Act, touched_by
from cx_analytics.loop.calendar import Calendar, calendar_of
from cx_analytics.loop.cohorts import FEWEST_GROUPS, Cohorts, cohorts_of, panel_of
from cx_analytics.loop.customers import customer_rows
from cx_analytics.loop.effect import Effect, estimate
from cx_analytics.loop.expectation import Panel
from cx_analytics.loop.reach import MOST_CONDITIONS, Scope, scope_of
from cx_analytics.loop.verdicts import effect_row

REACHED_SCHEMA = pl.Schema({"subject": pl.String(), "reached_at": pl.Datetime("us")})


@dataclass(frozen=True)
class Comparison:
    """What is to be compared: an action, the parts of its conditions, and the days."""

    act: Act
    scope: Scope
    calendar: Calendar
    reached: Mapping[str, datetime]

    @property
    def begins(self) -> datetime:
        return min([self.act.effective_from, *self.reached.values()])

    @property
    def identifiers(self) -> dict[str, str]:
        """The columns that `loop/action_days` asks for; an empty slot names the subject."""
        strata = [*self.scope.strata, self.scope.subject, self.scope.subject]
        slots = [key for key, _, _ in self._slots]
        return {
            "subject": self.scope.subject,
            "stratum": strata[0],
            "second_stratum": strata[1],
            **dict(zip(("first", "second", "third"), slots, strict=True)),
        }

    @property
    def parameters(self) -> dict[str, Any]:
        """The values that `loop/action_days` asks for."""
        found: dict[str, Any] = {"first_day": self.calendar.first, "last_day": self.calendar.last}
        for place, (_, value, moves) in zip(("first", "second", "third"), self._slots, strict=True):
            found |= {f"{place}_value": value, f"{place}_moves": moves}
        return found

    @property
    def _slots(self) -> Sequence[tuple[str, str | None, bool]]:
        given: list[tuple[str, str | None, bool]] = list(self.scope.slots)
        return given + [(self.scope.subject, None, False)] * (MOST_CONDITIONS - len(given))


@dataclass(frozen=True)
class Judged:
    """The row of `action_effects` and the rows of `customer_verdicts` of one action."""

    row: Mapping[str, Any]
    customers: pl.DataFrame


def reached_frame(act: Act) -> pl.DataFrame:
    """The list of an action as a table: subject, reached_at."""
    rows = [(one.subject, one.at or act.effective_from) for one in act.reached]
    frame = pl.DataFrame(rows, schema=REACHED_SCHEMA, orient="row")
    return frame.group_by("subject").agg(pl.col("reached_at").min()).sort("subject")


def comparison_of(
    act: Act,
    column: str | None,
    reached: Mapping[str, datetime],
    columns: Collection[str],
    days: Sequence[date],
) -> Comparison | str:
    """What is to be compared for an action, or in words why nothing can be.

    Parameters
    ----------
    column : what the list of the reached names; None without a list.
    reached : when the action reached each of them.
    columns : columns of the sessions.
    days : days with sessions, in order.
    """
    scope = scope_of(act.kind, act.conditions, column, columns)
    if isinstance(scope, str):
        return scope
    if not days:
        return "not estimated: there are no sessions"
    begins = min([act.effective_from, *reached.values()])
    calendar = calendar_of(
        begins, days[0], days[-1], onset=act.onset, first_reported_on=act.first_reported_on
    )
    if calendar.first_after > days[-1]:
        return "not estimated: not yet in effect"
    if calendar.first > calendar.last_before or not any(calendar.is_before(day) for day in days):
        return "not estimated: no days before that did not detect the problem"
    return Comparison(act, scope, calendar, reached)


def groups_of(comparison: Comparison, subjects: pl.DataFrame, acts: Sequence[Act]) -> Cohorts:
    """Treated and controls of a comparison, from the model `loop/action_subjects`.

    `acts` are all actions: what another one reached meanwhile is no control.
    """
    act, scope, calendar = comparison.act, comparison.scope, comparison.calendar
    touched = touched_by(acts, act, scope.subject, calendar.first, calendar.last)
    return cohorts_of(subjects, scope, comparison.reached, act.effective_from, touched)


def expects_more(cohorts: Cohorts) -> bool:
    """Whether so few controls were found that the model's expectation is asked as one more."""
    return cohorts.control_groups < FEWEST_GROUPS


def judged(
    comparison: Comparison,
    cohorts: Cohorts,
    group_days: pl.DataFrame,
    turns: pl.DataFrame,
    expectation: pl.DataFrame | None = None,
) -> Judged:
    """The estimate and the verdicts of an action.

    Parameters
    ----------
    group_days, turns : the models `loop/group_days` and `loop/customer_turns`.
    expectation : the model `loop/background_days`, when `expects_more`.
    """
    act = comparison.act
    panel = panel_of(cohorts.groups, group_days, comparison.calendar, expectation, act.excess)
    effect = estimate(panel, np.random.default_rng(_seed(act.action_id)))
    customers = customer_rows(
        turns, effect, _rate(panel), verdict_on=comparison.calendar.last
    ).with_columns(
        action_id=pl.lit(act.action_id),
        cause_id=pl.lit(act.cause_id, dtype=pl.String),
        listed=pl.lit(bool(act.reached)),
    )
    method = _method(comparison.scope, cohorts, effect)
    return Judged(effect_row(act.action_id, effect, method), customers)


def not_judged(act: Act, why: str) -> Judged:
    """An action of which nothing can be said yet."""
    return Judged(effect_row(act.action_id, Effect(), why), pl.DataFrame())


def _seed(action_id: str) -> int:
    """Chance that follows from the action: the same data give the same figures."""
    return int(sha256(action_id.encode()).hexdigest()[:12], 16)


def _rate(panel: Panel) -> float:
    used = panel.untreated
    return float(panel.faults[used].sum() / max(panel.sessions[used].sum(), 1.0))


def _method(scope: Scope, cohorts: Cohorts, effect: Effect) -> str:
    if not cohorts.treated:
        return "not estimated: no session is of those that it reached"
    if effect.estimate is None:
        return "not estimated: too few days or faults"
    if not cohorts.control_groups and cohorts.waves == 1:
        return "before/after against the model's expectation"
    words = f"difference-in-differences, {cohorts.control_groups} control groups of {scope.subject}"
    if cohorts.matched_by:
        words += f" matched by {' and '.join(cohorts.matched_by)}"
    if expects_more(cohorts):
        words += " and the model's expectation"
    return words + (", roll-out in stages" if cohorts.waves > 1 else "")


def effects_table(found: Iterable[Judged]) -> pl.DataFrame:
    """The table `action_effects`."""
    return frame_of((one.row for one in found), ACTION_EFFECTS).sort("action_id")


def verdicts_table(found: Iterable[Judged]) -> pl.DataFrame:
    """The table `customer_verdicts`."""
    schema = schema_of(CUSTOMER_VERDICTS)
    frames = [one.customers for one in found if one.customers.height]
    cast = [
        frame.select(pl.col(name).cast(kind) for name, kind in schema.items()) for frame in frames
    ]
    return pl.concat([pl.DataFrame(schema=schema), *cast]).sort("action_id", "customer_id")
