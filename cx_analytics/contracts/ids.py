"""Identities that are derived, so that the same thing has the same id on every run.

Belongs here: the one way to derive an id. Stays out: ids that come with the data.
"""

from __future__ import annotations

import hashlib
import json


def stable_id(prefix: str, *parts: str | None) -> str:
    """An id from the parts that make the identity; safe in file names whatever the parts hold.

    >>> stable_id("d", "c-1")
    'd-ab882162dd'
    >>> stable_id("a", "lot_hold", "../../x") == stable_id("a", "lot_hold", "../../x")
    True
    """
    content = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return f"{prefix}-{hashlib.sha256(content.encode()).hexdigest()[:10]}"
