"""`cx export`: the feedback packs of a workspace, and what became of those that were sent.

Belongs here: finding and listing packs. Stays out: what is in a pack (exchange), sending it
(delivering.py).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cx_analytics.cli import delivering
from cx_analytics.cli.phrases import counted
from cx_analytics.cli.screen import Answer, Sheet, number, when
from cx_analytics.exchange.outbox import Message
from cx_analytics.workspace import Workspace


def listed(root: Path) -> Answer:
    """The packs in exports/ by name, and the messages of the outbox in their order."""
    workspace = Workspace.open(root)
    packs = [_described(path) for path in _packs(workspace)]
    history = delivering.history(workspace)
    messages = [one for one, _ in history]
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
    told = [
        asdict(one) | {"acknowledge_as": one.acknowledge_as, "attempts": attempts}
        for one, attempts in history
    ]
    data = {"packs": packs, "messages": told}
    return Answer((sentence, *_hint(root, messages)), (*sheets, *_sent(messages)), data)


def _hint(root: Path, messages: list[Message]) -> list[str]:
    open_ones = [one for one in messages if one.state in ("pending", "dead")]
    retry = f"{counted(len(open_ones), 'message')} not delivered. To do: cx export {root} --retry"
    return [retry] if open_ones else []


def _sent(messages: list[Message]) -> list[Sheet]:
    rows = tuple(
        (one.pack, one.target, one.state, str(one.tries), one.answer or "-", one.message_id)
        for one in messages
    )
    columns = ("pack", "to", "state", "tries", "answer", "message")
    return [Sheet("outbox", columns, rows)] if rows else []


def deliver(root: Path, target: str, *, zipped: bool = False, again: bool = False) -> Answer:
    """Send every pack that the target was not sent yet; to a folder also as ZIP files."""
    workspace = Workspace.open(root)
    packs = _packs(workspace)
    return delivering.deliver(workspace, packs, target, zipped=zipped, again=again)


def retry(root: Path, target: str | None, *, zipped: bool = False) -> Answer:
    """Send what is pending or dead again."""
    return delivering.retry(Workspace.open(root), target, zipped=zipped)


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
