"""Ids → pseudonyms: HMAC-SHA256 under the workspace's key, as SQL for rows and in Python for one.

Belongs here: which columns of a feed are replaced, the SQL that replaces them, and whether a
lake may go on under a setting. Stays out: the key's file (the edge hands the key in), actions'
texts (action_ids.py), who is erased (suppress.py).

A pseudonym is `p-` and the first 80 bits of the HMAC in hexadecimal digits: among 10 million ids
two are alike with probability 4e-11, among a billion 4e-7. Equal ids have equal pseudonyms
whatever the column, since an action may list ids without saying of what. What has the shape of a
pseudonym already stays: conditions and lists often come back from tables that were published.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cx_analytics.contracts.errors import SettingsError
from cx_analytics.contracts.feeds import PRODUCTION_EVENTS
from cx_analytics.contracts.model import Feed
from cx_analytics.contracts.quoting import quote
from cx_analytics.ingest.shapes import Issue

KEY_BYTES = 32
LEFT_OUT = "the record is left out, since it may hold ids that are kept as pseudonyms"

_PREFIX, _DIGITS = "p-", 20
_SHAPE = f"{_PREFIX}[0-9a-f]{{{_DIGITS}}}"
_BLOCK = 64
"""Bytes of a block of SHA-256, to which HMAC fills its key up (RFC 2104)."""

_ALSO = {PRODUCTION_EVENTS.name: {"unit_id": ("case_id", "parent_id", "input_ids")}}
"""Columns that hold the ids of units under another name."""
_LISTS = ("input_ids",)
"""Columns that hold a JSON list of ids."""

_QUOTES_THE_DATA = ("epcis", "malformed_csv", "duplicate_", "not_parquet", "unreadable")
"""Rules whose reason quotes what was read."""


@dataclass(frozen=True)
class Pseudonyms:
    """Which identity columns are kept as pseudonyms, and the key they are made with.

    Parameters
    ----------
    columns : some of `contracts.settings.HIDEABLE`.
    key : 32 random bytes, made once for the workspace.
    """

    columns: tuple[str, ...]
    key: bytes = field(repr=False)

    def of(self, identity: str) -> str:
        """The pseudonym of an id; a pseudonym is its own.

        >>> hidden = Pseudonyms(("customer_id",), bytes(32))
        >>> hidden.of("c-000042")
        'p-9c299c942407510ff411'
        >>> hidden.of(hidden.of("c-000042")) == hidden.of("c-000042")
        True
        """
        if is_pseudonym(identity):
            return identity
        content = identity.encode("utf-8", "surrogatepass")
        return _PREFIX + hmac.new(self.key, content, hashlib.sha256).hexdigest()[:_DIGITS]

    def within(self, feed: Feed) -> frozenset[str]:
        """The columns of a feed that are replaced."""
        also = _ALSO.get(feed.name, {})
        asked = {name for one in self.columns for name in (one, *also.get(one, ()))}
        return frozenset(asked & set(feed.names))

    def sql(self, column: str) -> str:
        """SQL for the pseudonym of a column; its parameters are `params`."""
        name = quote(column)
        if column not in _LISTS:
            return _sql(name)
        each = f"list_transform(TRY(from_json({name}, '[\"VARCHAR\"]')), lambda x: {_sql('x')})"
        return f"coalesce(CAST(to_json({each}) AS VARCHAR), {_sql(name)})"

    def params(self, feed: Feed) -> dict[str, bytes]:
        """The key as the engine binds it: never in a SQL text, which errors may quote."""
        if not self.within(feed):
            return {}
        block = self.key.ljust(_BLOCK, b"\0")
        return {
            "inner": bytes(byte ^ 0x36 for byte in block),
            "outer": bytes(byte ^ 0x5C for byte in block),
        }

    @property
    def mark(self) -> str:
        """What tells this key from another without telling the key."""
        return hmac.new(self.key, b"which key is this", hashlib.sha256).hexdigest()[:16]

    @property
    def marker(self) -> dict[str, Any]:
        """How ids are kept, as the manifest remembers it."""
        return {"columns": list(self.columns), "key": self.mark}

    def issue(self, given: Issue) -> Issue:
        """An unreadable record without its content, nor a reason that quotes it."""
        quoting = given.rule.startswith(_QUOTES_THE_DATA)
        reason = given.rule.replace("_", " ") if quoting else given.reason
        return replace(given, reason=f"{reason}; {LEFT_OUT}", record=None)


def is_pseudonym(text: str) -> bool:
    """Whether a text has the shape of a pseudonym.

    >>> is_pseudonym("p-9c299c942407510ff411"), is_pseudonym("p-1")
    (True, False)
    """
    return re.fullmatch(_SHAPE, text) is not None


def _sql(value: str) -> str:
    """HMAC spelled out, null for null.

    The length is compared first, so that few rows pay for the pattern.
    """
    inner = f"sha256($inner || encode({value}))"
    outer = f"sha256($outer || unhex({inner}))"
    known = f"length({value}) = {len(_PREFIX) + _DIGITS} AND regexp_full_match({value}, '{_SHAPE}')"
    return f"CASE WHEN {known} THEN {value} ELSE '{_PREFIX}' || left({outer}, {_DIGITS}) END"


# ---- whether a lake may go on -----------------------------------------------------------------


def under(hidden: Pseudonyms | None) -> str:
    """The mark of the key under which customers' ids are kept; empty when they are kept raw."""
    return hidden.mark if hidden and "customer_id" in hidden.columns else ""


def demand_same(before: Mapping[str, Any], hidden: Pseudonyms | None) -> None:
    """SettingsError when rows were taken in under another setting or key than now.

    Parameters
    ----------
    before : the manifest's marker of how ids are kept; empty when they are kept raw.
    """
    now = hidden.marker if hidden else {}
    if now == before:
        return
    had, wanted = before.get("columns", []), now.get("columns", [])
    if had == wanted:
        what = "the lake's pseudonyms were made with another key than keys/pseudonym.key"
        back = "put that key back from a backup"
    else:
        what = f"the lake holds {_said(had)}, but [privacy] pseudonyms asks for {_said(wanted)}"
        back = f"set pseudonyms = [{', '.join(repr(one) for one in had)}] again"
    raise SettingsError(what, where="cx.toml", todo=f"{back}, or {REBUILD}")


REBUILD = (
    "make the lake anew from landing/: move lake/, quarantine/, warehouse/, reports/, exports/ "
    "and dagster/ away, then 'cx run' (docs/operations.md, 'Pseudonyms')"
)


def demand_same_list(erased: int, listed_under: str, hidden: Pseudonyms | None) -> None:
    """SettingsError when erased customers are listed under ids of another kind than now.

    Their rows would not be known again when they are delivered once more.
    """
    if erased and listed_under != under(hidden):
        raise SettingsError(
            f"{erased} erased customers are listed under ids of another kind or key than now",
            where="lake/suppressed.json",
            todo="take the setting or key back; or, once no file that will be taken in holds "
            "these customers, remove the list",
        )


def _said(columns: list[str]) -> str:
    return f"pseudonyms of {', '.join(columns)}" if columns else "ids as they came"
