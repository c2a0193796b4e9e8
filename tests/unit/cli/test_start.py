"""`cx init`: a workspace that answers at once, and a cx.toml that says all there is to set."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from cx_analytics.cli.app import status_of
from cx_analytics.cli.start import make_workspace, settings_template
from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.contracts.settings import Exchange, Rails
from cx_analytics.workspace import Settings, Workspace, parse_settings

SECTIONS = {
    "calendar",
    "product",
    "engine",
    "attributes",
    "fault_severity",
    "metrics",
    "plausible",
    "sources",
    "guard_rails",
    "costs",
    "supply",
    "privacy",
    "exchange",
}


def uncommented() -> dict[str, object]:
    lines = settings_template().splitlines()
    return tomllib.loads("\n".join(line.removeprefix("# ") for line in lines if line[:2] != "##"))


def test_as_it_stands_it_sets_nothing() -> None:
    assert parse_settings(tomllib.loads(settings_template())) == Settings()


def test_uncommented_it_names_every_setting() -> None:
    raw = uncommented()
    assert set(raw) == SECTIONS
    parsed, default = parse_settings(raw), Settings()
    assert parsed.metrics == default.metrics
    assert parsed.rails == default.rails
    assert set(raw["guard_rails"]) == {field.name for field in fields(Rails)}  # type: ignore[call-overload]
    assert set(raw["exchange"]) == {field.name for field in fields(Exchange)}  # type: ignore[call-overload]
    shown = ("name", "window_days", "rest_s", "default_severity")
    assert [getattr(parsed, name) for name in shown] == [getattr(default, name) for name in shown]
    set_by_example = {
        "attributes",
        "ignored_attributes",
        "extra_metrics",
        "plausible",
        "fault_severity",
        "sources",
        "costs",
        "supply",
        "calendar",
        "engine",
        "pseudonyms",
        "exchange",
    }
    for name in set_by_example:
        assert getattr(parsed, name) != getattr(default, name)
    known = {*shown, *set_by_example, "metrics", "rails"}
    assert {field.name for field in fields(Settings)} <= known


def test_folders_and_an_empty_warehouse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "deep" / "ws"
    assert status_of(["init", str(root)]) == 0
    assert sorted(path.name for path in (root / "landing").iterdir()) == sorted(FEEDS)
    assert Workspace.open(root).settings == Settings()
    capsys.readouterr()
    for command in ("causes", "steps"):
        assert status_of([command, str(root)]) == 0
    assert "Nothing to act on" in capsys.readouterr().out


def test_files_that_wait_in_landing_are_welcome(tmp_path: Path) -> None:
    waiting = tmp_path / "landing" / "sessions" / "a.csv"
    waiting.parent.mkdir(parents=True)
    waiting.write_text("session_id\n")
    make_workspace(tmp_path)
    assert waiting.read_text() == "session_id\n"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("cx.toml", "this is a workspace already"), ("thesis.doc", "it holds thesis.doc")],
)
def test_other_folders_are_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, hint: str
) -> None:
    (tmp_path / name).write_text("")
    assert status_of(["init", str(tmp_path)]) == 1
    assert hint in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert status_of(["init", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_a_plant_is_a_workspace_with_costs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "plant"
    order = ["simulate", str(root), "--plant", "--cases", "200", "--seed", "3"]
    assert status_of(order) == 0
    assert "production events of 200 units" in capsys.readouterr().out
    assert Workspace.open(root).settings.costs["wait_hour"] == 2.0
    assert sorted(path.name for path in (root / "truth").iterdir()) == [
        "defects.parquet",
        "faults.parquet",
        "plant.json",
        "waits.parquet",
    ]
    assert status_of(order) == 1
    assert "holds files already" in capsys.readouterr().err
