"""A kill at any moment, then another run: the same lake, quarantine and runs, nothing left over."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cx_analytics.engine.duck import Duck
from cx_analytics.ingest import commit, ingest, lake_versions, quarantine_files, recover, runs_files

FEEDS = ("sessions", "units")
RUN = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from kill_run import take_all
print("ready", flush=True)
take_all(Path({root!r}))
"""


class Killed(BaseException):
    """Stands for SIGKILL inside one process: nothing may catch it to tidy up."""


def plant(root: Path) -> None:
    """Files of two feeds; the second delivery corrects rows of the first and moves some days."""
    sessions = root / "landing" / "sessions"
    units = root / "landing" / "units"
    sessions.mkdir(parents=True)
    units.mkdir(parents=True)
    for number in range(4):
        rows = [
            json.dumps(
                {
                    "session_id": f"s{i}",
                    "customer_id": "c",
                    "started_at": f"2026-01-{1 + (i + number) % 9:02}T10:00:00Z",
                    "mos": "bad" if i % 50 == number else 3,
                }
            )
            for i in range(number * 100, number * 100 + 300)
        ]
        (sessions / f"{number}.ndjson").write_text("\n".join(rows))
    (units / "u.csv").write_text("unit_id,device_model\nu1,m\nu2,\n")


def take_all(root: Path) -> None:
    with Duck(spill=root / "spill", threads=1) as engine:
        ingest(
            FEEDS,
            root=root,
            sources=[],
            extra_columns={},
            rest_s=0,
            engine=engine,
            now=datetime(2026, 2, 1),
            wait=lambda _: None,
            tell=lambda _: None,
        )


def state(root: Path) -> dict[str, Any]:
    """Everything that ingest wrote, without the time of the run."""
    parts = sorted((root / "lake").glob("*/*/part.parquet"))
    return {
        "lake": {
            str(part.relative_to(root)): pl.read_parquet(part, hive_partitioning=False).rows()
            for part in parts
            if "runs" not in part.parts
        },
        "versions": lake_versions(root),
        "quarantine": [pl.read_parquet(path).rows() for path in quarantine_files(root)],
        "runs": [pl.read_parquet(path).drop("started_at").rows() for path in runs_files(root)],
        "leftovers": [str(path) for path in (root / "lake").rglob(".*")],
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("undisturbed")
    plant(root)
    take_all(root)
    return state(root)


STEPS = {
    "before the journal": ("_write_journal", 1),
    "after the journal": ("_finish", 1),
    "after the journal of the second feed": ("_finish", 2),
    "before the folder goes": ("_retire", 1),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_a_step_of_the_commit(
    step: str, tmp_path: Path, undisturbed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path)
    name, turn = STEPS[step]
    real = getattr(commit, name)
    calls = []

    def dies(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == turn:
            raise Killed
        real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(commit, name, dies)
        patched.setattr(commit.Staging, "abandon", lambda _: None)
        with pytest.raises(Killed):
            take_all(tmp_path)
    take_all(tmp_path)
    assert state(tmp_path) == undisturbed


def test_a_kill_between_two_moves(
    tmp_path: Path, undisturbed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path)
    real = Path.replace

    def dies(self: Path, target: Path) -> Path:
        if target == tmp_path / "lake/sessions/day=2026-01-05/part.parquet":
            raise Killed
        return real(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", dies)
        with pytest.raises(Killed):
            take_all(tmp_path)
    assert (tmp_path / "lake/sessions/day=2026-01-04/part.parquet").is_file()
    assert recover(tmp_path) == ["000001"]
    take_all(tmp_path)
    assert state(tmp_path) == undisturbed


@pytest.mark.slow
def test_kills_at_random_moments(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    plant(tmp_path)
    chance = random.Random(7)
    script = RUN.format(here=str(Path(__file__).parent), root=str(tmp_path))
    script = script.replace("kill_run", Path(__file__).stem)
    for _ in range(6):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.9))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    take_all(tmp_path)
    assert state(tmp_path) == undisturbed
