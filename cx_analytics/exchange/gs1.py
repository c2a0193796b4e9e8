"""GS1 identities: units and lots as GS1 Digital Link URIs, or as URIs of our own.

Belongs here: ids. Stays out: events about them (epcis.py).
With a valid GTIN a unit is `https://id.gs1.org/01/{gtin14}/21/{serial}` and a lot
`https://id.gs1.org/01/{gtin14}/10/{lot}` (GS1 Digital Link Standard: URI Syntax 1.3, section
4). Without one, or with a serial that GS1 does not allow (General Specifications, figure
7.11-1: 82 characters, at most 20), it is a URI in our own namespace:
`urn:cx-analytics:unit:{serial}` or `urn:cx-analytics:class:{conditions}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cx_analytics.exchange.safe import in_uri

NAMESPACE = "urn:cx-analytics:"
DIGITAL_LINK = "https://id.gs1.org"

_LENGTHS = (8, 12, 13, 14)
_CHARACTERS_82 = re.compile(r"""[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}""")


def gtin14(gtin: str | None) -> str | None:
    """The GTIN with 14 digits, or None when it is none (length or check digit).

    >>> gtin14("4006381333931")
    '04006381333931'
    >>> gtin14("4006381333930") is None
    True
    """
    if gtin is None or not (gtin.isascii() and gtin.isdigit()) or len(gtin) not in _LENGTHS:
        return None
    full = gtin.zfill(14)
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(full[:13]))
    return full if (10 - total % 10) % 10 == int(full[13]) else None


def unit_uri(unit_id: str, gtin: str | None, namespace: str = NAMESPACE) -> str:
    """The URI of a unit.

    >>> unit_uri("S/1", "4006381333931")
    'https://id.gs1.org/01/04006381333931/21/S%2F1'
    >>> unit_uri("../../x", None)
    'urn:cx-analytics:unit:..%2F..%2Fx'
    """
    item = gtin14(gtin)
    if item is None or not _CHARACTERS_82.fullmatch(unit_id):
        return f"{namespace}unit:{in_uri(unit_id)}"
    return f"{DIGITAL_LINK}/01/{item}/21/{in_uri(unit_id)}"


def class_uri(conditions: Mapping[str, str], gtin: str | None, namespace: str = NAMESPACE) -> str:
    """The URI of all units that meet the conditions.

    >>> class_uri({"lot": "L1"}, "4006381333931")
    'https://id.gs1.org/01/04006381333931/10/L1'
    >>> class_uri({"modem_lot": "M7", "device_model": "X"}, None)
    'urn:cx-analytics:class:device_model:X:modem_lot:M7'
    """
    item, lot = gtin14(gtin), conditions.get("lot")
    if item and lot and set(conditions) == {"lot"} and _CHARACTERS_82.fullmatch(lot):
        return f"{DIGITAL_LINK}/01/{item}/10/{in_uri(lot)}"
    parts = [f"{in_uri(key)}:{in_uri(conditions[key])}" for key in sorted(conditions)]
    return f"{namespace}class:{':'.join(parts)}"
