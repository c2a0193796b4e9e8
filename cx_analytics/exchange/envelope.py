"""A pack as one message: its id, the slip that goes with it, and its form for a wire.

Belongs here: what is in a message, in bytes. Stays out: sending it. The id is a digest of the
pack's content: whatever route a pack takes and however often it is sent, its id stays, and a
receiver who remembers ids takes it once.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.exchange.gs1 import NAMESPACE
from cx_analytics.exchange.safe import PRIVATE

SCHEMA_ID = f"{NAMESPACE}schema:delivery:1"
SLIP = "delivery.json"
"""The file that goes beside a pack on a wire: its message id, and how to acknowledge it."""

NEVER = PRIVATE - {"unit_id"}
"""Names of columns and keys that no message holds. A unit's serial is what a factory is told."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP knows: times of files would differ from copy to copy."""


@dataclass(frozen=True)
class Parcel:
    """A pack on its way. `acknowledge_as` is the action_id of the receiver's acknowledgement."""

    message_id: str
    pack: str
    acknowledge_as: str
    files: Mapping[str, bytes]

    @property
    def slip(self) -> dict[str, str]:
        return {
            "schema": SCHEMA_ID,
            "message_id": self.message_id,
            "pack": self.pack,
            "acknowledge_as": self.acknowledge_as,
        }


def message_id(pack: str, files: Mapping[str, bytes]) -> str:
    """The id of a pack: a digest of its name and content, the same on every route and every day.

    >>> message_id("d-1", {"a.csv": b"x"}) == message_id("d-1", {"a.csv": b"x"})
    True
    """
    content = hashlib.sha256(f"{len(pack)}:{pack}".encode())
    for name in sorted(files):
        content.update(f"{len(name)}:{name}:{len(files[name])}:".encode() + files[name])
    return f"m-{content.hexdigest()[:40]}"


def parcel_of(pack: str, files: Mapping[str, bytes], *, tag: str) -> Parcel:
    """A pack for the target with this tag; InputRefused when it names who or where."""
    _nothing_private(pack, files)
    known = message_id(pack, files)
    return Parcel(known, pack, acknowledgement(known, pack, tag), files)


def acknowledgement(message: str, pack: str, tag: str) -> str:
    """The action_id under which the receiver of one target acknowledges a message.

    A folder has no tag and gets no slip: there the pack's own name must do.

    >>> acknowledgement("m-12", "d-1", "ab"), acknowledgement("m-12", "d-1", "")
    ('ack-m-12-ab', 'ack-d-1')
    """
    return f"ack-{message}-{tag}" if tag else f"ack-{pack}"


def as_zip(parcel: Parcel, *, slip: bool = True) -> bytes:
    """The pack's folder as a ZIP, the slip beside it. Equal parcels give equal bytes."""
    inside = {f"{parcel.pack}/{name}": content for name, content in parcel.files.items()}
    if slip:
        inside[SLIP] = (json.dumps(parcel.slip, indent=1, sort_keys=True) + "\n").encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(inside):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, inside[name], zipfile.ZIP_DEFLATED)
    return target.getvalue()


def as_json(parcel: Parcel) -> bytes:
    """The slip as JSON with the pack as a ZIP inside, and the defect as it stands in defect.json.

    Who only shows an alert reads `defect`; who works on the pack decodes `zip` (base64).
    """
    told = json.loads(parcel.files["defect.json"]) if "defect.json" in parcel.files else None
    packed = base64.b64encode(as_zip(parcel)).decode()
    whole = {**parcel.slip, "defect": told, "zip": packed}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()


def _nothing_private(pack: str, files: Mapping[str, bytes]) -> None:
    """The last look before a pack leaves: it was made without such names, but may be changed."""
    for name, content in files.items():
        if found := sorted(NEVER & set(_names(name, content))):
            raise InputRefused(
                f"{name} holds {', '.join(found)}, which may not reach a factory",
                where=pack,
                todo="remove this pack from exports/; the next run makes it anew",
            )


def _names(name: str, content: bytes) -> Iterator[str]:
    """Keys of a JSON file, columns of a CSV file."""
    if name.endswith(".csv"):
        yield from next(csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"))), [])
    elif name.endswith(".json"):
        try:
            yield from _keys(json.loads(content))
        except ValueError as error:
            raise InputRefused(f"{name} is no JSON", where=name, todo="run 'cx run'") from error


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for one in inner:
            yield from _keys(one)
