"""A run with one fit: what the newest day says is said, and every fault has its shares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cx_analytics.pipeline import connect, run
from cx_analytics.simulate import make_world, write_world

pytestmark = pytest.mark.usefixtures("unjudged", "unrecorded")

BY_FAULT = "SELECT session_id, sum(share) AS whole FROM fault_causes GROUP BY session_id"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days, of which a window holds two, after one fit."""
    root = tmp_path_factory.mktemp("world")
    write_world(make_world(sessions=8000, days=4, seed=3, difficulty="easy"), root)
    (root / "cx.toml").write_text("[product]\nwindow_days = 2\n", encoding="utf-8")
    assert len(run(root, one_fit=True).days) == 4
    return root


def ask(root: Path, query: str) -> list[Any]:
    with connect(root) as warehouse:
        return warehouse.sql(query).fetchall()


def test_one_fit_tells_the_causes_of_the_newest_day(once: Path) -> None:
    ((newest,),) = ask(once, "SELECT max(started_at)::DATE FROM sessions")
    assert ask(once, "SELECT DISTINCT as_of FROM causes_history") == [(newest,)]
    assert ask(once, "SELECT count(*) > 0 FROM causes") == [(True,)]


def test_one_fit_shares_out_all_faults(once: Path) -> None:
    whole = pytest.approx(1, abs=1e-9)
    ((faults,),) = ask(once, "SELECT count(*) FROM sessions WHERE faulty")
    assert ask(once, f"SELECT min(whole), max(whole), count(*) FROM ({BY_FAULT})") == [
        (whole, whole, faults)
    ]


def test_days_that_one_fit_passed_over_stay_so(once: Path) -> None:
    assert run(once).up_to_date
