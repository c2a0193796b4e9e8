"""`cx export`: packs are copied once, whole, and never overwritten."""

from __future__ import annotations

import zipfile
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


def test_zipped_once_and_the_same_from_every_copy(root: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    assert deliver(root, str(first), zipped=True).data["copied"] == ["2026-01-02-d1.zip"]
    assert deliver(root, str(first), zipped=True).data["kept"] == ["2026-01-02-d1.zip"]
    (root / "exports" / "2026-01-02-d1" / "units.csv").touch()
    deliver(root, str(second), zipped=True)
    name = "2026-01-02-d1.zip"
    assert (first / name).read_bytes() == (second / name).read_bytes()
    with zipfile.ZipFile(first / name) as archive:
        assert archive.namelist() == ["2026-01-02-d1/units.csv"]
    assert [path.name for path in first.iterdir()] == [name]


def test_zip_without_a_folder(root: Path) -> None:
    assert status_of(["export", str(root), "--zip"]) == 2
