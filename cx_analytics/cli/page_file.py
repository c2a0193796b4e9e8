"""A page that a person asked for, in a file of its own.

Belongs here: which names a page may have, and writing it in one piece. Stays out: what it says.
"""

from __future__ import annotations

from pathlib import Path

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.engine.files import write_text

SUFFIXES = (".html", ".htm")


def check(target: Path) -> None:
    """Refuse what is no name of a page: cx.toml or a folder is never written over."""
    if target.suffix.lower() not in SUFFIXES or target.is_dir():
        raise InputRefused(
            "a page needs a file name that ends in .html",
            where=str(target),
            todo="such as reports/page.html",
        )


def write(target: Path, page: str) -> None:
    """Write the page; InputRefused where that cannot be."""
    try:
        write_text(target, page)
    except OSError as error:
        raise InputRefused(
            f"the page cannot be written ({error.strerror or error})",
            where=str(target),
            todo="name a file in a folder that you may write to",
        ) from error
