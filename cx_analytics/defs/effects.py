"""Group loop: what each action did, for all whom it reached and for each customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import dagster as dg
import polars as pl

from cx_analytics import loop
from cx_analytics.contracts.tables import (
    ACTION_EFFECTS,
    ACTIONS,
    CAUSES_HISTORY,
    CUSTOMER_VERDICTS,
    FAULT_CAUSES,
    SESSIONS_TABLE,
)
from cx_analytics.defs.progress import tell
from cx_analytics.defs.refusing import RETRY, refusing
from cx_analytics.defs.resources import House
from cx_analytics.defs.tables import facts, spec_of
from cx_analytics.engine.models import load

_One = dg.MaterializeResult[None]
_DEPS = ("actions", "causes_history", "fault_causes", "sessions")


@dg.multi_asset(
    name="action_effects",
    specs=[
        spec_of(ACTION_EFFECTS, group="loop", deps=_DEPS),
        spec_of(CUSTOMER_VERDICTS, group="loop", deps=_DEPS),
    ],
    retry_policy=RETRY,
)
@refusing
def action_effects(house: House) -> tuple[_One, _One]:
    history = house.read(CAUSES_HISTORY)
    acts = loop.acts_of(house.read(ACTIONS), history)
    found = []
    for place, act in enumerate(acts):
        tell("loop", "effects", place, len(acts))
        found.append(judge(house, act, acts, history))
    effects = house.write(ACTION_EFFECTS, loop.effects_table(found))
    told = house.write(CUSTOMER_VERDICTS, loop.verdicts_table(found))
    return (
        dg.MaterializeResult(
            asset_key=ACTION_EFFECTS.name, metadata=facts(ACTION_EFFECTS, effects.height, effects)
        ),
        dg.MaterializeResult(
            asset_key=CUSTOMER_VERDICTS.name, metadata=facts(CUSTOMER_VERDICTS, told.height, told)
        ),
    )


def judge(
    house: House, act: loop.Act, acts: Sequence[loop.Act], history: pl.DataFrame
) -> loop.Judged:
    """One action: what is compared, who with whom, and what came out."""
    days = house.parts.days(SESSIONS_TABLE.name)
    columns = {name for path in session_paths(house, days[-1:]) for name in columns_of(path)}
    column, reached = reached_by(house, act, days)
    comparison = loop.comparison_of(act, column, reached, columns, days)
    if isinstance(comparison, str):
        return loop.not_judged(act, comparison)
    calendar = comparison.calendar
    view_sessions(house, days, calendar.first, calendar.last)
    view_incidents(house, act, history, comparison.calendar, days)
    by_day = load("loop/action_days").bind(comparison.identifiers)
    house.duck.table("action_day", by_day, comparison.parameters)
    subjects = house.duck.model("loop/action_subjects", last_before=calendar.last_before)
    cohorts = loop.groups_of(comparison, subjects, acts)
    house.duck.register("subject_group", cohorts.groups)
    turns = house.duck.model(
        "loop/customer_turns",
        first=calendar.first,
        left_from=calendar.left_from,
        left_to=calendar.left_to,
        last=calendar.last,
    )
    expected = expectation(house, calendar) if loop.expects_more(cohorts) else None
    return loop.judged(comparison, cohorts, house.duck.model("loop/group_days"), turns, expected)


def session_paths(house: House, days: Sequence[date]) -> list[object]:
    return list(house.parts.paths(SESSIONS_TABLE.name, days))


def columns_of(path: object) -> list[str]:
    return list(pl.read_parquet_schema(str(path)))


def view_sessions(house: House, days: Sequence[date], first: date, last: date) -> None:
    """Make the sessions of the days from `first` to `last` visible as `session`."""
    wanted = [day for day in days if first <= day <= last]
    house.view("session", house.parts.paths(SESSIONS_TABLE.name, wanted), SESSIONS_TABLE)


def view_incidents(
    house: House,
    act: loop.Act,
    history: pl.DataFrame,
    calendar: loop.Calendar,
    days: Sequence[date],
) -> None:
    """Make the shares visible as `fault_cause`, and faults of incidents as `incident_fault`."""
    wanted = [day for day in days if calendar.first <= day <= calendar.last]
    house.view("fault_cause", house.parts.paths(FAULT_CAUSES.name, wanted), FAULT_CAUSES)
    house.duck.register("incident", loop.incidents_of(history, act.cause_id))
    faults = house.duck.model("loop/incident_faults", least_share=loop.LEAST_SHARE)
    house.duck.register("incident_fault", faults)


def reached_by(
    house: House, act: loop.Act, days: Sequence[date]
) -> tuple[str | None, dict[str, datetime]]:
    """Which column the action's list names, and when it reached each; nothing without a list.

    Replaced units have no sessions after: their customers are followed.
    """
    frame = loop.reached_frame(act)
    if frame.is_empty() or not days:
        return None, {}
    house.duck.register("reached", frame)
    view_sessions(house, days, days[0], days[-1])
    said = next((one.column for one in act.reached if one.column), None)
    if said is None:
        kinds = house.duck.model("loop/reached_kinds").sort("sessions", "attribute")
        said = str(kinds["attribute"][-1])
    if said == "unit_id" and act.kind == "unit_replacement":
        said, frame = "customer_id", house.duck.model("loop/reached_customers")
    return said, dict(frame.select("subject", "reached_at").iter_rows())


def expectation(house: House, calendar: loop.Calendar) -> pl.DataFrame:
    """What the model expects of each day with no cause at work."""
    return house.duck.model(
        "loop/background_days", first_day=calendar.first, last_day=calendar.last
    )
