"""A batch becomes visible whole or not at all: staged files, a journal, moves, and recovery.

    lake/.staging-<batch>/new/<path in the workspace>   what the batch brings
    lake/.staging-<batch>/journal.json                  its arrival is the moment of truth

Before the journal is there, a kill costs the batch; a later run takes the same files again.
Once it is there, `recover` repeats the moves, which is harmless, and the batch is in.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from cx_analytics.ingest.manifest import NAME, Manifest

PREFIX = ".staging-"
_JOURNAL = "journal.json"


class Staging:
    """The folder in which a batch is made ready."""

    def __init__(self, root: Path, batch: str) -> None:
        self.root = root
        self.folder = root / "lake" / f"{PREFIX}{batch}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def target(self, path: Path) -> Path:
        """Where to write what shall lie at `path` (absolute, inside the workspace)."""
        staged = self.folder / "new" / path.relative_to(self.root)
        staged.parent.mkdir(parents=True, exist_ok=True)
        return staged

    def commit(self, manifest: Manifest, emptied: Iterable[Path] = ()) -> None:
        """Make everything staged visible, and `emptied` files go."""
        self.target(self.root / "lake" / NAME).write_text(manifest.text(), encoding="utf-8")
        new = self.folder / "new"
        moves = sorted(str(path.relative_to(new)) for path in new.rglob("*") if path.is_file())
        gone = sorted(str(path.relative_to(self.root)) for path in emptied)
        for name in moves:
            _sync(new / name)
        _write_journal(self.folder, {"moves": moves, "gone": gone})
        _finish(self.root, self.folder)

    def abandon(self) -> None:
        """Drop everything that was staged, unless the batch is in and `recover` must finish it."""
        if not (self.folder / _JOURNAL).is_file():
            shutil.rmtree(self.folder, ignore_errors=True)


def recover(root: Path) -> list[str]:
    """Finish the commits that a kill interrupted, sweep what was never committed.

    Returns the names of the batches that were finished.
    """
    finished = []
    for folder in sorted((root / "lake").glob(f"{PREFIX}*")):
        if (folder / _JOURNAL).is_file():
            _finish(root, folder)
            finished.append(folder.name.removeprefix(PREFIX))
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return finished


def save_manifest(root: Path, manifest: Manifest) -> None:
    """Replace the manifest alone, for visits that brought nothing."""
    staging = Staging(root, "manifest")
    staging.commit(manifest)


def _write_journal(folder: Path, journal: dict[str, list[str]]) -> None:
    part = folder / f"{_JOURNAL}.tmp"
    part.write_text(json.dumps(journal, indent=1), encoding="utf-8")
    _sync(part)
    part.replace(folder / _JOURNAL)
    _sync(folder)


def _finish(root: Path, folder: Path) -> None:
    """Do what the journal says; steps that were done already are passed over."""
    journal = json.loads((folder / _JOURNAL).read_text(encoding="utf-8"))
    for name in journal["moves"]:
        staged, target = folder / "new" / name, root / name
        if staged.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(target)
    for name in journal["gone"]:
        (root / name).unlink(missing_ok=True)
        if not any((root / name).parent.iterdir()):
            (root / name).parent.rmdir()
    _retire(folder)


def _retire(folder: Path) -> None:
    """Remove a finished staging folder, the journal last: it must outlive what it names."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != _JOURNAL:
            path.unlink()
    (folder / _JOURNAL).unlink()
    folder.rmdir()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
