"""A killed run leaves the last good warehouse, and the next run makes it as if nothing happened."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
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

COMMAND = (
    "import sys, cx_analytics.quality as quality\n"
    "quality.validate = lambda *_, **__: ()\n"
    "from cx_analytics.pipeline import run\n"
    "run(sys.argv[1], progress=lambda stage, *_: print(stage, flush=True))\n"
)


def killed_at(root: Path, stage: str, wait_s: float) -> None:
    """Start a run and kill it so long after it has reached a stage."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    reached = any(line.strip() == stage for line in process.stdout)
    assert reached, f"the run ended before {stage}"
    time.sleep(wait_s)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


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
    for stage, wait_s in (("ingest", 0.4), ("experience", 0.05), ("publish", 0.1)):
        killed_at(root, stage, wait_s)
        assert tables(root)["sessions"] == [], "readers go on with what was published"
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
        "warehouse/parts/sessions/day=2026-01-01/.part-part.parquet.tmp",
        "lake/.staging-000001/00000/rows.parquet",
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
