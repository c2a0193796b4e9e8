"""Erased customers: the list that keeps them out of the lake, without holding an id.

Belongs here: lake/suppressed.json, and what counts as naming one of its customers. Stays out:
erasing (erase.py), and what becomes of a row that names one (withhold.py).

An id stands in the list as a BLAKE2b hash under a random key that was made once for the
workspace, beside its length. Who has the file can test a guessed id, so it is to be kept like
the lake itself; who has a receipt alone cannot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.contracts.words import condition_pairs

NAME = "suppressed.json"
RULE = "erased_customer"
REASON = "the row names a customer who was erased; nothing of it is kept"

CLEAR = 6
"""An id so long is also looked for inside longer texts; a shorter one would be found by chance."""

_GONE = object()


@dataclass(frozen=True)
class Suppressed:
    """Keyed hash of each erased customer's id → length of the id in characters.

    The id is the one that the tables have. Where customers are pseudonyms that is the pseudonym,
    and `under` the mark of the key it was made with; else `under` is empty.
    """

    key: str = ""
    customers: Mapping[str, int] = field(default_factory=dict)
    under: str = ""

    @classmethod
    def read(cls, root: Path) -> Suppressed:
        """The list of a workspace, empty before the first erasure; InputRefused when damaged."""
        file = suppressed_path(root)
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            customers = {str(k): int(v) for k, v in found["customers"].items()}
            return cls(str(found["key"]), customers, str(found.get("under", "")))
        except FileNotFoundError:
            return cls()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputRefused(
                "the list of erased customers cannot be read",
                where=str(file),
                todo="put it back from a backup, or erased customers may come back",
            ) from error

    def __bool__(self) -> bool:
        return bool(self.customers)

    def text(self) -> str:
        """As JSON."""
        found = {"key": self.key, "customers": dict(self.customers), "under": self.under}
        return json.dumps(found, indent=1, sort_keys=True) + "\n"

    def digest(self, customer: str) -> str:
        """The keyed hash of an id, 32 hexadecimal digits."""
        content = customer.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(content, key=bytes.fromhex(self.key), digest_size=16).hexdigest()

    def adding(self, customer: str) -> Suppressed:
        """The list with one more customer."""
        return replace(self, customers={**self.customers, self.digest(customer): len(customer)})

    def only(self, customer: str) -> Suppressed:
        """A list of this customer alone, under the same key."""
        return replace(self, customers={}).adding(customer)

    # ---- what names a customer of the list ----------------------------------------------------

    def names(self, text: str | None) -> bool:
        """Whether a text is the id of one of them.

        >>> listed = Suppressed("00").adding("c-000042")
        >>> listed.names("c-000042"), listed.names("c-000043")
        (True, False)
        """
        if text is None or len(text) not in self._lengths:
            return False
        return self.digest(text) in self.customers

    def mentions(self, text: str | None) -> bool:
        """Whether a text (a record as it came, JSON or not) holds the id of one of them.

        >>> listed = Suppressed("00").adding("c-000042")
        >>> [listed.mentions(text) for text in ("a,c-000042,b", '{"a": "c-000042"}', "c-0000421")]
        [True, True, False]
        """
        if not text or not self.customers:
            return False
        try:
            leaves = list(_leaves(json.loads(text, parse_int=str, parse_float=str)))
        except (ValueError, RecursionError):
            return self._within(text, 1)
        return any(self.names(leaf) or self._within(leaf, CLEAR) for leaf in leaves)

    @cached_property
    def _lengths(self) -> frozenset[int]:
        return frozenset(self.customers.values())

    def _within(self, text: str, shortest: int) -> bool:
        lengths = {length for length in self._lengths if length >= shortest}
        return any(self.names(piece) for piece in _pieces(text, lengths))

    def concerns(self, conditions: str | None) -> bool:
        """Whether conditions such as `customer_id=C & cell_id=X` are about one of them."""
        pairs = condition_pairs(conditions)
        return any(name == "customer_id" and self.names(value) for name, value in pairs)

    def without(self, exposed: str | None) -> str | None:
        """The JSON text of what an action reached, without the entries that name one of them.

        >>> listed = Suppressed("00").adding("c-000042")
        >>> listed.without('{"customers": {"c-000042": "2026-01-01", "c-7": "2026-01-02"}}')
        '{"customers": {"c-7": "2026-01-02"}}'
        """
        if exposed is None or not self.mentions(exposed):
            return exposed
        try:
            left = self._pruned(json.loads(exposed), inside_list=False)
        except ValueError:
            return None
        text = None if left is _GONE else json.dumps(left, ensure_ascii=False)
        return None if self.mentions(text) else text

    def _pruned(self, value: Any, *, inside_list: bool) -> Any:
        if isinstance(value, list):
            left = [self._pruned(one, inside_list=True) for one in value]
            return [one for one in left if one is not _GONE]
        if isinstance(value, dict):
            kept = {
                key: self._pruned(one, inside_list=False)
                for key, one in value.items()
                if not self.names(key)
            }
            if inside_list and _GONE in kept.values():
                return _GONE
            return {key: one for key, one in kept.items() if one is not _GONE}
        return _GONE if value is not None and self.names(str(value)) else value


def suppressed_path(root: Path) -> Path:
    """Where the list of a workspace lies."""
    return root / "lake" / NAME


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield str(key)
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, str):
        yield value


def _pieces(text: str, lengths: set[int]) -> Iterator[str]:
    """Pieces of these lengths that stand alone: no letter or digit goes on beyond their ends."""
    for start, first in enumerate(text):
        if start and first.isalnum() and text[start - 1].isalnum():
            continue
        for length in lengths:
            end = start + length
            if end > len(text):
                continue
            if end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
                continue
            yield text[start:end]
