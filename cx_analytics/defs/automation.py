"""What runs by itself: jobs, the daily schedule, and the sensor on the landing folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg

from cx_analytics.defs.plan import Plan, inputs_version, plan, ranges, session_days
from cx_analytics.engine.stamps import digest
from cx_analytics.ingest import has_news
from cx_analytics.workspace import Workspace

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
WORK_TAG, ATTEMPTS = "cx/work", 3
DAY_GROUPS = ("experience", "attribute")
AT_PUBLICATION = dg.AssetSelection.assets("contact_shifts", "data_limits", "unit_months")
"""In a group of days, but not made day by day.

Contacts may be there without any session; limits are those of the whole window, so one look at
the end does for all ranges of days.
"""

OF_DAYS = dg.AssetSelection.groups(*DAY_GROUPS) - AT_PUBLICATION
SAID_AGAIN = dg.AssetSelection.assets("causes")
"""Made of days, and once more before it is published: an action or the watch on fixed causes
can change what is said of a cause on a day without a new session."""


def range_tags(first: date, last: date) -> dict[str, str]:
    """The tags that make one run of a range of days."""
    return {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()}


INGEST = dg.define_asset_job(
    "ingest",
    selection=dg.AssetSelection.groups("ingest"),
    description="Take in what has landed.",
)
DAYS = dg.define_asset_job(
    "days",
    selection=OF_DAYS,
    description="Work on days: sessions, their aggregates, causes.",
)
PUBLISH = dg.define_asset_job(
    "publish",
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups("ingest") - (OF_DAYS - SAID_AGAIN),
    description="Care, factory, supply, loop, exchange; then the warehouse and the reports.",
)
DAILY = dg.define_asset_job(
    "daily",
    selection=dg.AssetSelection.all(),
    description="Everything for one day.",
)
JOBS = [INGEST, DAYS, PUBLISH, DAILY]


@dg.schedule(
    name="daily_schedule",
    job=DAILY,
    cron_schedule="15 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="At 03:15 UTC the day before is taken in, worked on and published.",
)
def daily_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    # Not built from the job's partitions: their last one lies ahead, for clocks that do.
    day = (context.scheduled_execution_time.date() - timedelta(days=1)).isoformat()
    return dg.RunRequest(run_key=day, partition_key=day)


def landing_sensor(root: str, first_day: date | None) -> dg.SensorDefinition:
    """A sensor that asks for the next thing to do: take in, work on days, publish."""

    @dg.sensor(
        name="landing_sensor",
        jobs=[INGEST, DAYS, PUBLISH],
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks at landing/ every half minute and does what is not up to date.",
    )
    def look(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        for request in next_requests(Workspace.open(root), first_day):
            yield again(request, context.instance)

    return look


def again(
    request: dg.RunRequest | dg.SkipReason, instance: dg.DagsterInstance
) -> dg.RunRequest | dg.SkipReason:
    """The request with a run key of its own attempt: what was killed or failed is done anew.

    Dagster starts nothing twice under one run key, also when the run was killed half-way. After
    `ATTEMPTS` the work rests until its input changes.
    """
    if isinstance(request, dg.SkipReason):
        return request
    work = {WORK_TAG: str(request.run_key)}
    before = instance.get_runs(dg.RunsFilter(tags=work), limit=ATTEMPTS)
    if any(not run.is_finished for run in before):
        return dg.SkipReason(f"{request.job_name} is being worked on")
    if len(before) >= ATTEMPTS:
        return dg.SkipReason(
            f"{request.job_name} did not get done in {ATTEMPTS} runs: see the last"
        )
    return request._replace(
        run_key=f"{request.run_key}-{len(before) + 1}", tags={**request.tags, **work}
    )


def next_requests(
    workspace: Workspace, first_day: date | None
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """The runs that are due now; a run key keeps the same work from being asked for twice."""
    if has_news(workspace.root, workspace.settings.sources):
        yield dg.RunRequest(job_name="ingest", run_key=f"ingest-{landing_version(workspace)}")
        return
    due = plan(workspace)
    if due.nothing:
        yield dg.SkipReason("everything is up to date")
    elif due.days and (first_day is None or due.days[0] < first_day):
        yield dg.SkipReason(
            "other days have arrived: the code location must be reloaded (cx ui does)"
        )
    elif due.days:
        yield from day_requests(workspace, due)
    else:
        key = inputs_version(workspace)
        yield dg.RunRequest(job_name="publish", run_key=f"publish-{key}")


def day_requests(workspace: Workspace, due: Plan) -> Iterator[dg.RunRequest]:
    """One run for each range of days that are due."""
    versions = session_days(workspace)
    for first, last in ranges(due.days, tuple(sorted(versions))):
        inside = sorted((day, v) for day, v in versions.items() if first <= day <= last)
        yield dg.RunRequest(
            job_name="days", run_key=f"days-{digest(*inside)}", tags=range_tags(first, last)
        )


def landing_version(workspace: Workspace) -> str:
    """A digest of what lies in landing/: names, sizes, times."""
    files = sorted(path for path in workspace.landing.rglob("*") if path.is_file())
    return digest(*((path, path.stat().st_size, path.stat().st_mtime_ns) for path in files))
