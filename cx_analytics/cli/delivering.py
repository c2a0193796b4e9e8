"""`cx export --to` and `--retry`: the outbox filled, emptied, and told about.

Belongs here: the edge, where secrets, the clock, sleep and chance come from, and what is said.
Stays out: states and attempts (exchange.outbox), waits (exchange.courier), wires (exchange.post,
exchange.mqtt, exchange.folder).
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from cx_analytics.cli.phrases import counted
from cx_analytics.cli.reader import Reader
from cx_analytics.cli.screen import Answer
from cx_analytics.contracts.errors import CheckFailed, InputRefused
from cx_analytics.exchange.courier import Courier, Patience
from cx_analytics.exchange.envelope import Parcel, message_id, parcel_of
from cx_analytics.exchange.folder import THERE, into
from cx_analytics.exchange.mqtt import Publish
from cx_analytics.exchange.outbox import STORE, Message, Outbox, opened, read_pack, sending_alone
from cx_analytics.exchange.post import Post
from cx_analytics.exchange.target import Send, Target, parse_target
from cx_analytics.workspace import Workspace

LEAST_SECRET = 16
"""Bytes of a secret; a shorter one is guessed from a single signed message."""


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Edge:
    """What only the edge knows."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    chance: Random = field(default_factory=SystemRandom)


def deliver(
    workspace: Workspace,
    packs: list[Path],
    to: str,
    *,
    zipped: bool = False,
    again: bool = False,
    edge: Edge | None = None,
) -> Answer:
    """Send every pack that the target was not sent yet; `again` also what it never acknowledged."""
    edge = edge or Edge()
    target = parse_target(to, base=Path.cwd(), zipped=zipped)
    _not_our_own(workspace, target)
    send = sender(workspace, target, edge)
    with sending_alone(workspace.outbox), opened(workspace.outbox) as outbox:
        take_acknowledgements(workspace, outbox)
        for pack in packs:
            known = message_id(pack.name, read_pack(pack))
            outbox.add(known, pack.name, target.text, target.tag, at=edge.clock())
        if again:
            outbox.revive(outbox.messages(target.text, ("sent",)))
        due = outbox.messages(target.text, ("pending",))
        _courier(workspace, outbox, send, edge).empty(target.text)
        return _told(outbox.messages(target.text), {one.key for one in due}, to)


def retry(
    workspace: Workspace, to: str | None, *, zipped: bool = False, edge: Edge | None = None
) -> Answer:
    """Send what is pending or dead again, for one target or for all; queue nothing new."""
    edge = edge or Edge()
    only = parse_target(to, base=Path.cwd(), zipped=zipped).text if to else None
    with sending_alone(workspace.outbox), opened(workspace.outbox) as outbox:
        take_acknowledgements(workspace, outbox)
        due = outbox.messages(only, ("pending", "dead"))
        targets = {one.target: parse_target(one.target, base=workspace.root) for one in due}
        senders = {name: sender(workspace, one, edge) for name, one in targets.items()}
        outbox.revive(due)
        for name, send in senders.items():
            _courier(workspace, outbox, send, edge).empty(name)
        return _told(outbox.messages(only), {one.key for one in due}, to)


def history(workspace: Workspace) -> list[tuple[Message, list[dict[str, Any]]]]:
    """The messages of the outbox with their attempts, and with what was acknowledged since."""
    if not (workspace.outbox / STORE).exists():
        return []
    with opened(workspace.outbox) as outbox:
        take_acknowledgements(workspace, outbox)
        return [(one, outbox.attempts(one)) for one in outbox.messages()]


def demand_delivered(answer: Answer) -> None:
    """CheckFailed when a message is dead: the receiver does not have it."""
    if dead := answer.data["dead"]:
        raise CheckFailed(
            f"{counted(len(dead), 'message')} could not be delivered; "
            f"the last answer for {dead[0]['pack']}: {dead[0]['answer']}",
            where=dead[0]["to"],
            todo="mend what it says, then 'cx export DIR --retry'",
        )


def sender(workspace: Workspace, target: Target, edge: Edge) -> Send:
    """How to send to a target; InputRefused when a secret that it needs is missing."""
    exchange = workspace.settings.exchange
    if target.scheme == "folder":
        return into(Path(target.path), zipped=target.zipped)
    tls = _tls(workspace) if target.encrypted else None
    if target.scheme in ("http", "https"):
        secret = _secret(workspace, exchange.secret_env, exchange.secret_file, edge.environ)
        return Post(
            target, _strong(secret, exchange.secret_env), edge.clock, exchange.timeout_s, tls
        )
    password = _secret(workspace, exchange.password_env, exchange.password_file, edge.environ)
    return Publish(
        target,
        f"cx-{edge.chance.getrandbits(64):016x}",
        exchange.timeout_s,
        exchange.username,
        password.decode() if password else None,
        tls,
    )


def _secret(
    workspace: Workspace, variable: str, file: str | None, environ: Mapping[str, str]
) -> bytes:
    if file is None:
        return environ.get(variable, "").encode()
    path = workspace.root / file
    if not path.is_file():
        raise InputRefused(
            "this secret of [exchange] is not there", where=str(path), todo="put it there"
        )
    return path.read_bytes().rstrip(b"\r\n")


def _strong(secret: bytes, variable: str) -> bytes:
    if len(secret) < LEAST_SECRET:
        what = "is too short to sign with" if secret else "that signs messages is missing"
        raise InputRefused(
            f"the secret {what}",
            where="[exchange]",
            todo=f"put {LEAST_SECRET} bytes or more into the environment variable {variable}, "
            "or into a file that secret_file in cx.toml names",
        )
    return secret


def _tls(workspace: Workspace) -> ssl.SSLContext:
    ca_file = workspace.settings.exchange.ca_file
    if ca_file is None:
        return ssl.create_default_context()
    path = workspace.root / ca_file
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise InputRefused(
            f"ca_file of [exchange] cannot be used: {error}", where=str(path), todo="give PEM"
        ) from error


def take_acknowledgements(workspace: Workspace, outbox: Outbox) -> None:
    """Mark what receivers acknowledged through the feed `actions`, as of the last run."""
    if not workspace.database.exists() or not outbox.messages():
        return
    with Reader(workspace.root) as reader:
        rows = reader.rows("acknowledgements")
    outbox.acknowledge({row["action_id"]: (row["status"], row["effective_from"]) for row in rows})


def _courier(workspace: Workspace, outbox: Outbox, send: Send, edge: Edge) -> Courier:
    def parcel(message: Message) -> Parcel:
        files = read_pack(workspace.exports / message.pack)
        made = parcel_of(message.pack, files, tag=message.tag)
        if made.message_id != message.message_id:
            raise InputRefused(
                "the pack is not what was queued: somebody changed it",
                where=message.pack,
                todo="bring it back from a backup; changed content is another message",
            )
        return made

    exchange = workspace.settings.exchange
    patience = Patience(exchange.tries, exchange.backoff_s)
    return Courier(outbox, parcel, send, patience, edge.clock, edge.sleep, edge.chance)


def _not_our_own(workspace: Workspace, target: Target) -> None:
    if target.scheme == "folder" and Path(target.path) == workspace.exports:
        raise InputRefused(
            "the packs are there already", where=target.path, todo="give another folder"
        )


def _told(messages: list[Message], due: set[tuple[str, str]], to: str | None) -> Answer:
    done = [one for one in messages if one.state in ("sent", "acknowledged")]
    new = [one for one in done if one.key in due and one.answer != THERE]
    dead = [one for one in messages if one.state == "dead"]
    kept = [one for one in done if one not in new]
    place = f" to {to}" if to else ""
    sentence = f"{counted(len(new), 'pack')} sent{place}, {len(kept)} there already."
    copied = [one.arrives_as for one in new]
    data = {
        "copied": copied,
        "kept": [one.arrives_as for one in kept],
        "dead": [{"pack": one.pack, "to": one.target, "answer": one.answer} for one in dead],
        "to": to,
    }
    return Answer((sentence, *copied), (), data)
