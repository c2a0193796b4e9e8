"""Where a message goes and what came back: a folder, an HTTP endpoint, a topic of an MQTT broker.

Belongs here: reading a target, and the words for an answer. Stays out: sending (post.py, mqtt.py,
folder.py) and secrets: an address that carries one is refused, since it would be kept and shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from cx_analytics.contracts.errors import InputRefused, did_you_mean
from cx_analytics.exchange.envelope import Parcel

Outcome = Literal["taken", "again", "unreachable", "refused"]
"""taken: the receiver has it; again: not now; unreachable: the whole target is, not only for this
message; refused: never."""

ZIPPED = "/*.zip"
"""How the spelling of a folder ends that gets its packs as ZIP files."""

_PORTS = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_WILD = re.compile(r"[#+\x00]")


@dataclass(frozen=True)
class Reply:
    """What an attempt came to; `wait_s` is how long the receiver asks to be left alone."""

    outcome: Outcome
    said: str
    wait_s: float = 0.0


Send = Callable[[Parcel], Reply]


@dataclass(frozen=True)
class Target:
    """A receiver. `text` is its one spelling, `path` the folder, the HTTP path or the topic."""

    scheme: Literal["folder", "http", "https", "mqtt", "mqtts"]
    text: str
    path: str
    host: str = ""
    port: int = 0
    zipped: bool = False

    @property
    def encrypted(self) -> bool:
        return self.scheme in ("https", "mqtts")

    @property
    def tag(self) -> str:
        """Eight digits that tell addresses apart in an acknowledgement, without naming them."""
        if self.scheme == "folder":
            return ""
        return hashlib.sha256(self.text.encode()).hexdigest()[:8]


def parse_target(text: str, *, base: Path, zipped: bool = False) -> Target:
    """A target as people write it; a relative folder is one of `base`.

    A folder that gets ZIP files is another target than one that gets folders, and ends with
    `/*.zip`.

    >>> parse_target("MQTT://Broker/plant/quality", base=Path("/w")).text
    'mqtt://broker:1883/plant/quality'
    >>> parse_target("inbox", base=Path("/w")).text
    '/w/inbox'

    Raises
    ------
    InputRefused : an unknown kind of address, one that cannot be used, or one with a password.
    """
    if not text.strip():
        raise InputRefused("the target is empty", todo="give a folder or an address")
    if not _ADDRESS.match(text):
        return _folder(base / text.removesuffix(ZIPPED), zipped or text.endswith(ZIPPED))
    if zipped:
        raise InputRefused("every address gets a ZIP", where=text, todo="leave --zip out")
    parts = _split(text)
    if parts.scheme in ("http", "https"):
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return _address(parts, path, path)
    topic = unquote(parts.path[1:])
    if not topic or _WILD.search(topic) or len(topic.encode()) > 65535:
        raise InputRefused(
            "an MQTT address needs a topic without + and #",
            where=text,
            todo="write mqtt://host:1883/plant/quality/defects",
        )
    return _address(parts, topic, parts.path)


def _folder(path: Path, zipped: bool) -> Target:
    folder = str(path.resolve())
    return Target("folder", folder + ZIPPED * zipped, folder, zipped=zipped)


def _split(text: str) -> SplitResult:
    scheme = text.partition("://")[0].lower()
    if scheme not in _PORTS:
        hint = did_you_mean(scheme, _PORTS)
        raise InputRefused(f"nothing is sent to {scheme} addresses", where=text, todo=hint)
    parts = _parts(text)
    if "@" in parts.netloc:
        raise InputRefused(
            "an address must not carry a name or a password",
            where=f"{scheme}://…@{parts.netloc.rpartition('@')[2]}",
            todo="name them in cx.toml, [exchange]",
        )
    if not _usable(text, parts):
        raise InputRefused(
            "this is no address", where=text, todo=f"write {scheme}://host:{_PORTS[scheme]}/path"
        )
    return parts


def _parts(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise InputRefused("this is no address", where=text, todo=str(error)) from error


def _usable(text: str, parts: SplitResult) -> bool:
    try:
        port = parts.port
    except ValueError:
        return False
    printable = text.isascii() and text.isprintable() and " " not in text
    return printable and bool(parts.hostname) and port != 0 and "#" not in text


def _address(parts: SplitResult, path: str, shown: str) -> Target:
    port = parts.port or _PORTS[parts.scheme]
    host = parts.hostname or ""
    named = f"[{host}]" if ":" in host else host
    text = f"{parts.scheme}://{named}:{port}{shown}"
    return Target(parts.scheme, text, path, host, port)  # type: ignore[arg-type]
