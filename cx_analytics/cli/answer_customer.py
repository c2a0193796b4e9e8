"""The answer for care people: one customer, from the rows of the warehouse to sentences and tables.

Belongs here: what is said of a customer, and in which order. Stays out: SQL (sql/answers/), the
words of a cause (phrases.py), and the page that says the same (customer_html.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cx_analytics.cli.phrases import (
    action_words,
    confidence,
    counted,
    domain_words,
    known_words,
    own_words,
    verdict_words,
)
from cx_analytics.cli.reader import Reader, Row
from cx_analytics.cli.screen import Answer, Sheet, interval, number, percent, when
from cx_analytics.contracts.words import BACKGROUND

RECENT_FAULTS = 5
"""Faults that a care agent sees at first sight; the rest is in the tables."""

LEAST_SHARE = 0.01
"""Causes with a smaller share of the faults are added up: a fault that lost its unit may have a
little of every broken one, which are others'."""

_IN_VAIN = ("did_not", "harmed")
"""Verdicts after which faults are said first."""


@dataclass(frozen=True)
class Customer:
    """All rows about one customer: of the models customer_standing, reasons, customer_fixes,
    recent_faults and repeated_faults; and how far the index can be trusted (satisfaction_fit)."""

    customer_id: str
    standing: Row
    reasons: list[Row]
    fixes: list[Row]
    faults: list[Row]
    repeated: list[Row]
    fit: list[Row]


def find(reader: Reader, customer_id: str, *, most_faults: int = RECENT_FAULTS) -> Customer:
    """Read a customer, by the id as it is or its pseudonym; NotFound for an unknown id."""
    customer_id = reader.known_as("customer_id", customer_id)
    reader.narrow("customer_experience", "one_customer_experience", customer_id=customer_id)
    standing = reader.row("customer_standing", customer_id=customer_id)
    if standing["sessions"] is None:
        reader.widen("customer_experience")
        raise reader.missing("customer", customer_id, "customer_experience", "customer_id")
    reader.narrow("sessions", "one_customer_faults", customer_id=customer_id)
    who = {"who": "customer_id"}
    return Customer(
        customer_id,
        standing,
        reader.rows("reasons", who, id=customer_id),
        reader.rows("customer_fixes", customer_id=customer_id),
        reader.rows("recent_faults", who, id=customer_id, most=most_faults),
        reader.rows("repeated_faults", customer_id=customer_id),
        reader.rows("satisfaction_fit"),
    )


def answer(one: Customer) -> Answer:
    """What ails a customer, what to do, what not to try; what came back after a fix is first."""
    sentences = (
        *alerts(one),
        _standing_sentence(one),
        calibration_sentence(one),
        cause_sentence(one),
        *advice(one),
        *verdicts(one),
    )
    recent = one.faults[:RECENT_FAULTS]
    sheets = (reason_sheet(one.reasons), fault_sheet(recent)) if recent else ()
    data = {
        "customer_id": one.customer_id,
        "standing": one.standing,
        "reasons": one.reasons,
        "fixes": one.fixes,
        "recent_faults": recent,
        "repeated_faults": one.repeated,
    }
    return Answer(sentences, sheets, data)


def alerts(one: Customer) -> list[str]:
    """What has to be seen first: a fix in vain, faults after a fix, a cause that came back."""
    return [*_fixes_in_vain(one), *_faults_after(one), *_returned(one)]


def _fixes_in_vain(one: Customer) -> Iterator[str]:
    since = {row["cause_id"]: row for row in reversed(one.repeated)}
    for fix in one.fixes:
        if fix["verdict"] in _IN_VAIN:
            again = since.get(fix["cause_id"])
            more = f", {_count_since(again)}" if again else ""
            yield f"Again after a fix: {verdict_sentence(fix)}{more}."


def _faults_after(one: Customer) -> Iterator[str]:
    said = {fix["cause_id"] for fix in one.fixes if fix["verdict"] in _IN_VAIN}
    for row in one.repeated:
        if row["cause_id"] not in said:
            said.add(row["cause_id"])
            word = "Not updated yet" if row["not_updated"] else "Again after a fix"
            yield f"{word}: {own_words(row['label'])}, {_count_since(row)}."


def _returned(one: Customer) -> Iterator[str]:
    said = {row["cause_id"] for row in one.repeated}
    for row in one.reasons:
        if row["status"] == "recurred" and row["cause_id"] not in said:
            yield (
                f"Again after a fix: {own_words(row['label'])} came back, for all whom it touches."
            )


def _count_since(row: Row) -> str:
    return (
        f"{counted(row['faults'], 'fault')} since the {action_words(row['kind'])} of "
        f"{when(row['effective_from'].date())}, the last on {when(row['last_at'])}"
    )


def _standing_sentence(one: Customer) -> str:
    standing = one.standing
    return (
        f"Customer {one.customer_id}: experience {number(standing['score'])} of 100, "
        f"{counted(standing['faults'], 'fault')} in {counted(standing['sessions'], 'session')} "
        f"({when(standing['first_day'])} to {when(standing['last_day'])})."
    )


def calibration_sentence(one: Customer) -> str:
    """Whether the index foretells what customers say."""
    if not one.fit or one.fit[0]["status"] != "calibrated":
        return "The index is uncalibrated: it was not held against what customers say."
    fit = one.fit[0]
    said, correlation = counted(fit["contacts"], "contact"), number(fit["correlation"], 2)
    return f"The index is calibrated on what customers said: {said}, correlation {correlation}."


def cause_sentence(one: Customer) -> str:
    """Why, in one sentence; what is not explained is said so and never guessed at."""
    if not one.reasons:
        return "No faults: nothing to do."
    main = one.reasons[0]
    if main["cause_id"] == BACKGROUND:
        return f"Cause: not explained ({percent(main['share'])} of the faults).{_beside(one)}"
    if main["share"] < 0.5:
        return (
            "Cause: not explained, since no cause explains half of the faults. "
            f"The largest part is {_cause_words(main)}."
        )
    return f"Cause: {_cause_words(main)}."


def _cause_words(row: Row) -> str:
    return (
        f"{own_words(row['label'])} ({percent(row['share'])} of the faults), "
        f"{domain_words(row['domain'])}, {confidence(row)} "
        f"({percent(row['probability'])} sure), {known_words(row)}"
    )


def _beside(one: Customer) -> str:
    """The largest cause beside what is not explained."""
    return f" Beside it, {_cause_words(one.reasons[1])}." if len(one.reasons) > 1 else ""


def advice(one: Customer) -> list[str]:
    """The one thing to do with what it should gain, and what not to try."""
    if not one.fixes:
        return []
    best = one.fixes[0]
    lines = [f"Do: {best['fix'].rstrip('.')}.{_gain(best)}"]
    if best["avoid"]:
        lines.append(f"Do not: {_bare(best['avoid'])}.")
    return lines


def _bare(avoid: str) -> str:
    """What not to try, after words that say so already.

    >>> _bare("Do not replace the unit."), _bare("Reinstalling does not help")
    ('replace the unit', 'Reinstalling does not help')
    """
    return avoid.removeprefix("Do not ").rstrip(".")


def _gain(fix: Row) -> str:
    """The expected gain; nothing where there is none to expect."""
    if not fix["faults_avoided_30d"]:
        return ""
    return (
        f" Expected gain: {number(fix['faults_avoided_30d'], 1)} faults fewer in 30 days "
        f"({interval(fix['low'], fix['high'], 1)})."
    )


def verdicts(one: Customer) -> list[str]:
    """Whether earlier fixes helped this customer, but for those that an alert speaks of."""
    given = [fix for fix in one.fixes if fix["verdict"] and fix["verdict"] not in _IN_VAIN]
    return [f"So far: {verdict_sentence(fix)}." for fix in given]


def verdict_sentence(fix: Row) -> str:
    """A verdict with its day and what could have been seen at all, as far as they are known."""
    day, least = fix.get("verdict_on"), fix.get("verdict_smallest_effect")
    seen = f"; a fall by {percent(least)} or more would have shown" if least else ""
    dated = f" (as of {when(day)}{seen})" if day else ""
    return f"{verdict_words(fix['verdict'])} against {own_words(fix['label'])}{dated}"


def reason_sheet(reasons: list[Row]) -> Sheet:
    """Every cause with its share of this customer's faults, the least ones in one row."""
    rest = [r for r in reasons if r["share"] < LEAST_SHARE and r["cause_id"] != BACKGROUND]
    told = [row for row in reasons if row not in rest]
    cells = [
        (
            own_words(row["label"]),
            percent(row["share"]),
            _sure(row),
            known_words(row),
            when(row["last_at"]),
        )
        for row in told
    ]
    if rest:
        share = percent(sum(row["share"] for row in rest))
        name = f"{counted(len(rest), 'cause')} below {percent(LEAST_SHARE)}"
        cells.append((name, share, "-", "-", when(max(row["last_at"] for row in rest))))
    return Sheet("Why", ("cause", "share of faults", "sure", "status", "last fault"), tuple(cells))


def _sure(row: Row) -> str:
    word = confidence(row)
    return word if row["probability"] is None else f"{word} ({percent(row['probability'])})"


def fault_sheet(faults: list[Row]) -> Sheet:
    """The last faults, each with its main cause."""
    cells = tuple(
        (
            when(row["started_at"]),
            row["fault_code"] or "-",
            row["device_model"] or "-",
            row["app_version"] or "-",
            row["cell_id"] or "-",
            f"{own_words(row['label'])} ({percent(row['share'])})",
        )
        for row in faults
    )
    return Sheet("Last faults", ("when", "fault", "device", "app", "cell", "main cause"), cells)
