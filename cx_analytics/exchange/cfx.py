"""A proposed hold as an IPC-CFX message for an electronics line: BlockMaterialsRequest.

Belongs here: the message in its envelope. Stays out: its transport (AMQP) and which lots.
IPC-2591, `CFX.Materials.Management.BlockMaterialsRequest`: the packages to block, a reason and
a comment. `Reason` is `SuspectedProblem`: a cause found in the field is a suspicion until the
factory has looked. `Blocker` is left out, because nobody has decided yet. The envelope has no
field for an expiry, so the comment carries it with the case id.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cx_analytics.exchange.epcis import instant
from cx_analytics.exchange.lots import held_lots, others
from cx_analytics.exchange.safe import plain

MESSAGE = "CFX.Materials.Management.BlockMaterialsRequest"
VERSION = "1.3"
REASON = "SuspectedProblem"
SOURCE = "cx-analytics"


def block_request(
    defect: Mapping[str, Any], *, at: datetime, expires_at: datetime
) -> dict[str, Any] | None:
    """The envelope with the request; None when there is no lot to block.

    Parameters
    ----------
    defect : a row of `defects`.
    at, expires_at : time of the message and end of the proposal, naive UTC.
    """
    lots = held_lots(defect)
    if not lots:
        return None
    body = {
        "$type": f"{MESSAGE}, CFX",
        "MaterialPackageIdentifiers": [lot.lot for lot in lots],
        "Reason": REASON,
        "Comments": _comment(defect, expires_at),
    }
    envelope: dict[str, Any] = {
        "MessageName": MESSAGE,
        "Version": VERSION,
        "TimeStamp": instant(at),
        "Source": SOURCE,
        "Target": None,
        "MessageBody": body,
    }
    unique = str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(envelope, sort_keys=True)))
    # A request and its response are paired by RequestID (IPC-2591, generic envelope).
    return {**envelope, "UniqueID": unique, "RequestID": unique}


def _comment(defect: Mapping[str, Any], expires_at: datetime) -> str:
    lots = held_lots(defect)
    narrower = others(defect, lots[0]) if len(lots) == 1 else {}
    only = " and ".join(f"{plain(key)} {plain(value)}" for key, value in narrower.items())
    return (
        f"Proposed by case {defect['defect_id']} until {instant(expires_at)}: "
        f"{', '.join(lot.words for lot in lots)} with more faults in the field than others"
        + (f", together with {only}." if only else ".")
    )
