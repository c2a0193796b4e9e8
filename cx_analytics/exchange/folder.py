"""A pack into a folder of the receiver: whole under its name or not at all, never overwritten.

Belongs here: the folder as a receiver. Stays out: exports/, the workspace's own (exports.py).
A pack arrives as it is, without a slip, so that equal packs are equal wherever they lie and
their manifest holds.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from cx_analytics.exchange.envelope import Parcel, as_zip
from cx_analytics.exchange.exports import PART, fill, sync
from cx_analytics.exchange.target import Reply

THERE = "it was there already"


def into(folder: Path, *, zipped: bool = False) -> Callable[[Parcel], Reply]:
    """A sender that puts packs below a folder, which is made when it is not there.

    What has the name of a pack is taken for it: the name ends with a digest of the content.
    """

    def send(parcel: Parcel) -> Reply:
        target = folder / (f"{parcel.pack}.zip" if zipped else parcel.pack)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if target.exists():
                return Reply("taken", THERE)
            (_put_zip if zipped else _put)(parcel, target)
        except OSError as error:
            return Reply("unreachable", f"{folder}: {error.strerror or error}")
        return Reply("taken", "copied")

    return send


def _put(parcel: Parcel, target: Path) -> None:
    part = target.with_name(f"{PART}{target.name}.tmp")
    shutil.rmtree(part, ignore_errors=True)
    fill(part, parcel.files)
    part.rename(target)
    sync(target.parent)


def _put_zip(parcel: Parcel, target: Path) -> None:
    part = target.with_name(f"{PART}{target.name}.tmp")
    with part.open("wb") as handle:
        handle.write(as_zip(parcel, slip=False))
        handle.flush()
        os.fsync(handle.fileno())
    part.rename(target)
    sync(target.parent)
