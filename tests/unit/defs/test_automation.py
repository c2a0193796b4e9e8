"""What runs by itself: the day of the schedule, and trying again what was not done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import dagster as dg
import pytest

from cx_analytics.defs.automation import WORK_TAG, again, daily_schedule

REQUEST = dg.RunRequest(job_name="days", run_key="days-1", tags={"a": "b"})


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def add_runs(instance: dg.DagsterInstance, *statuses: dg.DagsterRunStatus) -> None:
    for number, status in enumerate(statuses):
        run = dg.DagsterRun(
            job_name="days", run_id=f"run-{number}", status=status, tags={WORK_TAG: "days-1"}
        )
        instance.add_run(run)


def test_the_schedule_asks_for_the_day_before() -> None:
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 3, 5, 3, 15))
    request = daily_schedule(context)
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == ("2026-03-04", "2026-03-04")


def test_the_first_attempt_keeps_the_tags(instance: dg.DagsterInstance) -> None:
    asked = again(REQUEST, instance)
    assert isinstance(asked, dg.RunRequest)
    assert (asked.job_name, asked.run_key) == ("days", "days-1-1")
    assert asked.tags == {"a": "b", WORK_TAG: "days-1"}


def test_a_failed_run_is_tried_again_under_another_key(instance: dg.DagsterInstance) -> None:
    add_runs(instance, dg.DagsterRunStatus.FAILURE)
    asked = again(REQUEST, instance)
    assert isinstance(asked, dg.RunRequest)
    assert asked.run_key == "days-1-2"


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ([dg.DagsterRunStatus.STARTED], "days is being worked on"),
        ([dg.DagsterRunStatus.FAILURE] * 3, "days did not get done in 3 runs: see the last"),
    ],
)
def test_nothing_is_asked_for(
    instance: dg.DagsterInstance, statuses: list[dg.DagsterRunStatus], words: str
) -> None:
    add_runs(instance, *statuses)
    skipped = again(REQUEST, instance)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == words
