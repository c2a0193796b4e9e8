"""One line for a day: nothing to act on, or what changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cx_analytics.cli.app import status_of
from cx_analytics.cli.digest import digest
from cx_analytics.cli.running import standing


def row(change: str, id: str, what: str | None, detail: str | None = None) -> dict[str, Any]:
    return {"change": change, "id": id, "what": what, "detail": detail}


def test_what_is_most_urgent_comes_first() -> None:
    found = [
        row("effect_known", "a1", "cell_id=C1", "did_not"),
        row("hold_ends", "a4", "modem_lot=M1", "2026-01-12"),
        row("new", "c1", "lot=L1"),
        row("recurred", "c3", "app_version=5.2.0"),
        row("reopen_proposed", "a2", "line=A", "c9 came back by 2026-01-10"),
    ]
    assert digest(found, 2) == (
        "1 cause is back (app version 5.2.0), 1 new cause (lot L1), "
        "1 action to look at again (a2 on line A), "
        "1 effect known (a1 on cell id C1: did not), "
        "1 hold ends soon (modem lot M1 on 2026-01-12)"
    )


def test_many_are_counted() -> None:
    found = [row("new", f"c{n}", f"cell_id=C{n}") for n in range(5)]
    assert digest(found, 5) == "5 new causes (cell id C0; cell id C1; cell id C2; 2 more)"


def test_a_run_and_the_causes_say_it(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "changed      nothing new; 1 open cause as before" in standing(workspace)
    assert status_of(["causes", str(workspace)]) == 0
    assert "Changed: nothing new; 1 open cause as before." in capsys.readouterr().out
