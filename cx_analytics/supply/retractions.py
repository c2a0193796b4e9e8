"""Events that an error declaration took back, in whatever document it came.

Belongs here: which events these are. Stays out: reading documents (ingest), and leaving the events
out (sql/supply/standing_events.sql).

A declaration repeats the event that it is about, with its eventID, and can come long after it
(EPCIS 2.0, 7.4.1.2). It gives no row of its own: it is in quarantine, and is found there.
"""

from __future__ import annotations

import re

import polars as pl

RETRACTED = "epcis_retracted"
"""The rule of quarantine that names them."""

_EVENT_ID = re.compile(r'\{"eventID": "((?:[^"\\]|\\.)+)"')


def retracted_events(refused: pl.DataFrame) -> pl.DataFrame:
    """event_id of each event that was taken back.

    Parameters
    ----------
    refused : rows of the table quarantine: rule and record (an EPCIS event as JSON, its eventID
        first). A record without one is known by all it says, and only in its own document.

    >>> said = '{"eventID": "urn:uuid:1", "type": "ObjectEvent"'
    >>> refused = pl.DataFrame({"rule": [RETRACTED], "record": [said]})
    >>> retracted_events(refused)["event_id"].to_list()
    ['urn:uuid:1']
    """
    records = refused.filter(pl.col("rule") == RETRACTED)["record"].drop_nulls()
    found = {match[1] for match in map(_EVENT_ID.match, records) if match}
    return pl.DataFrame({"event_id": sorted(found)}, schema={"event_id": pl.String})
