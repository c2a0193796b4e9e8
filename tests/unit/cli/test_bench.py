"""`cx bench`: help, wrong usage, and a tiny measurement that lands on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from cx_analytics.bench import document
from cx_analytics.cli.app import app, status_of

ROOT = Path(__file__).resolve().parents[3]
GROUP = next(group for group in app.registered_groups if group.name == "bench")
COMMANDS = [
    command.callback.__name__  # type: ignore[union-attr]
    for command in GROUP.typer_instance.registered_commands  # type: ignore[union-attr]
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["bench", command, "--help"]) == 0
    assert f"Example:  cx bench {command} " in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_documented(command: str) -> None:
    assert f"`cx bench {command}`" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"`cx bench {command}`" in document.prose()


@pytest.mark.parametrize(
    "arguments",
    [
        ["bench", "nonsense"],
        ["bench", "attribution", "--sessions", "10"],
        ["bench", "attribution", "--seeds", "0"],
        ["bench", "attribution", "--first-seed", "-1"],
        ["bench", "attribution", "--difficulty", "absurd"],
        ["bench", "attribution", "--by", "magic"],
        ["bench", "speed", "--days", "0"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(arguments) == 2
    assert "Usage: cx bench" in capsys.readouterr().err


def test_a_tiny_measurement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    size = ["--sessions", "20000", "--days", "4", "--seeds", "1", "--first-seed", "1"]
    chosen = ["--difficulty", "easy", "--no-baselines", "--out", str(page)]
    assert status_of(["bench", "attribution", *size, *chosen]) == 0
    printed = capsys.readouterr().out
    assert "easy   seed 1     find_causes" in printed
    assert "| F1 on detectable causes (shared causes)" in printed
    section = document.sections(page.read_text())["attribution"]
    assert section.startswith("`cx bench attribution --sessions 20000 --days 4 --seeds 1")
    assert "**easy**, 1 world\n" in section


def test_a_page_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = ["--sessions", "1000", "--days", "1", "--seeds", "1", "--difficulty", "null"]
    out = ["--no-baselines", "--out", str(tmp_path / "nowhere" / "page.md")]
    assert status_of(["bench", "attribution", *size, *out]) == 1
    assert "no such folder" in capsys.readouterr().err
