"""Arrays on the disk for as long as a run lasts.

Belongs here: a folder that works like a dictionary of arrays. Stays out: what is in them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Shelf:
    """A folder with a file for each array; any text is a name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __setitem__(self, name: str, values: NDArray[Any]) -> None:
        np.save(self._file(name), values)

    def __getitem__(self, name: str) -> NDArray[Any]:
        if not self._file(name).exists():
            raise KeyError(name)
        return np.asarray(np.load(self._file(name)))

    def _file(self, name: str) -> Path:
        return self._folder / f"{sha256(name.encode()).hexdigest()[:32]}.npy"


@contextmanager
def shelf(folder: Path) -> Iterator[Shelf]:
    """An empty shelf in a folder of its own, which is gone afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield Shelf(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
