"""`cx verify`: the same, differing, refused, damaged, of another day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cx_analytics.cli.app import status_of
from cx_analytics.cli.verify import verify
from cx_analytics.exchange.manifest import digest

UNITS = "SELECT count(*) AS value FROM units"


@pytest.fixture
def root(workspace: Path) -> Path:
    return workspace


def entry(sql: str = UNITS, value: float | None = 2, snapshot: str = "2026-01-02") -> Any:
    return {
        "metric_id": "units",
        "sql": sql,
        "snapshot": snapshot,
        "value": value,
        "unit": "units",
    }


def written(folder: Path, *entries: Any) -> Path:
    target = folder / "evidence.json"
    target.write_text(json.dumps(entries))
    return target


def verdicts(root: Path, source: Path) -> list[str | None]:
    return [one["wrong"] for one in verify(root, source).data["numbers"]]


def test_all_the_same(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(tmp_path, entry(), entry("SELECT NULL AS value", None))
    assert status_of(["verify", str(root), str(source)]) == 0
    assert capsys.readouterr().out == f"2 numbers of {source}: 2 the same, 0 not.\n"


def test_one_differs(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(tmp_path, entry(), entry(value=3))
    assert status_of(["verify", str(root), str(source)]) == 1
    told = capsys.readouterr()
    assert "1 the same, 1 not" in told.out
    assert "units   3     2    units  differs" in told.out
    assert "not as told: 1 number" in told.err


def test_another_snapshot_is_said(root: Path, tmp_path: Path) -> None:
    answer = verify(root, written(tmp_path, entry(snapshot="2026-01-01")))
    assert answer.sentences[1] == (
        "The numbers are of 2026-01-01, the warehouse of 2026-01-02: "
        "what differs may have moved on since."
    )


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DROP TABLE units", "refused: not one SELECT"),
        ("DELETE FROM units", "refused: not one SELECT"),
        ("CREATE TEMP TABLE x AS SELECT 2", "refused: not one SELECT"),
        ("ATTACH 'x.db'", "refused: not one SELECT"),
        ("COPY units TO 'x.csv'", "refused: not one SELECT"),
        ("SET threads = 1", "refused: not one SELECT"),
        ("SELECT 2; SELECT 2", "refused: not one SELECT"),
        ("", "refused: not one SELECT"),
        ("SELECT unit_id FROM units", "not one number"),
        ("SELECT min(customer_id) FROM sessions", "not one number: the value is none"),
        ("SELECT 1 AS a, 2 AS b", "not one number"),
        ("SELECT true", "not one number"),
        ("SELECT 'nan'::DOUBLE", "not one number: the value is not finite"),
        ("SELECT count(*) FROM read_csv('x.csv')", "Permission Error"),
        ("SELECT nothing FROM nowhere", "Catalog Error"),
        ("SELEC", "Parser Error"),
    ],
)
def test_what_is_no_number_is_named(root: Path, tmp_path: Path, sql: str, words: str) -> None:
    (wrong,) = verdicts(root, written(tmp_path, entry(sql)))
    assert wrong is not None
    assert wrong.startswith(words)
    assert status_of(["verify", str(root), str(tmp_path / "evidence.json")]) == 1


def test_a_pack_is_held_against_its_manifest(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = written(tmp_path, entry())
    serials = tmp_path / "serials.csv"
    serials.write_text("unit_id\n")
    files = [{"name": path.name, "sha256": digest(path.read_bytes())} for path in (source, serials)]
    (tmp_path / "manifest.json").write_text(json.dumps({"files": files}))
    assert status_of(["verify", str(root), str(tmp_path)]) == 0
    serials.write_text("unit_id\nU9\n")
    assert status_of(["verify", str(root), str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "serials.csv is not as it was sent: changed." in told.out
    assert "1 file" in told.err


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"%PDF-1.7"])
def test_what_is_no_evidence_is_refused(root: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert status_of(["verify", str(root), str(tmp_path / "x")]) == 1
    assert status_of(["verify", str(root), str(tmp_path / "none")]) == 1
    assert status_of(["verify", str(root), str(tmp_path)]) == 1


def test_as_json(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(tmp_path, entry())
    assert status_of(["verify", str(root), str(source), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["numbers"] == [
        {"metric_id": "units", "unit": "units", "told": 2, "found": 2.0, "wrong": None}
    ]
    assert (told["warehouse"], told["differ"]) == ("2026-01-02", 0)
