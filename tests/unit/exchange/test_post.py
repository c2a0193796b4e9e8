"""Packs over HTTP, to a real server on loopback that answers as it is told."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cx_analytics.exchange.envelope import as_zip, parcel_of
from cx_analytics.exchange.post import Post
from cx_analytics.exchange.target import parse_target

PARCEL = parcel_of("d-1", {"defect.json": b'{"case_id": "d-1"}'}, tag="ab")
SECRET = b"0123456789abcdef"
NOW = datetime(2026, 2, 1)


class Server(ThreadingHTTPServer):
    """Answers every POST with `status`, `headers` and `text`; `None` closes the line instead."""

    status: int | None = 200
    headers: dict[str, str] = {}  # noqa: RUF012
    text = b""
    heard: list[tuple[str, dict[str, str], bytes]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, dict(self.headers), body))
        if self.server.status is None:
            return
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as one:
        one.heard = []
        threading.Thread(target=one.serve_forever, args=(0.01,), daemon=True).start()
        yield one
        one.shutdown()


def post(server: Server, timeout_s: float = 5.0) -> Post:
    port = server.server_address[1]
    target = parse_target(f"http://127.0.0.1:{port}/packs?line=3", base=Path("/"))
    return Post(target, SECRET, lambda: NOW, timeout_s)


def test_signed_and_keyed(server: Server) -> None:
    assert post(server)(PARCEL).outcome == "taken"
    ((path, headers, body),) = server.heard
    assert (path, body) == ("/packs?line=3", as_zip(PARCEL))
    assert headers["Content-Type"] == "application/zip"
    assert headers["Idempotency-Key"] == f'"{PARCEL.message_id}"'
    assert headers["X-Cx-Timestamp"] == "1769904000"
    made = hmac.new(SECRET, b"1769904000." + body, hashlib.sha256).hexdigest()
    assert headers["X-Cx-Signature"] == f"sha256={made}"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, "taken") for status in (200, 201, 202, 204)),
        *((status, "refused") for status in (301, 308, 400, 401, 403, 404, 413, 415, 422)),
        *((status, "again") for status in (408, 409, 425, 429, 500, 502, 503, 504)),
    ],
)
def test_statuses(server: Server, status: int, outcome: str) -> None:
    server.status = status
    assert post(server)(PARCEL).outcome == outcome


def test_conflict_with_our_id_is_taken_before(server: Server) -> None:
    server.status, server.headers = 409, {"Idempotency-Key": f'"{PARCEL.message_id}"'}
    assert post(server)(PARCEL).outcome == "taken"
    server.headers, server.text = {}, f"{PARCEL.message_id} is known".encode()
    assert post(server)(PARCEL).outcome == "taken"
    server.text = b"m-another is known"
    assert post(server)(PARCEL).outcome == "again"


@pytest.mark.parametrize(
    ("header", "wait_s"), [("7", 7.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-1", 0.0)]
)
def test_retry_after(server: Server, header: str, wait_s: float) -> None:
    server.status, server.headers = 503, {"Retry-After": header}
    assert post(server)(PARCEL).wait_s == wait_s


def test_the_answer_is_kept_on_one_line(server: Server) -> None:
    server.status, server.text = 400, b"no such\nline\x1b[31m" + b"x" * 9999
    said = post(server)(PARCEL).said
    assert said.startswith("400 Bad Request: no such line")
    assert said.isprintable()
    assert len(said) <= 200


def test_no_answer(server: Server) -> None:
    server.status = None
    assert post(server)(PARCEL).outcome == "again"
    server.shutdown()
    server.server_close()
    assert post(server)(PARCEL).outcome == "unreachable"


def test_the_secret_is_not_shown(server: Server) -> None:
    assert "0123456789abcdef" not in repr(post(server))
