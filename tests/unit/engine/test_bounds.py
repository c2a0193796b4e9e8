"""What a run takes of the machine: cores, and room on the disk."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from cx_analytics.contracts.errors import CxError
from cx_analytics.engine.bounds import RESERVE, demand_room, on_cores

several = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs Linux and two cores",
)


@several
def test_a_process_is_held_to_its_cores_and_let_go() -> None:
    before = os.sched_getaffinity(0)
    seen: list[set[int]] = []
    with on_cores(1):
        inside = threading.Thread(target=lambda: seen.append(os.sched_getaffinity(0)))
        inside.start()
        inside.join()
        assert len(os.sched_getaffinity(0)) == 1
    assert [len(cores) for cores in seen] == [1]
    assert os.sched_getaffinity(0) == before


@several
def test_threads_that_work_already_are_held_too() -> None:
    begun, asked, seen = threading.Event(), threading.Event(), list[set[int]]()

    def work() -> None:
        begun.set()
        asked.wait()
        seen.append(os.sched_getaffinity(0))

    worker = threading.Thread(target=work)
    worker.start()
    begun.wait()
    with on_cores(1):
        asked.set()
        worker.join()
    assert [len(cores) for cores in seen] == [1]


@pytest.mark.parametrize("threads", [None, 10_000])
def test_all_cores_are_no_bound(threads: int | None) -> None:
    before = os.sched_getaffinity(0)
    with on_cores(threads):
        assert os.sched_getaffinity(0) == before


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how much of every disk is free."""

    def set_free(size: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=size))

    return set_free


def test_room_is_demanded_before_anything_is_written(
    tmp_path: Path, free: Callable[[int], None]
) -> None:
    free(RESERVE + 999_999_999)
    with pytest.raises(CxError) as error:
        demand_room(tmp_path / "not" / "there", 1_000_000_000, "what has landed")
    assert str(error.value) == (
        f"{tmp_path}/not/there: what has landed needs about 1.0 GB, and 1.3 GB are free. To do: "
        "free some of the disk, or give [engine] spill in cx.toml a folder on another one"
    )
    free(RESERVE + 1_000_000_000)
    demand_room(tmp_path / "not" / "there", 1_000_000_000, "what has landed")
