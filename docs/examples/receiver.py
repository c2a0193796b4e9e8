"""A receiver of packs in a few lines: each message has one effect, however often it comes.

`take` is all that matters: the message's id and its effect enter one database in one transaction.
The HTTP part shows the signature; a subscriber of MQTT calls `take` with the decoded `zip`, and
acknowledges the packet (PUBACK) only when `take` has returned. Only the standard library is used.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import sqlite3
import time
import zipfile
from http.server import BaseHTTPRequestHandler

TABLES = """CREATE TABLE IF NOT EXISTS taken (message_id TEXT PRIMARY KEY, acknowledge_as TEXT);
            CREATE TABLE IF NOT EXISTS work (case_id TEXT)"""


def take(store: sqlite3.Connection, pack: bytes) -> str:
    """Take a pack in, unless its message is known; returns the message's id either way."""
    with zipfile.ZipFile(io.BytesIO(pack)) as files:
        slip = json.loads(files.read("delivery.json"))
        defect = json.loads(files.read(f"{slip['pack']}/defect.json"))
    with store:  # one transaction: the id and the effect, or neither
        known = "INSERT INTO taken VALUES (?, ?) ON CONFLICT DO NOTHING"
        if store.execute(known, (slip["message_id"], slip["acknowledge_as"])).rowcount:
            store.execute("INSERT INTO work VALUES (?)", (defect["case_id"],))  # the effect
    return slip["message_id"]


def authentic(secret: bytes, timestamp: str, signature: str, body: bytes, now: float) -> bool:
    """Whether a body was signed with our secret, within the last five minutes."""
    made = hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    fresh = timestamp.isdigit() and abs(now - int(timestamp)) <= 300
    return fresh and hmac.compare_digest(signature, f"sha256={made}")


class Receiver(BaseHTTPRequestHandler):
    """POST of a pack. 401 for a wrong signature; 200 for a message that is new or known."""

    secret: bytes
    store: sqlite3.Connection

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stamp, signed = self.headers.get("X-Cx-Timestamp", ""), self.headers.get("X-Cx-Signature")
        good = authentic(self.secret, stamp, signed or "", body, time.time())
        # The id comes from the body: it is signed, the header Idempotency-Key is not.
        self.answer(200, take(self.store, body)) if good else self.answer(401, "wrong signature")

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
