"""The answer for network and app people: all causes.

Belongs here: warehouse rows → sentences and tables. Stays out: SQL (sql/answers/), layout.
"""

from __future__ import annotations

from cx_analytics.cli.digest import changes, digest
from cx_analytics.cli.phrases import confidence, counted, in_words
from cx_analytics.cli.reader import Reader, Row
from cx_analytics.cli.screen import Answer, Sheet, interval, number, percent, when

_OPEN = ("new", "active", "recurred")


def causes(reader: Reader) -> Answer:
    """Every cause with its window, cost and certainty; one sentence when there is nothing."""
    found = reader.rows("causes")
    cover = reader.row("coverage")
    open_causes = [row for row in found if row["status"] in _OPEN]
    sentences = [_coverage_sentence(cover), _causes_sentence(open_causes, cover)]
    changed = changes(reader)
    if open_causes or changed:
        sentences.append(f"Changed: {digest(changed, len(open_causes))}.")
    limits = reader.rows("limits")
    sentences += _limits_sentences(limits)
    sheets = [_cause_sheet("Causes", found)] if found else []
    told = {"coverage": cover, "causes": found, "changes": changed, "limits": limits}
    return Answer(tuple(sentences), tuple(sheets), told)


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


def _limits_sentences(limits: list[Row]) -> list[str]:
    """The most misleading limit of the data in full, and how many more there are."""
    if not limits:
        return []
    first = f"What these data cannot say: {limits[0]['statement']}."
    more = len(limits) - 1
    return [f"{first} And {number(more)} more in data_limits." if more else first]


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
