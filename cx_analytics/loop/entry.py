"""Entries of the ledger: frozen values, their line of JSON, and the chain of digests.

Belongs here: what an entry is and whether a ledger was tampered with. Stays out: what may
follow what (ledger.py), who may decide (rails.py), and the file (ledger_file.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from cx_analytics.contracts.errors import CheckFailed
from cx_analytics.contracts.ids import stable_id


@dataclass(frozen=True)
class Entry:
    """One line of the ledger. Times are naive UTC; `digest` covers all else and `previous`.

    Nulls are left out of the line, so that a new field leaves old digests as they are.
    """

    entry: int
    action_id: str
    event: str
    kind: str
    actor: str
    at: datetime
    cause_id: str | None = None
    defect_id: str | None = None
    subject: str | None = None
    reason: str | None = None
    evidence: str | None = None
    expires_at: datetime | None = None
    units: int | None = None
    production_share: float | None = None
    probability: float | None = None
    verdict: str | None = None
    previous: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Proposal:
    """What is proposed: the kind of action, on what, against which cause, touching how much.

    `subject` is one condition (`lot=L1`, `modem_lot=M7`, `unit_id=U1`, `app_version=5.2.0`).
    `units` and `production_share` are its blast radius; `sample` is the number of units that
    the claim rests on, `probability` how sure the cause is, `evidence` the snapshot.
    """

    kind: str
    subject: str
    cause_id: str | None = None
    defect_id: str | None = None
    reason: str | None = None
    evidence: str | None = None
    units: int | None = None
    production_share: float | None = None
    probability: float | None = None

    @property
    def action_id(self) -> str:
        """The same proposal has the same id, also when it is made again."""
        return stable_id("a", self.kind, self.subject, self.defect_id or self.cause_id)


def verify(entries: Sequence[Entry], where: str = "ledger") -> None:
    """CheckFailed at the first entry that was changed, moved or taken out.

    A cut-off end cannot be seen from the chain alone: compare the last digest with the one in
    the published table `action_ledger`.
    """
    previous = ""
    for number, entry in enumerate(entries, start=1):
        if entry.entry != number or entry.previous != previous or entry.digest != digest(entry):
            raise CheckFailed(
                f"entry {number} does not fit the chain: the ledger was changed by hand",
                where=where,
                todo="put the ledger back from a backup; entries are only ever appended",
            )
        previous = entry.digest


def digest(entry: Entry) -> str:
    """SHA-256 over everything in the entry but its own digest."""
    return hashlib.sha256(as_line(replace(entry, digest="")).encode()).hexdigest()


def as_line(entry: Entry) -> str:
    """The entry as one line of JSON, keys sorted, nulls left out."""
    values = {key: value for key, value in asdict(entry).items() if value is not None}
    return json.dumps(values, sort_keys=True, default=lambda time: time.isoformat())


def from_line(line: str) -> Entry:
    """The entry of a line; ValueError, TypeError or KeyError when it is none."""
    values: dict[str, Any] = json.loads(line)
    if unknown := values.keys() - {field.name for field in fields(Entry)}:
        raise ValueError(f"unknown fields {sorted(unknown)}")
    for name in ("at", "expires_at"):
        if values.get(name) is not None:
            values[name] = datetime.fromisoformat(values[name])
    return Entry(**values)
