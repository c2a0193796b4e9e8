"""A killed run leaves the last good warehouse, and the next run makes it as if nothing happened."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from cx_analytics.engine.files import PART
from cx_analytics.engine.stamps import Stamps
from cx_analytics.pipeline import BY_COMMAND, prepare_instance, run
from cx_analytics.workspace import Workspace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("unjudged"),
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
]

Contents = dict[str, list[tuple[Any, ...]]]
Tables = Callable[[Path], Contents]

COMMAND = """
import os, signal, sys, threading, cx_analytics.quality as quality
from cx_analytics.engine import warehouse
from cx_analytics.pipeline import run

quality.validate = lambda *_, **__: ()
root, stage, owner, name, turn = sys.argv[1:]
owner, turns = {"os": os, "warehouse": warehouse}[owner], int(turn)
real, reached, calls = getattr(owner, name), threading.Event(), 0

def dies(*given):
    global calls
    calls += reached.is_set()
    if calls == turns:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given)

setattr(owner, name, dies)
run(root, progress=lambda at, *_: reached.set() if at == stage else None)
"""

KILLS = (
    ("ingest", "os", "fsync", 5),
    ("experience", "os", "fsync", 3),
    ("publish", "warehouse", "_fill", 20),
    ("publish", "warehouse", "keep_name", 1),
)
"""Stage, and the call after its start that is the last: a file that is written and not yet in its
place, a table of a warehouse that is being built, or its last moment before the swap."""


def killed_at(root: Path, *kill: str | int) -> None:
    """Start a run that kills itself there."""
    command = [sys.executable, "-c", COMMAND, str(root), *map(str, kill)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def leftovers(root: Path) -> list[str]:
    """What a killed writer leaves behind."""
    starts, ends = (PART, ".staging", ".spill"), (".tmp", ".wal")
    found = (path for path in root.rglob("*") if "dagster" not in path.relative_to(root).parts)
    return sorted(
        str(path) for path in found if path.name.startswith(starts) or path.name.endswith(ends)
    )


def test_runs_killed_anywhere_change_nothing(
    new_workspace: Callable[..., Path], tables: Tables
) -> None:
    whole, root = new_workspace(), new_workspace()
    run(whole)
    left = []
    for kill in KILLS:
        killed_at(root, *kill)
        left.append(leftovers(root))
        assert tables(root)["sessions"] == [], "readers go on with what was published"
    half = ("lake/", "warehouse/parts/", ".part-cx.duckdb", ".part-cx.duckdb")
    for amid, names in zip(half, left, strict=True):
        assert any(amid in name for name in names)
    run(root)
    assert tables(root) == tables(whole)
    assert leftovers(root) == []
    assert run(root).up_to_date
    with dg.DagsterInstance.from_config(str(root / "dagster")) as instance:
        ends = [one.status.value for one in instance.get_runs()]
    assert set(ends) == {"SUCCESS", "FAILURE"}


def test_what_a_kill_leaves_is_swept(new_workspace: Callable[..., Path]) -> None:
    root = new_workspace(empty=True)
    run(root)
    half = (
        "warehouse/.part-cx.duckdb.tmp",
        "warehouse/.part-cx.duckdb.tmp.wal",
        "warehouse/.spill/duckdb_temp_storage-0.tmp",
        "warehouse/.spill-publish/duckdb_temp_storage-0.tmp",
        "warehouse/published/.part-000007/sessions/day=2026-01-01.parquet",
        "warehouse/parts/sessions/day=2026-01-01/.part-part.parquet.tmp",
        "lake/.staging-000001/00000.csv-rows.parquet",
        "exports/.part-d-abcdef-2026-01-01-01234567/feedback.json",
        "reports/.part-index.html.tmp",
    )
    for name in half:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"half")
    assert run(root).up_to_date
    assert leftovers(root) == []


def test_a_killed_run_does_not_stay_started_in_dagster(
    new_workspace: Callable[..., Path],
) -> None:
    root = new_workspace(empty=True)
    workspace = Workspace.open(root)
    prepare_instance(workspace)
    with dg.DagsterInstance.from_config(str(workspace.dagster)) as instance:
        started = dg.DagsterRunStatus.STARTED
        killed = instance.add_run(dg.DagsterRun("days", tags=BY_COMMAND, status=started))
        waiting = instance.add_run(dg.DagsterRun("days", status=started))
    run(root)
    with dg.DagsterInstance.from_config(str(workspace.dagster)) as instance:
        ends = {
            run_id: instance.get_run_by_id(run_id) for run_id in (killed.run_id, waiting.run_id)
        }
        assert ends[killed.run_id].status is dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
        # A run of the web UI may be alive, waiting for the lock.
        assert ends[waiting.run_id].status is started  # type: ignore[union-attr]


def test_a_rebuild_forgets_the_stamps_first(
    new_workspace: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in between, partitions that are gone must not look up to date."""
    root = new_workspace(empty=True)
    run(root)
    parts = Workspace.open(root).parts

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            run(root, cold=True)
    assert Stamps(parts).of("warehouse") == {}
    assert not run(root).up_to_date
