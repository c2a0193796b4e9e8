"""Whether a Zstandard file is whole, without unpacking it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from cx_analytics.ingest.zstd_frames import is_whole

TEXT = b"".join(b'{"n": %d}\n' % (n * 7919 % 1000) for n in range(30_000))
SKIPPED = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"


def frame(text: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(text)
    return sink.getvalue().to_pybytes()


def judged(folder: Path, content: bytes) -> bool:
    path = folder / "a.zst"
    path.write_bytes(content)
    return is_whole(path)


@pytest.mark.parametrize(
    "content",
    [
        frame(TEXT),
        frame(b"x"),
        frame(b"\n" * 500_000),
        frame(TEXT) + frame(b"more\n"),
        SKIPPED + frame(TEXT) + SKIPPED,
        pa.Codec("zstd").compress(TEXT, asbytes=True),
    ],
    ids=["streamed", "one byte", "repeated", "two frames", "skippable frames", "with its size"],
)
def test_whole(tmp_path: Path, content: bytes) -> None:
    assert judged(tmp_path, content)


def test_cut_off_anywhere(tmp_path: Path) -> None:
    content = frame(TEXT)
    cuts = {1, 4, 5, 8, len(content) // 2, len(content) - 1}
    assert not any(judged(tmp_path, content[:cut]) for cut in cuts)


@pytest.mark.parametrize("content", [b"", b"plain text", frame(b"x") + b"rest", SKIPPED[:-1]])
def test_something_else(tmp_path: Path, content: bytes) -> None:
    assert not judged(tmp_path, content)


def test_a_checksum_belongs_to_the_frame(tmp_path: Path) -> None:
    """A raw block of three bytes, described with a checksum: the four bytes must be there."""
    head = b"\x28\xb5\x2f\xfd" + b"\x24" + b"\x03" + b"\x19\x00\x00" + b"abc"
    assert not judged(tmp_path, head)
    assert judged(tmp_path, head + b"\0\0\0\0")
