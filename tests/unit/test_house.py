"""The house is in order: headers, sizes, documented commands, locks in step, nothing private.

Belongs here: rules about files. Stays out: what the code does.
"""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from cx_analytics.cli.app import app
from cx_analytics.engine.models import all_paths, load, sql_folder

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 400
HEADER = ("model", "grain", "reads", "units")
TEXT = {".py", ".sql", ".md", ".toml", ".yaml", ".yml", ".txt", ".csv", ".json", ""}
MODELS = [str(path.relative_to(sql_folder()).with_suffix("")) for path in all_paths()]
PACKAGE = sorted((ROOT / "cx_analytics").rglob("*.py"))


def tracked() -> list[Path]:
    """The files of the tree: what git follows, or everything where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if ".venv" not in path.parts]
    return [path for path in paths if path.is_file()]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("name", MODELS)
def test_sql_models_say_what_they_are(name: str) -> None:
    model = load(name)
    header = model.header
    assert [word for word in HEADER if not header.get(word)] == []
    assert header["model"].startswith(f"{name.rpartition('/')[2]}: ")
    body = "\n".join(line for line in model.sql.splitlines() if not line.startswith("--"))
    taken = set(re.findall(r"[$@]([a-z][a-z0-9_]*)", body))
    assert [one for one in sorted(taken) if one not in header.get("takes", "")] == []


@pytest.mark.parametrize("path", PACKAGE, ids=relative)
def test_files_open_by_saying_what_they_are(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring or path.stat().st_size == 0
    assert docstring != "To be written."


@pytest.mark.parametrize("path", PACKAGE, ids=relative)
def test_no_file_is_long_without_a_reason(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MOST_LINES or "reason" in " ".join(lines[:10]).lower()


@pytest.mark.parametrize(
    "command",
    [one.name or one.callback.__name__ for one in app.registered_commands if not one.hidden],
)  # type: ignore[union-attr]
def test_commands_are_documented(command: str) -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    assert any(f"cx {command}" in page.read_text(encoding="utf-8") for page in pages)


def test_documented_commands_exist() -> None:
    known = {one.name or one.callback.__name__ for one in app.registered_commands}  # type: ignore[union-attr]
    known |= {group.name for group in app.registered_groups}
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"(?:`|^ {4})cx ([a-z]+)", text, flags=re.MULTILINE))
    assert named <= known


def test_links_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        targets = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
        lost = [one for one in targets if "://" not in one and not (page.parent / one).exists()]
        assert lost == [], page


def test_licence_and_changelog() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_pip_gets_the_versions_of_the_lock() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked = {
        (one["name"], one["version"]) for one in lock["package"] if one["name"] != "cx-analytics"
    }
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    held = [tuple(line.partition(" ;")[0].strip().split("==")) for line in lines]
    assert set(held) == locked


def test_nothing_of_a_machine_is_in_the_tree() -> None:
    private = re.compile(
        "/" + "work/|/" + "root/|/home/" + r"[a-z]+/|BEGIN [A-Z ]*PRIVATE " + "KEY"
    )
    found = [
        relative(path)
        for path in tracked()
        if path.suffix in TEXT
        and path.name != "uv.lock"
        and private.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []
