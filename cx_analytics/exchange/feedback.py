"""One feedback pack: the files that tell a factory about one defect.

Belongs here: which files a pack holds and what may be in them. Stays out: writing them
(exports.py). A pack knows units, lots, counts, rates, intervals and causes; no customer, no
session, no position: only the columns named here are taken.

    8d.xlsx        the 8D report to work in: D0 to D8, serials, sister lots, evidence
    8d.pdf         the same to read and to print, with its pictures
    defect.json    the message as data, with the SQL behind every number
    evidence.json  every number with its SQL, for `cx verify`
    serials.csv    the units, the riskiest first
    epcis.json     the proposed hold, GS1 EPCIS 2.0
    b2mml.xml      the same for an MES, ISA-95 / B2MML MaterialLot
    cfx.json       the same for an electronics line, IPC-2591 CFX
    message.txt    the message in plain words
    manifest.json  these files with their SHA-256, and why one is not there
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from cx_analytics.exchange import epcis, message
from cx_analytics.exchange.b2mml import material_lots
from cx_analytics.exchange.cfx import block_request
from cx_analytics.exchange.eight_d import EightD, Picture, eight_d
from cx_analytics.exchange.evidence import numbers
from cx_analytics.exchange.gs1 import NAMESPACE
from cx_analytics.exchange.manifest import NAME as MANIFEST
from cx_analytics.exchange.manifest import manifest
from cx_analytics.exchange.paper import paper
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


EVIDENCE_COLUMNS = ("metric_id", "value", "unit", "meaning", "sql")

_NO_LOT = "no hold of a lot is proposed"


@dataclass(frozen=True)
class Case:
    """What a pack is about: a defect and the tables that tell of it.

    Attributes
    ----------
    defect : a row of `defects`.
    units : its units, with SERIAL_COLUMNS (`factory.units_at_risk`); others are not taken.
    sisters : `factory/sister_lots` of this defect.
    days : `factory/defect_days` of this defect.
    evidence : `factory.defect_evidence` of this defect.
    pictures : what illustrates its problem description.
    proposals : rows of `action_proposals` about it or its cause.
    """

    defect: Mapping[str, Any]
    units: pl.DataFrame
    sisters: pl.DataFrame
    days: pl.DataFrame
    evidence: pl.DataFrame
    pictures: Sequence[Picture] = ()
    proposals: Sequence[Mapping[str, Any]] = ()


def pack(
    case: Case,
    *,
    at: datetime,
    expires_at: datetime,
    as_of: date,
    namespace: str = NAMESPACE,
) -> dict[str, bytes]:
    """The files of one pack by name. Equal input gives equal bytes.

    Parameters
    ----------
    at, expires_at : time of the message and its end, naive UTC.
    as_of : the last day of the data behind it.
    namespace : URI prefix for units without a GTIN.

    Raises
    ------
    InputRefused : the defect's id is none of ours, or its conditions say who or where.
    """
    defect = case.defect
    our_id(defect["defect_id"])
    nothing_private(defect["conditions"])
    asked: dict[str, Any] = {"expires_at": expires_at, "as_of": as_of, "proposals": case.proposals}
    told = message.document(defect, case.evidence, at=at, **asked)
    hold = epcis.document(defect, case.units, at=at, expires_at=expires_at, namespace=namespace)
    report = _report(case, at, expires_at, as_of)
    files = {
        "8d.pdf": paper(report, at=at),
        "8d.xlsx": workbook(report, _sheets(case), at=at),
        "defect.json": _json(told),
        "epcis.json": _json(hold),
        "evidence.json": _json(numbers(case.evidence, as_of)),
        "message.txt": message.words(defect, **asked).encode(),
        "serials.csv": table_csv(case.units.select(SERIAL_COLUMNS)),
    }
    lots = _lot_messages(case, at, expires_at)
    files |= {name: content for name, content in lots.items() if content is not None}
    missing = {name: _NO_LOT for name, content in lots.items() if content is None}
    return files | {MANIFEST: _json(manifest(defect["defect_id"], as_of, files, missing))}


def _report(case: Case, at: datetime, expires_at: datetime, as_of: date) -> EightD:
    return eight_d(
        case.defect,
        case.units,
        with_rates(case.sisters),
        case.days,
        at=at,
        expires_at=expires_at,
        as_of=as_of,
        pictures=case.pictures,
    )


def _sheets(case: Case) -> dict[str, pl.DataFrame]:
    return {
        "serials": case.units.select(SERIAL_COLUMNS),
        "sister lots": with_rates(case.sisters),
        "evidence": case.evidence.sort("metric_id").select(EVIDENCE_COLUMNS),
    }


def _lot_messages(case: Case, at: datetime, expires_at: datetime) -> dict[str, bytes | None]:
    """The messages that exist only where a lot is to be held."""
    block = block_request(case.defect, at=at, expires_at=expires_at)
    return {
        "b2mml.xml": material_lots(case.defect, case.units, at=at, expires_at=expires_at),
        "cfx.json": None if block is None else _json(block),
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


def _json(value: Mapping[str, Any] | list[dict[str, Any]]) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
