"""`cx export`: the feedback packs of a workspace, listed or copied to a folder.

Belongs here: finding and copying packs. Stays out: what is in a pack (exchange).
"""

from __future__ import annotations

import re
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cx_analytics.cli.phrases import counted
from cx_analytics.cli.screen import Answer, Sheet, number, when
from cx_analytics.contracts.errors import InputRefused
from cx_analytics.engine.files import PART
from cx_analytics.workspace import Workspace

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def listed(root: Path) -> Answer:
    """The packs in exports/, the newest last."""
    packs = [_described(path) for path in _packs(Workspace.open(root))]
    cells = tuple(
        (pack["pack"], when(pack["made_at"]), str(len(pack["files"])), number(pack["bytes"]))
        for pack in packs
    )
    sheets = (Sheet("", ("pack", "made", "files", "bytes"), cells),) if packs else ()
    sentence = (
        f"{counted(len(packs), 'pack')} in {root}/exports."
        if packs
        else "There is no pack: no defect has been found."
    )
    return Answer((sentence,), sheets, {"packs": packs})


def deliver(root: Path, target: str, *, zipped: bool = False) -> Answer:
    """Copy every pack that the target folder does not have yet, as folders or as ZIP files."""
    if _ADDRESS.match(target):
        raise InputRefused(
            f"{target} is an address, and packs go to folders only",
            todo="give a folder: cx export DIR --to FOLDER",
        )
    folder = Path(target)
    workspace = Workspace.open(root)
    if folder.resolve() == workspace.exports:
        raise InputRefused("the packs are there already", where=target, todo="give another folder")
    folder.mkdir(parents=True, exist_ok=True)
    copied: list[str] = []
    kept: list[str] = []
    for pack in _packs(workspace):
        name = f"{pack.name}.zip" if zipped else pack.name
        known = (folder / name).exists()
        (kept if known else copied).append(name)
        if not known:
            (_zip if zipped else _copy)(pack, folder / name)
    sentence = f"{counted(len(copied), 'pack')} copied to {target}, {len(kept)} there already."
    return Answer((sentence, *copied), (), {"copied": copied, "kept": kept, "to": target})


def _packs(workspace: Workspace) -> list[Path]:
    """Folders in exports/; what a killed writer left carries a leading dot."""
    if not workspace.exports.is_dir():
        return []
    found = (path for path in workspace.exports.iterdir() if path.is_dir())
    return sorted(path for path in found if not path.name.startswith("."))


def _described(pack: Path) -> dict[str, Any]:
    files = sorted(path for path in pack.rglob("*") if path.is_file())
    made = datetime.fromtimestamp(pack.stat().st_mtime, UTC).replace(microsecond=0, tzinfo=None)
    return {
        "pack": pack.name,
        "made_at": made,
        "files": [str(path.relative_to(pack)) for path in files],
        "bytes": sum(path.stat().st_size for path in files),
    }


def _copy(pack: Path, target: Path) -> None:
    """A pack appears under its name complete or not at all."""
    part = target.with_name(f"{PART}{target.name}.tmp")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(pack, part)
    part.replace(target)


def _zip(pack: Path, target: Path) -> None:
    """A pack as one file that a supplier without an account can open; equal packs, equal bytes."""
    part = target.with_name(f"{PART}{target.name}.tmp")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(one for one in pack.rglob("*") if one.is_file()):
            # The earliest time that a ZIP knows: times of files would differ from copy to copy.
            entry = zipfile.ZipInfo(f"{pack.name}/{path.relative_to(pack)}", (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    part.replace(target)
