"""GS1 identities as EPCIS gives them → product, lot, serial, and whether one is a place.

Belongs here: EPC URIs (EPC Tag Data Standard 2.0, clause 6) and GS1 Digital Link URIs (URI Syntax
1.3). Stays out: the events that name them (epcis.py).
"""

from __future__ import annotations

from urllib.parse import unquote

_ITEMS = ("urn:epc:id:sgtin:", "urn:epc:class:lgtin:", "urn:epc:idpat:sgtin:")
"""Schemes of trade items: company prefix, indicator digit with item reference, the rest."""


def is_location(identity: str) -> bool:
    """Whether it names a place: an SGLN, or /414/ of a GS1 Digital Link."""
    return ":sgln:" in identity or "/414/" in identity


def is_shipment(identity: str) -> bool:
    """Whether it names a logistic unit (SSCC) or a shipment (GSIN), as a URN or a Digital Link.

    >>> is_shipment("urn:epc:id:sscc:0614141.1234567890"), is_shipment("https://a.b/00/1")
    (True, True)
    """
    if identity.startswith(("urn:epc:id:sscc:", "urn:epc:id:gsin:")):
        return True
    web = identity.startswith(("http://", "https://"))
    return web and any(key in identity.split("?", 1)[0].split("/")[3:-1:2] for key in ("00", "402"))


def lot_of(identity: str) -> str | None:
    """The lot of an LGTIN or a GS1 Digital Link.

    >>> lot_of("urn:epc:class:lgtin:4012345.012345.998877"), lot_of("https://a.b/01/1/10/AB%2F1")
    ('998877', 'AB/1')
    """
    return _last(identity, "urn:epc:class:lgtin:") or _qualifier(identity, "10")


def serial_of(identity: str) -> str | None:
    """The serial of an SGTIN or a GS1 Digital Link.

    >>> serial_of("urn:epc:id:sgtin:0614141.107346.2017"), serial_of("https://a.b/01/1/21/7")
    ('2017', '7')
    """
    return _last(identity, "urn:epc:id:sgtin:") or _qualifier(identity, "21")


def product_of(identity: str) -> str | None:
    """The GTIN-14 of a trade item, whatever names it: an SGTIN, an LGTIN or a Digital Link.

    >>> product_of("urn:epc:id:sgtin:0614141.107346.2017")
    '10614141073464'
    >>> product_of("https://id.gs1.org/01/10614141073464/21/2017")
    '10614141073464'
    """
    for scheme in _ITEMS:
        if identity.startswith(scheme):
            return _gtin(identity.removeprefix(scheme).split(".", 2))
    return _qualifier(identity, "01")


def _gtin(parts: list[str]) -> str | None:
    """Company prefix and item reference (its first digit is the indicator) with a check digit."""
    digits = parts[1][:1] + parts[0] + parts[1][1:] if len(parts) > 1 else ""
    if len(digits) != 13 or not (digits.isascii() and digits.isdigit()):
        return None
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)


def _last(identity: str, scheme: str) -> str | None:
    """The third part of an EPC URI of a scheme: company.item.serial."""
    parts = identity.removeprefix(scheme).split(".", 2)
    return unquote(parts[2]) if identity.startswith(scheme) and len(parts) == 3 else None


def _qualifier(identity: str, key: str) -> str | None:
    """The value of a key in the path of a GS1 Digital Link with a trade item (01)."""
    if not identity.startswith(("http://", "https://")):
        return None
    parts = identity.split("?", 1)[0].split("/")[3:]
    if "01" not in parts:
        return None
    rest = parts[parts.index("01") :]
    pairs = dict(zip(rest[::2], rest[1::2], strict=False))
    return unquote(pairs[key]) if pairs.get(key) else None
