"""docs/benchmarks.md: prose that is checked in with the code, and a section for each command.

Belongs here: replacing one section and leaving the others. Stays out: what a section says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path

from cx_analytics.bench.machine import machine, versions
from cx_analytics.contracts.errors import InputRefused, NotFound
from cx_analytics.engine.files import write_text

SECTIONS = (
    "attribution",
    "localize",
    "care",
    "factory",
    "healthy",
    "forecasts",
    "effects",
    "recurrences",
    "steps",
    "events",
    "speed",
)
NOT_YET = "Not measured yet."


def prose() -> str:
    """The page with empty sections."""
    return files("cx_analytics.bench").joinpath("benchmarks.md").read_text(encoding="utf-8")


def write_section(target: Path, name: str, content: str) -> None:
    """Put a section into the page at `target`, made anew from the prose; other sections stay.

    Raises as `known_sections` does.
    """
    write_text(target, page({**known_sections(target), name: content}))


def known_sections(target: Path) -> dict[str, str]:
    """The sections of the page at `target`, none when there is no file yet.

    Raises NotFound when the folder is not there, InputRefused when a file is there that is no
    such page: asked before hours of measuring, not after.
    """
    if not target.parent.is_dir():
        raise NotFound("there is no such folder", where=str(target.parent), todo="give --out FILE")
    if not target.exists():
        return {}
    known = sections(target.read_text(encoding="utf-8")) if target.is_file() else {}
    if not known:
        raise InputRefused(
            "the file is no page of benchmarks", where=str(target), todo="give another --out FILE"
        )
    return known


def page(contents: Mapping[str, str]) -> str:
    """The prose with these sections; one that is not given says that it was not measured."""
    text = prose()
    for name in SECTIONS:
        before, rest = text.split(_begin(name))
        after = rest.split(_end(name))[1]
        content = contents.get(name, NOT_YET).strip()
        text = f"{before}{_begin(name)}\n{content}\n{_end(name)}{after}"
    return text


def provenance(command: str, on: date) -> str:
    """Where a section comes from: the command, the day, versions and machine."""
    return f"`{command}`, measured on {on} with {versions()}, on {machine()}."


def sections(text: str) -> dict[str, str]:
    """What stands between the marks of each section of a page."""
    found = {name: re.search(_pattern(name), text, flags=re.DOTALL) for name in SECTIONS}
    return {name: match[1].strip() for name, match in found.items() if match}


def _pattern(name: str) -> str:
    return f"{re.escape(_begin(name))}(.*?){re.escape(_end(name))}"


def _begin(name: str) -> str:
    return f"<!-- {name}: written by `cx bench {name}` -->"


def _end(name: str) -> str:
    return f"<!-- end of {name} -->"
