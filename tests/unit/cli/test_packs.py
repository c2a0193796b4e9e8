"""`cx export`: packs go out once, whole, and never overwrite; what could not go is told."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from cx_analytics.cli.app import status_of
from cx_analytics.cli.packs import deliver, listed, retry
from cx_analytics.contracts.errors import InputRefused


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
        "dead": [],
        "to": str(target),
    }
    assert copy.read_text() == "noted by the factory"
    assert [path.name for path in target.iterdir()] == ["2026-01-02-d1"]


def test_a_message_goes_once_even_when_the_folder_was_emptied(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "inbox"
    deliver(root, str(target))
    shutil.rmtree(target / "2026-01-02-d1")
    assert deliver(root, str(target)).data["copied"] == []
    assert deliver(root, str(target), again=True).data["copied"] == ["2026-01-02-d1"]


def test_a_folder_gets_the_pack_as_it_is(root: Path, tmp_path: Path) -> None:
    deliver(root, str(tmp_path / "inbox"))
    arrived = tmp_path / "inbox" / "2026-01-02-d1"
    assert [path.name for path in arrived.iterdir()] == ["units.csv"]
    (message,) = listed(root).data["messages"]
    assert (message["state"], message["acknowledge_as"]) == ("sent", "ack-2026-01-02-d1")


def test_folders_and_zip_files_are_two_deliveries(root: Path, tmp_path: Path) -> None:
    inbox = str(tmp_path / "inbox")
    deliver(root, inbox)
    assert deliver(root, inbox, zipped=True).data["copied"] == ["2026-01-02-d1.zip"]
    assert retry(root, inbox, zipped=True).data["kept"] == ["2026-01-02-d1.zip"]
    assert status_of(["export", str(root), "--to", "http://127.0.0.1/", "--zip"]) == 1


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("https://factory.example/packs", "the secret that signs messages is missing"),
        ("ftp://factory.example/packs", "nothing is sent to ftp addresses"),
        ("https://me:word@factory.example/", "must not carry a name or a password"),
        ("mqtt://broker.example", "needs a topic"),
        ("http://factory.example:99999/", "this is no address"),
    ],
)
def test_targets_that_are_refused(
    root: Path,
    target: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("CX_EXCHANGE_SECRET", raising=False)
    assert status_of(["export", str(root), "--to", target]) == 1
    heard = capsys.readouterr()
    assert said in heard.err
    assert "word" not in heard.err.replace("password", "")


def test_foreign_files_do_not_leave(root: Path, tmp_path: Path) -> None:
    pack = root / "exports" / "2026-01-02-d1"
    (pack / "Customers.xlsm").write_text("x")
    with pytest.raises(InputRefused, match="no file of a pack"):
        deliver(root, str(tmp_path / "inbox"))
    (pack / "Customers.xlsm").rename(pack / "more.csv")
    (pack / "more.csv").write_text("unit_id,customer_id\nU1,C1\n")
    answer = deliver(root, str(tmp_path / "inbox"))
    assert "customer_id, which may not reach a factory" in answer.data["dead"][0]["answer"]
    assert list((tmp_path / "inbox").glob("*")) == []


def test_status_1_while_something_is_dead(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "cx.toml").write_text("[exchange]\ntries = 2\nbackoff_s = 0.0\n")
    inbox = tmp_path / "inbox"
    inbox.write_text("a file, where a folder should be")
    assert status_of(["export", str(root), "--to", str(inbox)]) == 1
    assert "1 message could not be delivered" in capsys.readouterr().err
    assert status_of(["export", str(root)]) == 0
    assert f"cx export {root} --retry" in capsys.readouterr().out
    inbox.unlink()
    assert status_of(["export", str(root), "--to", str(inbox)]) == 1, "dead until it is retried"
    assert status_of(["export", str(root), "--retry"]) == 0
    assert (inbox / "2026-01-02-d1" / "units.csv").exists()
    assert status_of(["export", str(root), "--retry", "--again"]) == 2


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
