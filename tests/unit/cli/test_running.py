"""What a run tells, on a terminal and in a pipe."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cx_analytics.cli.app import status_of
from cx_analytics.cli.running import limits_line, progress, standing, summary
from cx_analytics.pipeline import RunSummary


def test_summary() -> None:
    done = RunSummary(
        up_to_date=False,
        files=3,
        rows_in=1200,
        kept=1000,
        duplicates=150,
        quarantined=50,
        days=(date(2026, 1, 1),),
        warnings=("sessions: late",),
        seconds=4.2,
    )
    assert summary(done) == [
        "rows in      1,200, from 3 files",
        "kept         1,000",
        "duplicates   150",
        "quarantined  50",
        "worked on    1 day in 4 s",
        "warning      sessions: late",
    ]
    assert summary(RunSummary(up_to_date=True)) == ["everything is up to date"]


def test_standing(workspace: Path) -> None:
    assert standing(workspace)[:2] == [
        "sessions     3 (2026-01-02 12:00 to 2026-01-02 12:00)",
        "causes       1 open cause",
    ]


def test_what_the_data_cannot_say_has_a_line() -> None:
    root = Path("demo")
    assert limits_line(0, root) == []
    assert limits_line(3, root) == [
        "limits       3 things these data cannot say: "
        "cx sql demo 'SELECT statement FROM data_limits'"
    ]


def test_a_pipe_gets_a_line_a_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as listen:
        listen("ingest", "sessions", 0, 0)
        listen("causes", "2026-01-01", 0, 3)
        listen("causes", "2026-01-02", 1, 3)
    assert capsys.readouterr().err == "ingest: sessions\ncauses: 2026-01-01 and on, 3 in all\n"


def test_without_java_a_run_on_spark_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cx.toml").write_text('[engine]\nkind = "spark"\n', encoding="utf-8")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert status_of(["run", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "no Java was found. To do: install it (Debian: apt-get install openjdk" in told
    assert "Traceback" not in told
