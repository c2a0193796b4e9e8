"""`cx run`: do what is not up to date, in the same Dagster instance that the web UI shows.

Belongs here: the order of a run, and turning Dagster's failures into errors a user can act on.
Stays out: what assets do. Dagster is imported only when there is something to do.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_analytics.contracts.errors import CheckFailed, CxError, is_disk_full
from cx_analytics.engine.bounds import demand_room, on_cores
from cx_analytics.engine.files import sweep
from cx_analytics.engine.lock import exclusive
from cx_analytics.engine.models import dagster_settings
from cx_analytics.engine.opening import check_engine
from cx_analytics.engine.stamps import Stamps
from cx_analytics.engine.warehouse import publish, relocate
from cx_analytics.workspace import Workspace

if TYPE_CHECKING:
    import dagster as dg
    import duckdb

    from cx_analytics.defs.timing import StepTime

Progress = Callable[[str, str, int, int], None]
"""Called with (stage, what, done, of)."""


KEPT_SHARE = 0.3
"""Bytes that lake and derived tables keep of a byte of landed text, with room to spare."""

BY_COMMAND = {"user": "cx run"}
"""Tag of the Dagster runs that are made here; the UI shows it as what launched them."""


@dataclass(frozen=True)
class RunSummary:
    """What a run did: rows of this run, the days worked on, warnings of quality checks."""

    up_to_date: bool
    files: int = 0
    rows_in: int = 0
    kept: int = 0
    duplicates: int = 0
    quarantined: int = 0
    days: tuple[date, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass
class _Tally:
    """Collects what the Dagster runs of one `cx run` report."""

    counts: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def run(
    root: str | Path,
    first: date | None = None,
    last: date | None = None,
    *,
    progress: Progress | None = None,
    cold: bool = False,
    one_fit: bool = False,
) -> RunSummary:
    """Bring a workspace up to date: ingest, the days that changed, and the publication.

    Parameters
    ----------
    root : the workspace's folder.
    first, last : work only on days in this range (both inclusive); others stay stale.
    progress : hears of each step.
    cold : forget all derived tables first, so that everything is made anew from the lake; no
        fit starts from the causes of the day before.
    one_fit : look for causes as of the newest day alone, not as of each day: for a long past.

    Raises
    ------
    CxError : what failed, where, and what to do; what was published before stays.
    """
    workspace = Workspace.open(root)
    if first and last and first > last:
        raise CxError(
            f"--from {first} lies after --to {last}", where="cx run", todo="swap the days"
        )
    with writing(workspace, progress):
        return bring_up_to_date(
            workspace, first, last, progress=progress, cold=cold, one_fit=one_fit
        )


def writing(workspace: Workspace, progress: Progress | None = None) -> AbstractContextManager[None]:
    """The workspace's lock; `progress` hears of waiting for whoever holds it."""
    return exclusive(workspace.dagster / ".lock", tell=_teller(progress))


def bring_up_to_date(
    workspace: Workspace,
    first: date | None = None,
    last: date | None = None,
    *,
    progress: Progress | None = None,
    cold: bool = False,
    one_fit: bool = False,
) -> RunSummary:
    """What `run` does, for a caller who holds the workspace's lock already (`writing`)."""
    from cx_analytics.defs.pseudonyms import pseudonyms_of

    began = time.monotonic()
    check_engine(workspace.settings.engine)
    _clean(workspace, cold)
    pseudonyms_of(workspace)  # A setting that does not fit the lake is refused without news, too.
    _open_warehouse(workspace)
    if _nothing_to_do(workspace, first, last):
        return RunSummary(up_to_date=True, seconds=time.monotonic() - began)
    tally = _Tally()
    _demand_room(workspace)
    with on_cores(workspace.settings.engine.threads):
        days = _work(workspace, first, last, progress, tally, cold=cold, one_fit=one_fit)
    return RunSummary(
        up_to_date=False,
        days=days,
        warnings=tuple(dict.fromkeys(tally.warnings)),
        seconds=time.monotonic() - began,
        **tally.counts,
    )


def connect(root: str | Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the warehouse that the last run of a workspace published.

    It stays on that publication while later runs replace the file; open a new one to see them.
    NotFound when there is no workspace, or nothing was published yet.
    """
    from cx_analytics.engine import warehouse

    return warehouse.connect(Workspace.open(root).database)


def step_times(root: str | Path) -> list[StepTime]:
    """How long the steps of all runs of a workspace took, in the order in which they ended."""
    from cx_analytics.defs import timing

    with _instance(Workspace.open(root)) as instance:
        return timing.step_times(instance)


def _teller(progress: Progress | None) -> Callable[[str], None]:
    return lambda text: progress("wait", text, 0, 0) if progress else None


def _clean(workspace: Workspace, cold: bool) -> None:
    """Finish or remove what a killed run left behind; with `cold`, forget what was derived."""
    from cx_analytics import exchange, ingest

    ingest.recover(workspace.root)
    if cold:
        # Stamps first: a kill in between must not leave partitions that only look up to date.
        Stamps(workspace.parts).file.unlink(missing_ok=True)
        shutil.rmtree(workspace.parts, ignore_errors=True)
    exchange.sweep(workspace.exports)
    for folder in (workspace.warehouse, workspace.quarantine, workspace.exports, workspace.reports):
        if folder.is_dir():
            sweep(folder)
    for spill in workspace.spill().parent.glob(".spill*"):
        shutil.rmtree(spill, ignore_errors=True)


def _open_warehouse(workspace: Workspace) -> None:
    """Publish an empty warehouse where there is none, so that readers never meet a missing one.

    One that was moved or copied with its workspace is made to read its own days.
    """
    relocate(workspace.database)
    if not workspace.database.is_file():
        Stamps(workspace.parts).clear("warehouse", ["all"])
        publish(workspace.database, {}, spill=workspace.spill("publish"))


def _nothing_to_do(workspace: Workspace, first: date | None, last: date | None) -> bool:
    from cx_analytics.defs.plan import plan
    from cx_analytics.ingest import has_news

    if has_news(workspace.root, workspace.settings.sources):
        return False
    return plan(workspace, first, last).nothing


def _demand_room(workspace: Workspace) -> None:
    """Refuse to begin what the disk cannot hold."""
    from cx_analytics.ingest import most_in_a_batch, new_text_bytes

    most = most_in_a_batch(workspace.settings.engine.memory_bytes)
    landed = new_text_bytes(workspace.root, workspace.settings.sources)
    needed = int(KEPT_SHARE * landed) + min(landed, most)
    demand_room(workspace.root, needed, "what has landed")


def _work(
    workspace: Workspace,
    first: date | None,
    last: date | None,
    progress: Progress | None,
    tally: _Tally,
    *,
    cold: bool,
    one_fit: bool,
) -> tuple[date, ...]:
    from cx_analytics.defs.automation import range_tags
    from cx_analytics.defs.partitions import COLD_TAG, ONE_FIT_TAG
    from cx_analytics.defs.plan import ledger_grew, plan, ranges, session_days
    from cx_analytics.defs.progress import listening

    how = {tag: "true" for tag, asked in ((COLD_TAG, cold), (ONE_FIT_TAG, one_fit)) if asked}
    with _instance(workspace) as instance, listening(progress):
        _execute(workspace, instance, "ingest", {}, tally)
        due = plan(workspace, first, last)
        known = tuple(sorted(session_days(workspace)))
        for begin, end in ranges(due.days, known):
            _execute(workspace, instance, "days", range_tags(begin, end) | how, tally)
        if due.publish:
            _execute(workspace, instance, "publish", {}, tally)
        if due.publish and ledger_grew(workspace):
            # What the product wrote into the ledger itself is published as well.
            _execute(workspace, instance, "publish", {}, tally)
    return due.days


@contextmanager
def _instance(workspace: Workspace) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of the workspace, with the checked-in settings."""
    import dagster as dg

    from cx_analytics.defs.history import written_lightly

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    prepare_instance(workspace)
    home = workspace.dagster.resolve()
    with written_lightly(home), dg.DagsterInstance.from_config(str(home)) as instance:
        _end_killed_runs(instance)
        yield instance


def _end_killed_runs(instance: dg.DagsterInstance) -> None:
    """Call failed what a killed `cx run` left as started: it would take a place in the queue.

    Whoever holds the workspace's lock knows that no other `cx run` is alive.
    """
    import dagster as dg
    from dagster import DagsterRunStatus as Status

    unfinished = [Status.NOT_STARTED, Status.STARTING, Status.STARTED, Status.CANCELING]
    for killed in instance.get_runs(dg.RunsFilter(statuses=unfinished, tags=BY_COMMAND)):
        instance.report_run_failed(killed, "the process of this run was killed")


def prepare_instance(workspace: Workspace) -> None:
    """Put the checked-in dagster.yaml into the workspace's Dagster home."""
    workspace.dagster.mkdir(parents=True, exist_ok=True)
    target = workspace.dagster / "dagster.yaml"
    wanted = dagster_settings().read_text(encoding="utf-8")
    if not target.is_file() or target.read_text(encoding="utf-8") != wanted:
        target.write_text(wanted, encoding="utf-8")


def _execute(
    workspace: Workspace,
    instance: dg.DagsterInstance,
    job: str,
    tags: dict[str, str],
    tally: _Tally,
) -> None:
    from cx_analytics.definitions import build_definitions

    definitions = build_definitions(workspace.root, locked=False)
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        tags=tags | BY_COMMAND,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    for event in result.get_asset_materialization_events():
        if job == "ingest":
            _count(event.step_materialization_data.materialization.metadata, tally.counts)
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    tally.warnings += [f"{check.asset_key.to_user_string()}: {_said(check)}" for check in failed]
    if not result.success:
        raise _failure(workspace, job, result, failed)


def _said(check: Any) -> str:
    return f"{check.check_name}: {check.description or 'failed'}"


def _count(metadata: Any, counts: dict[str, int]) -> None:
    for name in ("files", "rows_in", "kept", "duplicates", "quarantined"):
        if name in metadata:
            counts[name] = counts.get(name, 0) + int(metadata[name].value)


def _failure(workspace: Workspace, job: str, result: Any, failed: list[Any]) -> CxError:
    """The error behind a failed Dagster run, in the user's words."""
    steps = [event for event in result.all_events if event.is_step_failure]
    for event in steps:
        refused = event.step_failure_data.user_failure_data
        if refused is not None and refused.description:
            return CxError(refused.description.rstrip("."))
    blocking = [check for check in failed if check.blocking]
    if blocking:
        return CheckFailed(
            "; ".join(_said(check) for check in blocking),
            where=str(workspace.root),
            todo="look at the quarantine table and the data docs in reports/quality",
        )
    text = _innermost(steps[0].step_failure_data.error) if steps else "unknown"
    if is_disk_full(text):
        return CxError(
            f"the disk is full, so the run stopped in '{job}'",
            where=str(workspace.root),
            todo="free some of it and run again; what is done stays, and what was published",
        )
    return CxError(
        f"the run stopped in '{job}' at {steps[0].step_key if steps else '?'}: {text}",
        where=str(workspace.root),
        todo="see the run in 'cx ui'; what was published before is untouched",
    )


def _innermost(error: Any) -> str:
    """The message at the bottom of a chain of causes: the others only say that it was tried."""
    while error.cause is not None:
        error = error.cause
    return str(error.message.strip())
