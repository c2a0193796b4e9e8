"""The answers for care, network and app people: all causes, and one customer.

Belongs here: warehouse rows → sentences and tables. Stays out: SQL (sql/answers/), layout.
"""

from __future__ import annotations

from cx_analytics.cli.phrases import (
    confidence,
    counted,
    domain_words,
    in_words,
    status_words,
    verdict_words,
)
from cx_analytics.cli.reader import Reader, Row
from cx_analytics.cli.screen import Answer, Sheet, interval, number, percent, when
from cx_analytics.contracts.words import BACKGROUND

RECENT_FAULTS = 5
"""Faults that a care agent sees at first sight; the rest is in the tables."""

_OPEN = ("new", "active", "recurred")


def causes(reader: Reader) -> Answer:
    """Every cause with its window, cost and certainty; one sentence when there is nothing."""
    found = reader.rows("causes")
    cover = reader.row("coverage")
    open_causes = [row for row in found if row["status"] in _OPEN]
    sentences = [_coverage_sentence(cover), _causes_sentence(open_causes, cover)]
    sheets = [_cause_sheet("Causes", found)] if found else []
    return Answer(tuple(sentences), tuple(sheets), {"coverage": cover, "causes": found})


def _coverage_sentence(cover: Row) -> str:
    if not cover["sessions"]:
        return "There are no sessions yet: put files into landing/sessions and run 'cx run'."
    return (
        f"{counted(cover['sessions'], 'session')} from {when(cover['first_at'])} to "
        f"{when(cover['last_at'])} UTC, {counted(cover['faults'], 'fault')}."
    )


def _causes_sentence(open_causes: list[Row], cover: Row) -> str:
    if not open_causes:
        return "Nothing to act on: no open cause."
    explained = cover["faults"] - cover["unexplained_faults"]
    share = explained / cover["faults"] if cover["faults"] else None
    return f"{counted(len(open_causes), 'open cause')}; {percent(share)} of all faults explained."


def _cause_sheet(title: str, rows: list[Row]) -> Sheet:
    columns = (
        "cause",
        "what",
        "owner",
        "since",
        "until",
        "excess faults",
        "90 % interval",
        "rate ratio",
        "sure",
        "status",
    )
    cells = tuple(
        (
            row["cause_id"],
            in_words(row["label"]),
            row["domain"],
            when(row["valid_from"], "before the data"),
            when(row["valid_to"], "open"),
            number(row["excess_faults"]),
            interval(row["excess_low"], row["excess_high"]),
            number(row["rate_ratio"], 1),
            f"{percent(row['probability'])} ({confidence(row)})",
            row["status"],
        )
        for row in rows
    )
    return Sheet(title, columns, cells)


def customer(reader: Reader, customer_id: str) -> Answer:
    """What ails a customer, what to do, what not to try; NotFound for an unknown id."""
    standing = reader.row("customer_standing", customer_id=customer_id)
    if standing["sessions"] is None:
        raise reader.missing("customer", customer_id, "customer_experience", "customer_id")
    reasons = reader.rows("reasons", {"who": "customer_id"}, id=customer_id)
    fixes = reader.rows("customer_fixes", customer_id=customer_id)
    faults = reader.rows(
        "recent_faults", {"who": "customer_id"}, id=customer_id, most=RECENT_FAULTS
    )
    sentences = (
        _standing_sentence(customer_id, standing),
        *_calibration_sentence(reader.rows("satisfaction_fit")),
        *_reason_sentences(reasons),
        *_fix_sentences(fixes),
    )
    sheets = (_reason_sheet(reasons), _fault_sheet(faults)) if faults else ()
    data = {
        "customer_id": customer_id,
        "standing": standing,
        "reasons": reasons,
        "fixes": fixes,
        "recent_faults": faults,
    }
    return Answer(sentences, sheets, data)


def _standing_sentence(customer_id: str, standing: Row) -> str:
    return (
        f"Customer {customer_id}: experience {number(standing['score'])} of 100, "
        f"{counted(standing['faults'], 'fault')} in {counted(standing['sessions'], 'session')} "
        f"({when(standing['first_day'])} to {when(standing['last_day'])})."
    )


def _calibration_sentence(fits: list[Row]) -> list[str]:
    if not fits or fits[0]["status"] != "calibrated":
        return ["The index is uncalibrated: it was not held against what customers say."]
    said, correlation = counted(fits[0]["contacts"], "contact"), number(fits[0]["correlation"], 2)
    return [f"The index is calibrated on what customers said: {said}, correlation {correlation}."]


def _reason_sentences(reasons: list[Row]) -> list[str]:
    """Why, in one sentence; an unexplained majority is said first and never guessed at."""
    if not reasons:
        return ["No faults: nothing to do."]
    main = reasons[0]
    if main["cause_id"] == BACKGROUND:
        return [f"Cause: not explained ({percent(main['share'])} of the faults)."]
    return [
        f"Cause: {in_words(main['label'])} ({percent(main['share'])} of the faults), "
        f"{domain_words(main['domain'])}, {confidence(main)} "
        f"({percent(main['probability'])} sure), {status_words(main['status'])}."
    ]


def _fix_sentences(fixes: list[Row]) -> list[str]:
    if not fixes:
        return []
    best = fixes[0]
    gain = (
        f" Expected gain: {number(best['faults_avoided_30d'], 1)} faults fewer in 30 days "
        f"({interval(best['low'], best['high'], 1)})."
        if best["faults_avoided_30d"] is not None
        else ""
    )
    lines = [f"Do: {best['fix'].rstrip('.')}.{gain}"]
    if best["avoid"]:
        lines.append(f"Do not: {best['avoid'].rstrip('.')}.")
    if verdict := verdict_words(best["verdict"]):
        lines.append(f"So far: {verdict}.")
    return lines


def _reason_sheet(reasons: list[Row]) -> Sheet:
    cells = tuple(
        (
            in_words(row["label"]),
            percent(row["share"]),
            confidence(row),
            status_words(row["status"]),
            when(row["last_at"]),
        )
        for row in reasons
    )
    return Sheet("Why", ("cause", "share of faults", "sure", "status", "last fault"), cells)


def _fault_sheet(faults: list[Row]) -> Sheet:
    cells = tuple(
        (
            when(row["started_at"]),
            row["fault_code"] or "-",
            row["device_model"] or "-",
            row["app_version"] or "-",
            row["cell_id"] or "-",
            f"{in_words(row['label'])} ({percent(row['share'])})",
        )
        for row in faults
    )
    return Sheet("Last faults", ("when", "fault", "device", "app", "cell", "main cause"), cells)
