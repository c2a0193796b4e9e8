"""Making a workspace: folders, cx.toml, an empty warehouse, and a simulated world.

Belongs here: what `cx init` and `cx simulate` do. Stays out: taking data in (pipeline).
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.engine.files import write_text
from cx_analytics.engine.warehouse import publish
from cx_analytics.workspace import Settings, Workspace

Difficulty = Literal["easy", "medium", "hard", "null"]

LandingFormat = Literal["ndjson.zst", "parquet"]

SIMULATED_FORMAT: LandingFormat = "ndjson.zst"
"""Simulated sessions land the way telemetry usually does."""

PLANT_SETTINGS = """
## What the simulated plant's waste costs.
[costs]
work_hour = 30.0
wait_hour = 2.0
reject_piece = 40.0
field_fault = 25.0
"""


def settings_template() -> str:
    """The commented cx.toml: prose after `##`, settings with their defaults after `#`."""
    return files("cx_analytics.cli").joinpath("cx.toml").read_text(encoding="utf-8")


def make_workspace(root: Path) -> Workspace:
    """An empty workspace in a folder that is none yet; files in landing/ may be there already.

    The warehouse is published empty, with every commented table, so that readers find it.
    cx.toml comes last: a folder without it is no workspace, and a killed start is repeated.
    """
    if (root / "cx.toml").exists():
        raise InputRefused(
            "this is a workspace already", where=str(root), todo=f"go on with 'cx run {root}'"
        )
    strange = _strangers(root)
    if strange:
        raise InputRefused(
            f"the folder is not empty: it holds {strange[0]}",
            where=str(root),
            todo="give a new folder, or one that holds only landing/",
        )
    workspace = Workspace(root.resolve(), Settings())
    for feed in FEEDS:
        (workspace.landing / feed).mkdir(parents=True, exist_ok=True)
    for folder in (
        workspace.lake,
        workspace.quarantine,
        workspace.exports,
        workspace.reports,
        workspace.dagster,
    ):
        folder.mkdir(exist_ok=True)
    publish(workspace.database, {}, spill=workspace.spill("publish"))
    write_text(workspace.root / "cx.toml", settings_template())
    return Workspace.open(root)


_OWN_FOLDERS = (
    "landing",
    "lake",
    "warehouse",
    "quarantine",
    "exports",
    "reports",
    "dagster",
    "truth",
)


def _strangers(root: Path) -> list[str]:
    """Names in the folder that no workspace has, hidden ones left out; a file counts itself."""
    if not root.exists():
        return []
    if not root.is_dir():
        return [root.name]
    names = sorted(path.name for path in root.iterdir())
    return [name for name in names if name not in _OWN_FOLDERS and not name.startswith(".")]


def make_world(
    root: Path,
    *,
    sessions: int,
    days: int,
    seed: int,
    difficulty: Difficulty,
    file_format: LandingFormat = SIMULATED_FORMAT,
) -> dict[str, int]:
    """A simulated world in a workspace without landing files; rows written, by kind."""
    from cx_analytics.simulate import world as worlds
    from cx_analytics.simulate.write import write_world

    _refuse_landed(root)
    world = worlds.make_world(sessions=sessions, days=days, seed=seed, difficulty=difficulty)
    if not (root / "cx.toml").exists():
        make_workspace(root)
    return write_world(world, root, file_format=file_format, malformed=True).rows


def make_plant(root: Path, *, cases: int, seed: int, difficulty: Difficulty) -> dict[str, int]:
    """A simulated plant in a workspace without landing files; rows written, by feed."""
    from cx_analytics.simulate import plant as plants

    _refuse_landed(root)
    plant = plants.make_plant(cases=cases, seed=seed, difficulty=difficulty)
    if not (root / "cx.toml").exists():
        make_workspace(root)
        write_text(root / "cx.toml", settings_template() + PLANT_SETTINGS)
    return plants.write_plant(plant, root)


def _refuse_landed(root: Path) -> None:
    """InputRefused where landing/ holds files already."""
    landed = next((path for path in (root / "landing").rglob("*") if path.is_file()), None)
    if landed is not None:
        raise InputRefused(
            f"landing/ holds files already ({landed.name})",
            where=str(root),
            todo="simulate into a new folder",
        )
