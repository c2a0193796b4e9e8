"""One feedback pack: the files that tell a factory about one defect.

Belongs here: which files a pack holds and what may be in them. Stays out: writing them
(outbox.py). A pack knows units, lots, counts, rates, intervals and causes; no customer, no
session, no position: only the columns named here are taken.

    defect.json    the message as data, with the SQL behind every number
    serials.csv    the units, the riskiest first
    defect.xlsx    summary, serials, sister lots
    epcis.json     the proposed hold, GS1 EPCIS 2.0
    message.txt    the message in plain words
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import polars as pl

from cx_analytics.exchange import epcis, message
from cx_analytics.exchange.gs1 import NAMESPACE
from cx_analytics.exchange.safe import cell, nothing_private, our_id
from cx_analytics.exchange.workbook import workbook

SERIAL_COLUMNS = (
    "unit_id",
    "gtin",
    "device_model",
    "hardware_revision",
    "lot",
    "site",
    "line",
    "produced_at",
    "shipped_at",
    "in_field",
    "failed",
    "probability_90d",
    "low",
    "high",
)
SISTER_COLUMNS = (
    "attribute",
    "value",
    "suspect",
    "units_made",
    "units_seen",
    "sessions",
    "faults",
    "faults_per_1000_sessions",
)


def pack(
    defect: Mapping[str, Any],
    units: pl.DataFrame,
    sisters: pl.DataFrame,
    evidence: pl.DataFrame,
    *,
    at: datetime,
    expires_at: datetime,
    as_of: date,
    namespace: str = NAMESPACE,
) -> dict[str, bytes]:
    """The files of one pack by name. Equal input gives equal bytes.

    Parameters
    ----------
    defect : a row of `defects`.
    units : its units, with SERIAL_COLUMNS (`factory.units_at_risk`); others are not taken.
    sisters : `factory/sister_lots` of this defect.
    evidence : `factory.defect_evidence` of this defect.
    at, expires_at : time of the message and its end, naive UTC.
    as_of : the last day of the data behind it.
    namespace : URI prefix for units without a GTIN.

    Raises
    ------
    InputRefused : the defect's id is none of ours, or its conditions say who or where.
    """
    our_id(defect["defect_id"])
    nothing_private(defect["conditions"])
    serials = units.select(SERIAL_COLUMNS)
    told = message.document(defect, evidence, at=at, expires_at=expires_at, as_of=as_of)
    hold = epcis.document(defect, units, at=at, expires_at=expires_at, namespace=namespace)
    sheets = {"serials": serials, "sister lots": with_rates(sisters)}
    return {
        "defect.json": _json(told),
        "defect.xlsx": workbook(_summary(told), sheets, at=at),
        "epcis.json": _json(hold),
        "message.txt": message.words(defect, expires_at=expires_at, as_of=as_of).encode(),
        "serials.csv": table_csv(serials),
    }


def folder_name(defect_id: str, as_of: date, files: Mapping[str, bytes]) -> str:
    """The folder of a pack: from our ids, the day and the content, never from the data."""
    content = hashlib.sha256()
    for name in sorted(files):
        content.update(f"{name}:{len(files[name])}:".encode() + files[name])
    return f"{our_id(defect_id)}-{as_of.isoformat()}-{content.hexdigest()[:8]}"


def with_rates(sisters: pl.DataFrame) -> pl.DataFrame:
    """Sister lots with faults per 1000 sessions, the suspect first, then the most used."""
    rate = 1000 * pl.col("faults") / pl.col("sessions")
    return (
        sisters.with_columns(
            pl.when(pl.col("sessions") > 0).then(rate).alias("faults_per_1000_sessions")
        )
        .sort(["suspect", "sessions", "value"], descending=[True, True, False])
        .select(SISTER_COLUMNS)
    )


def table_csv(frame: pl.DataFrame) -> bytes:
    """A frame as CSV (UTF-8, RFC 4180); texts that could start a formula are neutralised."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(frame.columns)
    for row in frame.iter_rows():
        writer.writerow([_csv_value(value) for value in row])
    return target.getvalue().encode()


def _csv_value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return epcis.instant(value)
    return cell(value) if isinstance(value, str) else repr(value)


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _summary(told: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The message as names and values; nested values get dotted names."""
    rows: list[tuple[str, Any]] = []
    for name, value in told.items():
        if isinstance(value, Mapping):
            rows += [(f"{name}.{inner}", part) for inner, part in value.items()]
        elif not isinstance(value, list):
            rows.append((name, value))
    return rows
