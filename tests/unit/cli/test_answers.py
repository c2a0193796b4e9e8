"""What the commands answer, on a warehouse whose every number is known."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from cx_analytics.cli.app import status_of
from cx_analytics.engine.store import Store
from cx_analytics.engine.warehouse import publish


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> list[str]:
    assert status_of([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_causes(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "causes", workspace)
    assert lines[:2] == [
        "3 sessions from 2026-01-02 12:00 to 2026-01-02 12:00 UTC, 2 faults.",
        "1 open cause; 88 % of all faults explained.",
    ]
    assert "modem lot M1" in lines[-1]
    assert "97 % (confirmed)" in lines[-1]


def test_customer(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "customer", workspace, "C1")
    assert lines[:5] == [
        "Customer C1: experience 40 of 100, 2 faults in 2 sessions (2026-01-02 to 2026-01-02).",
        "The index is uncalibrated: it was not held against what customers say.",
        "Cause: modem lot M1 (88 % of the faults), a device issue, confirmed (97 % sure), "
        "known and open.",
        "Do: Replace the unit. Expected gain: 3.0 faults fewer in 30 days (2.0 to 4.0).",
        "Do not: Reinstalling the app does not help.",
    ]


def test_a_page_of_a_customer(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new" / "C1.html"
    lines = said(capsys, "customer", workspace, "C1", "--html", file)
    assert lines == said(capsys, "customer", workspace, "C1")
    page = file.read_text(encoding="utf-8")
    assert "<dt>Do</dt><dd>Replace the unit. Expected gain: 3.0 faults fewer" in page
    assert "modem lot M1 <span" in page
    assert [path.name for path in file.parent.iterdir()] == ["C1.html"]
    assert "C2" not in page


@pytest.mark.parametrize(
    ("file", "hint"),
    [
        ("page.txt", "page.txt: a page needs a file name that ends in .html"),
        ("folder.html", "folder.html: a page needs a file name that ends in .html"),
        ("taken/page.html", "page.html: the page cannot be written"),
    ],
)
def test_a_page_that_cannot_be_written(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, hint: str
) -> None:
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "taken").write_text("x\n")
    before = sorted(tmp_path.rglob("*"))
    assert status_of(["customer", str(workspace), "C1", "--html", str(tmp_path / file)]) == 1
    heard = capsys.readouterr()
    assert heard.out == ""
    assert hint in heard.err
    assert "To do: " in heard.err
    assert sorted(tmp_path.rglob("*")) == before


def test_happy_customer(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "customer", workspace, "C2")[-1] == "No faults: nothing to do."


def test_unit(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "unit", workspace, "U1")
    assert lines[:3] == [
        "Unit U1: X, lot L1.",
        "In the field: 2 faults in 2 sessions, last used 2026-01-02 12:00.",
        "Defect d1 (modem lot M1, confirmed): 60 % risk of a fault by it in 90 days; "
        "disposition to set: non_sellable_other.",
    ]
    at = lines.index("What went into it")
    assert [line.split() for line in lines[at + 2 : at + 4]] == [
        ["modem", "7", "built", "into", "U1", "1", "0", "-", "-", "-"],
        ["solder", "3", "consumed", "by", "modem", "7", "2", "0", "-", "-", "-"],
    ]


def test_component_lot(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "lot", workspace, "M1", "--units")
    assert lines[0] == "Lot M1: modem lot by Acme, in 1 unit (X), 1 in service."
    assert lines[1].startswith("Defect d1 (modem lot M1, confirmed, known and open)")
    assert lines[2:7] == [
        "By the data alone it cannot be told from line=3 (1.2 nats behind).",
        "In the next 90 days: 12 faults more (80 %: 9 to 15, 95 %: 7 to 18), 3 units back for the "
        "first time (80 %: 2 to 5, 95 %: 1 to 6); disposition to set: non_sellable_other.",
        "By months in service: early failures (7 first failures; Weibull shape 0.60, 0.40 to 0.90; "
        "B10 life 3 days, 2 to 5).",
        "Of 2 forecasts made for 14 days that are past, the 80 % band held 50 %, the 95 % band "
        "100 %.",
        "Units ranked on past days: the top 10 % held 30 % of the 10 failures of the 14 days after "
        "(13 % to 56 %).",
    ]
    at = lines.index("Faults of the first defect by months in service")
    assert lines[at + 2].split() == ["1", "8", "7.0", "2", "3.0"]
    at = lines.index("This lot and the 1 worst beside it (raw rates)")
    assert lines[at + 2].split() == ["M1", "modem", "1", "1", "2", "1,000.0"]
    assert lines[at + 3].split() == ["M2", "modem", "1", "0", "1", "0.0"]
    assert lines[-1].split()[:2] == ["U1", "X"]


def test_steps(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "steps", workspace)
    assert lines[0] == "1 case: 5.0 h from end to end on average, 60 % of it waiting."
    assert lines[4].split()[:3] == ["assembly", "inspection", "1"]
    at = lines.index("What the waiting is made of")
    assert [line.split() for line in lines[at + 2 : at + 4]] == [
        ["batching", "2.0", "h", "67", "%"],
        ["setup", "60", "min", "33", "%"],
    ]
    at = lines.index("What makes the rejects")
    assert " ".join(lines[at + 2].split()) == (
        "resource=cell 1 & step=assembly 9 of 12 6–11 × 4.0 confirmed inspection -"
    )
    at = next(at for at, line in enumerate(lines) if line.startswith("What is wasted"))
    assert " ".join(lines[at + 2].split()).endswith("9 pieces 360 240–440 90 % 360 (240–440)")
    assert " ".join(lines[at + 3].split()) == "inspection waiting batching 2 h 40 30–50 10 % -"


def test_a_page_of_the_steps(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "map.html"
    assert said(capsys, "steps", workspace, "--html", file) == said(capsys, "steps", workspace)
    page = file.read_text(encoding="utf-8")
    assert "assembly → inspection: 3.0 h, 100 % of all waiting" in page
    assert "U1" not in page
    heard = said(capsys, "verify", workspace, file)
    assert heard == [f"6 numbers of {file}: 6 the same, 0 not."]
    assert status_of(["steps", str(workspace), "--html", str(tmp_path / "map.txt")]) == 1
    assert "a page needs a file name that ends in .html" in capsys.readouterr().err


def test_an_event_log(workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "log.json"
    lines = said(capsys, "export", workspace, "--ocel", file)
    assert lines == [f"2 events of 1 case in {file} (OCEL 2.0, JSON)."]
    log = json.loads(file.read_text(encoding="utf-8"))
    assert [one["type"] for one in log["events"]] == ["assembly", "inspection"]
    assert "C1" not in file.read_text(encoding="utf-8")
    assert status_of(["export", str(workspace), "--ocel", str(tmp_path / "log.csv")]) == 1
    assert "ends in .json or .jsonocel" in capsys.readouterr().err
    assert status_of(["export", str(workspace), "--ocel", str(file), "--retry"]) == 2


def test_what_if_of_a_component_lot(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change = ("--what-if", "hold lot=M1", "--draws", "2")
    lines = said(capsys, "steps", workspace, *change)
    assert lines[:2] == ["What if: hold lot=M1?", "-1 units; 0.0 days of waiting in all."]
    assert "take 0.21 d on average, in the log 0.21 d (error 0.0 %)" in lines[2]
    assert lines[5].split() == ["units", "finished", "1", "0", "-1", "-1", "to", "-1"]
    told = json.loads("\n".join(said(capsys, "steps", workspace, *change, "--json")))
    assert (told["changes"], told["fidelity"]["replayed_error"]) == (["hold lot=M1"], 0.0)


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ("hold lot=M3", "there is no lot 'M3' in the log. To do: possible: L1, M1"),
        ("add resource=benk", "there is no resource 'benk' in the log. To do: did you mean bench?"),
        ("sell lot=M1", "it begins with none of hold, add, open, halve batch. To do: write it as"),
        ("hold", "it begins with none of"),
        ("hold case=U1 for=ever", "for=ever is no number of days"),
        ("halve batch step=inspection", "does not work in batches of cases"),
    ],
)
def test_what_if_that_cannot_be(
    workspace: Path, capsys: pytest.CaptureFixture[str], change: str, hint: str
) -> None:
    assert status_of(["steps", str(workspace), "--what-if", change]) == 1
    heard = capsys.readouterr()
    assert (heard.out, hint in heard.err) == ("", True), heard.err


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (("causes",), "causes"),
        (("customer", "C1"), "fixes"),
        (("unit", "U1"), "facts"),
        (("lot", "L1"), "peers"),
        (("steps", "assembly"), "transitions"),
    ],
)
def test_json(
    workspace: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], key: str
) -> None:
    command, *rest = arguments
    assert json.loads("\n".join(said(capsys, command, workspace, *rest, "--json")))[key]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("customer", "C11"), "there is no customer 'C11'. To do: did you mean C1, C2?"),
        (("unit", "U11"), "there is no unit 'U11'. To do: did you mean U1, U2?"),
        (("lot", "L9"), "there is no lot 'L9'. To do: did you mean L1?"),
        (("steps", "assemby"), "To do: did you mean assembly, inspection?"),
        (("customer", "'; DROP TABLE causes; --"), "there is no customer"),
    ],
)
def test_unknown(
    workspace: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], hint: str
) -> None:
    command, *rest = arguments
    assert status_of([command, str(workspace), *rest]) == 1
    heard = capsys.readouterr()
    assert heard.out == ""
    assert heard.err.startswith("error: ")
    assert hint in heard.err
    assert len(heard.err.splitlines()) == 1


def test_factory_answers_name_no_customer(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (("unit", "U1"), ("lot", "M1"), ("lot", "L1")):
        command, given = arguments
        assert "C1" not in "\n".join(said(capsys, command, workspace, given, "--json"))


def test_answers_of_a_workspace_that_comes_in_days_and_was_copied(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts, day = Store(workspace / "warehouse" / "parts"), date(2026, 1, 2)
    made = tmp_path / "made"
    shutil.copytree(workspace, made)
    dated = Store(made / "warehouse" / "dated")
    for name in ("sessions", "fault_causes", "customer_experience"):
        dated.write(name, parts.read(name), day)
    found = (*parts.root.glob("*/all/part.parquet"), *dated.root.glob("*/day=*/part.parquet"))
    files = {path.parent.parent.name: [path] for path in found}
    publish(made / "warehouse" / "cx.duckdb", files, spill=tmp_path / "spill")
    copied = tmp_path / "copied"
    shutil.copytree(made, copied)
    shutil.rmtree(made)
    for asked in (("customer", "C1"), ("causes",), ("unit", "U1")):
        told = said(capsys, asked[0], copied, *asked[1:])
        assert told == said(capsys, asked[0], workspace, *asked[1:])
