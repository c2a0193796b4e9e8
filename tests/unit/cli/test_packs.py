"""`cx export`: packs are copied once, whole, and never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from cx_analytics.cli.app import status_of
from cx_analytics.cli.packs import deliver, listed


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "ws"
    for name in ("2026-01-02-d1", ".part-half.tmp"):
        (root / "exports" / name).mkdir(parents=True)
        (root / "exports" / name / "units.csv").write_text("unit_id\nU1\n")
    (root / "cx.toml").write_text("")
    return root


def test_listed(root: Path) -> None:
    (pack,) = listed(root).data["packs"]
    assert (pack["pack"], pack["files"], pack["bytes"]) == ("2026-01-02-d1", ["units.csv"], 11)


def test_copied_once(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "inbox"
    assert deliver(root, str(target)).data["copied"] == ["2026-01-02-d1"]
    copy = target / "2026-01-02-d1" / "units.csv"
    copy.write_text("noted by the factory")
    assert deliver(root, str(target)).data == {
        "copied": [],
        "kept": ["2026-01-02-d1"],
        "to": str(target),
    }
    assert copy.read_text() == "noted by the factory"
    assert [path.name for path in target.iterdir()] == ["2026-01-02-d1"]


@pytest.mark.parametrize("target", ["https://factory.example/packs", "mqtt://broker/packs"])
def test_addresses_are_refused(root: Path, target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["export", str(root), "--to", target]) == 1
    assert "packs go to folders only" in capsys.readouterr().err


def test_onto_itself(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["export", str(root), "--to", str(root / "exports")]) == 1
    assert "there already" in capsys.readouterr().err
