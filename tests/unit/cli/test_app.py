"""How commands end, and that they start fast."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from cx_analytics.cli import app as application
from cx_analytics.cli.app import status_of
from cx_analytics.contracts.errors import CheckFailed

COMMANDS = [
    command.name or command.callback.__name__  # type: ignore[union-attr]
    for command in application.app.registered_commands
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of([command, "--help"]) == 0
    assert f"Example:  cx {command} " in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["causes"],
        ["nonsense"],
        ["causes", "x", "--nonsense"],
        ["run", "x", "--from", "yesterday"],
        ["run", "x", "--from", "2026-01-02", "--to", "2026-01-01"],
        ["simulate", "x", "--difficulty", "absurd"],
        ["simulate", "x", "--sessions", "0"],
        ["simulate", "x", "--plant", "--cases", "5"],
        ["ui", "x", "--port", "0"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(arguments) == 2
    assert "Usage: cx" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "ui", "causes", "steps", "export"])
def test_no_workspace(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of([command, str(tmp_path / "nowhere")]) == 1
    heard = capsys.readouterr()
    assert "this is no workspace" in heard.err
    assert len(heard.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (CheckFailed("bad", where="a.csv", todo="mend"), 1, "error: a.csv: bad. To do: mend\n"),
        (KeyboardInterrupt(), 130, ""),
        (typer.BadParameter("odd"), 2, "Error: Invalid value: odd\n"),
        (PermissionError(13, "Permission denied", "/x"), 1, "error: /x: Permission denied."),
        (RuntimeError("two\nlines"), 1, "error: unexpected RuntimeError: two lines."),
    ],
)
def test_ends(
    error: BaseException,
    status: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from cx_analytics.cli import packs

    def fail(root: Path) -> None:
        raise error

    monkeypatch.delenv("CX_TRACEBACK", raising=False)
    monkeypatch.setattr(packs, "listed", fail)
    assert status_of(["export", "x"]) == status
    assert line in capsys.readouterr().err


def test_broken_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cx.toml").write_text("[produkt]\n")
    assert status_of(["causes", str(tmp_path)]) == 1
    assert "did you mean product?" in capsys.readouterr().err


def test_a_damaged_warehouse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cx.toml").write_text("")
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "cx.duckdb").write_bytes(b"\0" * 5000)
    assert status_of(["causes", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_answers_load_nothing_heavy() -> None:
    code = (
        "import sys; from cx_analytics.cli import commands_answer, answer_people, "
        "answer_factory, query, screen, app; "
        "print([name for name in ('dagster', 'sklearn', 'polars', 'scipy', 'pandas') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_reader_that_leaves_early_hears_nothing(workspace: Path) -> None:
    command = f"'{sys.executable}' -m cx_analytics.cli sql '{workspace}' 'FROM range(200000)'"
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -n 2"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "range\n0\n"
    assert done.stderr == ""
