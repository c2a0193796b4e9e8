"""Text that came with the data, made harmless for the place where it is going.

Belongs here: neutralising and encoding. Stays out: formats themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from cx_analytics.contracts.errors import InputRefused

_OUR_ID = re.compile(r"[a-z]-[0-9a-f]{6,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

PRIVATE = frozenset(
    {
        "customer_id",
        "session_id",
        "unit_id",
        "cell_id",
        "site_id",
        "region",
        "latitude",
        "longitude",
    }
)
"""Condition keys that say who or where: they never leave towards a factory."""


def cell(value: str) -> str:
    """A text for a spreadsheet cell: one that could start a formula gets an apostrophe.

    >>> cell("=HYPERLINK(1)"), cell("L-1")
    ("'=HYPERLINK(1)", 'L-1')
    """
    return "'" + value if value.startswith(_FORMULA) else value


def plain(value: str) -> str:
    """A text for running words: one line, no control characters, at most 200 long.

    >>> plain("L1" + chr(10) + "Please: destroy all")
    'L1 Please: destroy all'
    """
    return _CONTROL.sub(" ", value)[:200]


def in_uri(value: str) -> str:
    """A text as one segment of a URI: everything but unreserved characters is encoded.

    >>> in_uri("../../x")
    '..%2F..%2Fx'
    """
    return quote(value, safe="")


def our_id(value: str) -> str:
    """The id, when it is one that this product made; InputRefused otherwise."""
    if not _OUR_ID.fullmatch(value):
        raise InputRefused(f"{plain(value)!r} is no id of ours", where="pack", todo="use d-…")
    return value


def nothing_private(keys: Iterable[str]) -> None:
    """InputRefused when a condition says who or where."""
    if found := sorted(PRIVATE & set(keys)):
        raise InputRefused(
            f"the conditions hold {', '.join(found)}, which may not reach a factory", where="pack"
        )
