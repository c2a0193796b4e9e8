"""A run writes into the ledger what it is owed, publishes it, and comes to rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cx_analytics.contracts.settings import Rails
from cx_analytics.loop import Proposal, append, decide, propose, read_ledger
from cx_analytics.pipeline import run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("unjudged", "unrecorded"),
    pytest.mark.filterwarnings("ignore:Parameter `backfill_policy`"),
]

REPAIR = Proposal("cell_repair", "cell_id=C1")


def rows(root: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / "warehouse" / "cx.duckdb"), read_only=True) as warehouse:
        return warehouse.sql(sql).fetchall()


def test_what_a_run_writes_is_published_by_it(new_workspace: Callable[..., Path]) -> None:
    root = new_workspace()
    ledger, rails, now = root / "ledger.ndjson", Rails(), datetime.now(UTC).replace(tzinfo=None)
    append(ledger, lambda told: propose(told, REPAIR, actor="ann", at=now, rails=rails))
    append(
        ledger,
        lambda told: decide(
            told, REPAIR.action_id, "approved", actor="bob", at=now, rails=rails, reason="drops"
        ),
    )
    feed = root / "landing" / "actions"
    feed.mkdir(exist_ok=True)
    acknowledged = f"{REPAIR.action_id},cell_repair,cell_id=C1,2026-01-02T15:00:00Z,done\n"
    head = "action_id,kind,conditions,effective_from,status\n"
    (feed / "acknowledged.csv").write_text(head + acknowledged, encoding="utf-8")

    run(root)
    assert run(root).up_to_date
    last = read_ledger(ledger)[-1]
    assert (last.event, last.actor) == ("in_effect", "automatic")
    assert str(last.evidence).startswith("lake ")
    assert last.expires_at is None, "what was repaired stays so"
    events = rows(root, "SELECT event FROM action_ledger ORDER BY entry")
    assert events == [("proposed",), ("approved",), ("in_effect",)]

    before = ledger.read_bytes()
    run(root, cold=True)
    assert ledger.read_bytes() == before, "what is known is not written twice"
