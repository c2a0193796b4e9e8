"""`cx action`: proposals know their reach, and a second person decides."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cx_analytics.cli.app import status_of


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


def test_a_condition_knows_its_units(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert act(root, "propose", "lot=L1", "--kind", "lot_hold", "--by", "Ada", "--json") == 0
    entry = json.loads(capsys.readouterr().out)
    assert (entry["units"], entry["production_share"]) == (2, 1.0)


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
