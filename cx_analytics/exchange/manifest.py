"""The list of a pack's files with their SHA-256, so that who receives it can tell it is whole.

Belongs here: writing the list and holding files against it. Stays out: the files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.exchange.gs1 import NAMESPACE

NAME = "manifest.json"
SCHEMA_ID = f"{NAMESPACE}schema:pack:1"

CONTENT = {
    "8d.pdf": ("application/pdf", "8D report: D0 to D4 filled, D5 to D8 for the factory"),
    "8d.xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "8D report to work in: a sheet a discipline, serials, sister lots, evidence",
    ),
    "b2mml.xml": ("application/xml", "Proposed hold, ISA-95 / B2MML SyncMaterialLot"),
    "cfx.json": ("application/json", "Proposed block, IPC-2591 CFX BlockMaterialsRequest"),
    "defect.json": ("application/json", "The defect message as data"),
    "epcis.json": ("application/ld+json", "Proposed hold, GS1 EPCIS 2.0"),
    "evidence.json": ("application/json", "Every number with the query behind it"),
    "message.txt": ("text/plain", "The defect message in plain words"),
    "serials.csv": ("text/csv", "The units, the riskiest first"),
}
"""Media type and meaning of each file that a pack may hold."""


def manifest(
    case_id: str, as_of: date, files: Mapping[str, bytes], left_out: Mapping[str, str]
) -> dict[str, Any]:
    """The list of the files, and why others are not there."""
    return {
        "schema": SCHEMA_ID,
        "case_id": case_id,
        "as_of": as_of.isoformat(),
        "files": [
            {
                "name": name,
                "sha256": digest(files[name]),
                "bytes": len(files[name]),
                "media_type": CONTENT[name][0],
                "meaning": CONTENT[name][1],
            }
            for name in sorted(files)
        ],
        "left_out": [{"name": name, "why": left_out[name]} for name in sorted(left_out)],
    }


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal (FIPS 180-4), as `sha256sum` prints it."""
    return hashlib.sha256(content).hexdigest()


def listed(text: str, where: str) -> dict[str, str]:
    """File name → SHA-256 of a manifest; InputRefused when it is none."""
    try:
        files = json.loads(text)["files"]
        return {str(entry["name"]): str(entry["sha256"]) for entry in files}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputRefused("this is no manifest of a pack", where=where) from error


def changed(told: Mapping[str, str], found: Mapping[str, bytes]) -> dict[str, str]:
    """What is wrong with each file that is not as it was sent: changed, missing or not listed.

    >>> changed({"a": digest(b"1"), "b": digest(b"2")}, {"a": b"1", "c": b"3"})
    {'b': 'missing', 'c': 'not listed'}
    """
    wrong = {name: "not listed" for name in found if name not in told}
    for name, expected in told.items():
        if name not in found:
            wrong[name] = "missing"
        elif digest(found[name]) != expected:
            wrong[name] = "changed"
    return dict(sorted(wrong.items()))
