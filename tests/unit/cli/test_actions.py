"""`cx action`: proposals know their reach, and a second person decides."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from cx_analytics.cli.app import status_of
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import ACTION_EFFECTS, ACTIONS, TABLES
from cx_analytics.engine.stamps import Stamps
from cx_analytics.engine.store import Store
from cx_analytics.engine.warehouse import publish
from cx_analytics.loop import Proposal


@pytest.fixture
def root(workspace: Path, tmp_path: Path) -> Path:
    """A copy, since the ledger is written to."""
    return Path(shutil.copytree(workspace, tmp_path / "ws"))


def act(root: Path, *arguments: str) -> int:
    return status_of(["action", str(root), *arguments])


def test_a_defect_becomes_a_hold_on_its_lot(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert act(root, "propose", "d1", "--by", "Ada", "--why", "drops", "--json") == 0
    entry = json.loads(capsys.readouterr().out)
    assert (entry["kind"], entry["subject"], entry["cause_id"]) == (
        "lot_hold",
        "modem_lot=M1",
        "k1",
    )
    assert (entry["units"], entry["production_share"], entry["probability"]) == (1, 0.5, 0.97)

    assert act(root, "approve", entry["action_id"], "--by", "Ada", "--why", "sure") == 1
    assert "ask a second person" in capsys.readouterr().err
    assert act(root, "approve", entry["action_id"], "--by", "Bob", "--why", "half of all") == 0
    assert act(root, "release", entry["action_id"], "--by", "Bob") == 1
    assert "released needs a reason" in capsys.readouterr().err
    assert act(root, "list", "--json") == 0
    (action,) = json.loads(capsys.readouterr().out)["actions"]
    assert (action["state"], action["actor"]) == ("approved", "Bob")


def test_another_kind_than_what_was_proposed_is_refused(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert act(root, "propose", "a77", "--kind", "lot_hold", "--by", "Ada") == 1
    assert "proposed a rollout_stop here, not a lot_hold" in capsys.readouterr().err
    assert act(root, "list", "--json") == 0
    assert json.loads(capsys.readouterr().out)["actions"] == []


def test_a_condition_knows_its_units(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert act(root, "propose", "lot=L1", "--kind", "lot_hold", "--by", "Ada", "--json") == 0
    entry = json.loads(capsys.readouterr().out)
    assert (entry["units"], entry["production_share"]) == (2, 1.0)


def test_what_a_run_proposed_is_put_into_the_ledger_by_its_id(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert act(root, "propose", "a77", "--by", "Ada", "--why", "seen in the store", "--json") == 0
    entry = json.loads(capsys.readouterr().out)
    assert (entry["kind"], entry["subject"]) == (
        "rollout_stop",
        "app_version=5.2.0 & device_model=X",
    )
    assert (entry["units"], entry["production_share"], entry["probability"]) == (40, 0.5, 0.75)
    assert entry["reason"] == "seen in the store; stop the rollout"
    assert act(root, "approve", entry["action_id"], "--by", "ada", "--why", "sure") == 1
    assert "ask a second person" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("condition", "kind", "units"),
    [
        ("device_model=X", "process_change", 2),
        ("modem_supplier=Acme", "process_change", 2),
        ("fault_code=crash & device_model=X", "rollout_stop", 1),
        ("unit_id=U1", "unit_replacement", 1),
        ("no_such_thing=1", "other", None),
    ],
)
def test_the_reach_of_other_conditions(
    root: Path, capsys: pytest.CaptureFixture[str], condition: str, kind: str, units: int | None
) -> None:
    assert act(root, "propose", condition, "--kind", kind, "--by", "Ada", "--json") == 0
    assert json.loads(capsys.readouterr().out)["units"] == units


@pytest.mark.parametrize(
    ("arguments", "status", "hint"),
    [
        (("list", "a1"), 2, "list takes nothing more"),
        (("approve",), 2, "takes what to act on"),
        (("explode", "a1"), 2, "propose"),
        (("propose", "d9"), 1, "did you mean d1?"),
        (("propose", "lot=L1"), 1, "the kind of action is missing"),
        (("propose", "lot=L1", "--kind", "lot_holt"), 1, "did you mean lot_hold?"),
        (("approve", "a9"), 1, "there is no action 'a9'"),
    ],
)
def test_refused(
    root: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: int,
    hint: str,
) -> None:
    assert act(root, *arguments, "--by", "Ada") == status
    assert hint in capsys.readouterr().err


NOON = datetime(2026, 1, 2, 12)
REPAIR = Proposal("cell_repair", "cell_id=C1")


@pytest.fixture
def repaired(root: Path) -> Path:
    """A repair in effect, and a warehouse that knows what it did."""
    assert act(root, "propose", REPAIR.subject, "--kind", REPAIR.kind, "--by", "Ada") == 0
    assert act(root, "approve", REPAIR.action_id, "--by", "Bob", "--why", "C1 drops") == 0
    assert act(root, "start", REPAIR.action_id, "--by", "Bob") == 0
    return root


def publish_effect(root: Path, verdict: str) -> None:
    store = Store(root / "warehouse" / "parts")
    row = {"action_id": REPAIR.action_id, "kind": REPAIR.kind, "effective_from": NOON}
    figures = {"estimate": 0.4, "low": 0.3, "high": 0.6, "method": "DiD"}
    effect = {"action_id": REPAIR.action_id, "verdict": verdict} | figures
    Stamps(store.root).set("warehouse", {"all": "7"})
    for table, values in ((ACTIONS, row), (ACTION_EFFECTS, effect)):
        store.write(table.name, frame_of([values], table))
    names = [name for name in TABLES if store.paths(name)]
    publish(
        root / "warehouse" / "cx.duckdb",
        {name: store.paths(name) for name in names},
        spill=root / ".spill",
    )


def test_nothing_is_closed_before_its_effect_is_known(
    repaired: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert act(repaired, "close", REPAIR.action_id, "--by", "Ada", "--why", "done") == 1
    assert "closed may not follow in_effect" in capsys.readouterr().err
    assert act(repaired, "effect", REPAIR.action_id, "--by", "Ada") == 1
    assert "the effect is not known yet" in capsys.readouterr().err


def test_what_worked_is_closed_and_reopened(
    repaired: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_effect(repaired, "worked")
    capsys.readouterr()
    assert act(repaired, "effect", REPAIR.action_id, "--by", "Ada", "--json") == 0
    entry = json.loads(capsys.readouterr().out)
    assert (entry["event"], entry["verdict"]) == ("effect_known", "worked")
    assert entry["evidence"] == "warehouse 7"
    assert entry["reason"] == "rate ratio 0.40 (0.30 to 0.60), DiD"
    assert act(repaired, "close", REPAIR.action_id, "--by", "Ada") == 0
    assert act(repaired, "reopen", REPAIR.action_id, "--by", "Ada") == 1
    assert "reopened needs a reason" in capsys.readouterr().err
    assert act(repaired, "reopen", REPAIR.action_id, "--by", "Ada", "--why", "drops again") == 0


def test_what_did_not_work_needs_a_second_person_to_close(
    repaired: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_effect(repaired, "did_not")
    assert act(repaired, "effect", REPAIR.action_id, "--by", "Ada") == 0
    assert act(repaired, "close", REPAIR.action_id, "--by", "Ada", "--why", "enough") == 1
    assert "Ada proposed this and may not close it alone" in capsys.readouterr().err
    assert act(repaired, "close", REPAIR.action_id, "--by", "Bob", "--why", "cell is sold") == 0


def test_undoing_says_what_it_takes_back(
    repaired: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert act(repaired, "undo", REPAIR.action_id, "--by", "Eve") == 1
    assert "released needs a reason" in capsys.readouterr().err
    assert act(repaired, "undo", REPAIR.action_id, "--by", "Eve", "--why", "C2", "--json") == 0
    entry = json.loads(capsys.readouterr().out)
    assert (entry["event"], entry["reason"]) == (
        "released",
        "takes back entry 3 (in_effect by Bob): C2",
    )
    assert act(repaired, "list", "--json") == 0
    (action,) = json.loads(capsys.readouterr().out)["actions"]
    assert action["state"] == "released"
