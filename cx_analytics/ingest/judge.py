"""Texts → typed rows, each with the rules it breaks: SQL built from the contract, here alone.

Belongs here: what makes a value or a row bad, and how that is said. Stays out: reading files
(read.py), what becomes of good and bad rows (merge.py, take.py).

The rules, in the order in which the first broken one names a row:
    where:<source>           the row does not satisfy `where` of its source
    missing_<column>         a required value is absent (an empty text is absent)
    not_a_number:<column>    also not_a_time, not_a_whole_number, not_a_boolean, not_a_date
    id_is_float:<column>     the file stores an id as floating point, so digits may be lost
    control_character:<c>    an id holds a control character, or any text a NUL
    too_long:<column>        a text is longer than feeds.MAX_TEXT characters
    not_a_choice:<column>    a word is none of the contract's choices
    out_of_range:<column>    a number lies outside low … high
    implausible_time:<c>     a time lies before 1990 or more than two days ahead
    …                        the feed's own rules (feeds.py), by their names
Beside these, withhold.py gives rows of erased customers the rule `erased_customer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cx_analytics.contracts.feeds import MAX_TEXT
from cx_analytics.contracts.model import Column
from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.ingest.careful import MAX_SHOWN
from cx_analytics.ingest.pseudonyms import LEFT_OUT, Pseudonyms
from cx_analytics.ingest.shapes import ROOM, Intake, Text

EARLIEST = datetime(1990, 1, 1)
AHEAD = timedelta(days=2)
MAY_LIE_AHEAD = ("valid_from", "effective_from", "released_at")
"""Times of plans: a cell's next state, an action or a release to come."""
_ID = re.compile(r".*(_id|_serial|_lot|_mcc|_mnc)|lot|gtin")
_KINDS = {
    "DOUBLE": "number",
    "BIGINT": "whole_number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "time",
}
_RECORD_TEXT = 200
"""Characters of each value that go to quarantine."""


@dataclass(frozen=True)
class Broken:
    """A rule as SQL over `_t…` (text) and typed columns: true when the row is bad.

    `when_odd` says that no row breaks it whose texts are plain and short together.
    """

    rule: str
    violated: str
    reason: str
    when_odd: bool = False


def is_id(name: str) -> bool:
    """Whether a column is an identity, whose every digit counts.

    >>> [is_id(name) for name in ("cell_id", "component_lot", "gtin", "band")]
    [True, True, True, False]
    """
    return _ID.fullmatch(name) is not None


def judged(
    text: Text,
    intake: Intake,
    *,
    now: datetime,
    file: int,
    given: dict[str, str] | None = None,
    where: tuple[str, str] | None = None,
    hidden: Pseudonyms | None = None,
) -> str:
    """A SELECT of typed rows with `_seq`, `_line`, `_rule`, `_reason` and `_record`.

    Parameters
    ----------
    file : number of the file in the batch, or of the first of many; `_seq`, the number of the file
        × ROOM + the line, orders all rows of a batch by arrival.
    given : column → SQL over the relation, for columns that a source computes.
    where : name of the source and SQL over the relation that good rows satisfy.
    hidden : ids to replace; rules see them as they came, and no record is kept: an id may
        stand in any column of a row that is wrong. The SELECT then takes `hidden.params`.
    """
    columns = _columns(intake)
    texts = ", ".join(
        f"{_pick(c.name, text, intake, (given or {}).get(c.name))} AS {_t(i)}"
        for i, c in enumerate(columns)
    )
    typed = ", ".join(f"{_typed(c, _t(i))} AS {quote(c.name)}" for i, c in enumerate(columns))
    rules = list(_rules(columns, text, intake, now, where))
    names = ", ".join(_shown(c.name, intake, hidden) for c in columns)
    kept = f"({where[1]})" if where else "NULL"
    before = f"{ROOM} * ({file} + _file)" if text.many else f"{ROOM * file}"
    return (
        f"SELECT CAST({before} + _line AS BIGINT) AS _seq, _line, {names}, "
        f"{_verdict(rules, hidden)}, {_record(text, hidden)} AS _record FROM ("
        f"SELECT *, ({_any_broken(rules)}) AS _bad FROM ("
        f"SELECT *, {typed}, {_is_odd(columns)} AS _odd FROM ("
        f"SELECT *, {texts}, {kept} AS _kept FROM ({text.sql}))))"
    )


def _is_odd(columns: list[Column]) -> str:
    """Whether a row may break a rule on texts: only then is each looked at by itself.

    JSON escapes control characters (but delete), so that a text with one is longer as JSON.
    """
    texts = ", ".join(_t(i) for i, column in enumerate(columns) if column.type == "VARCHAR")
    if not texts:
        return "false"
    every = f"concat({texts})"
    return (
        f"strlen(to_json({every})) <> strlen({every}) + 2 OR contains({every}, chr(127)) "
        f"OR strlen({every}) > {MAX_TEXT}"
    )


def _any_broken(rules: list[Broken]) -> str:
    on_texts = " OR ".join(f"({one.violated})" for one in rules if one.when_odd)
    others = " OR ".join(f"({one.violated})" for one in rules if not one.when_odd)
    odd = f"CASE WHEN _odd THEN ({on_texts}) IS TRUE ELSE false END" if on_texts else "false"
    return f"CASE WHEN {others or 'false'} THEN true ELSE {odd} END"


def _columns(intake: Intake) -> list[Column]:
    known = {column.name: column for column in intake.feed.columns}
    return [
        known.get(name) or Column(name, kind, "column that cx.toml names")
        for name, kind in intake.types.items()
    ]


def _shown(name: str, intake: Intake, hidden: Pseudonyms | None) -> str:
    replaced = hidden is not None and name in hidden.within(intake.feed)
    return f"{hidden.sql(name)} AS {quote(name)}" if hidden and replaced else quote(name)


def _t(position: int) -> str:
    return quote(f"_t{position}")


# ---- From the file's columns to the contract's -------------------------------------------------


def _pick(name: str, text: Text, intake: Intake, given: str | None) -> str:
    """The text of a column: what is given, or by its own name, else by an alias, else from a
    nested object; the first that is not empty."""
    ways = [alias for alias, column in intake.feed.aliases.items() if column == name]
    found = [given] if given else [sql for way in (name, *ways) for sql in _ways(way, text)]
    filled = [f"nullif({sql}, '')" for sql in found]
    if not filled:
        return "CAST(NULL AS VARCHAR)"
    return filled[0] if len(filled) == 1 else f"coalesce({', '.join(filled)})"


def _ways(name: str, text: Text) -> Iterator[str]:
    places = {column: position for position, column in enumerate(text.columns)}
    if name in places:
        yield quote(f"_r{places[name]}")
    parts = name.split(".")
    for cut in range(1, len(parts)):
        outer = ".".join(parts[:cut])
        if outer in text.nested and outer in places:
            raw, path = quote(f"_r{places[outer]}"), "$." + ".".join(f'"{p}"' for p in parts[cut:])
            flat = "$." + quote(".".join(parts[cut:]))
            for way in dict.fromkeys((path, flat)):
                inner = f"json_extract_string({raw}, {literal(way)})"
                yield f"CASE WHEN json_valid({raw}) THEN {inner} END"


def drift(text: Text, intake: Intake) -> list[str]:
    """Columns of a file that neither the contract nor cx.toml names."""
    inside = {alias.split(".")[0] for alias in intake.feed.aliases}
    return [
        name
        for name in text.columns
        if not intake.accepts(name) and not (name in inside and name in text.nested)
    ]


# ---- Types -----------------------------------------------------------------------------------


def _typed(column: Column, text: str) -> str:
    if column.type == "VARCHAR":
        return text
    if column.type == "TIMESTAMP":
        return _time(text)
    if column.type == "DOUBLE":
        number = f"try_cast({text} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) THEN {number} END"
    if column.type == "BIGINT":
        whole = f"regexp_full_match(trim({text}), '[+-]?[0-9]+')"
        return f"CASE WHEN {whole} THEN try_cast({text} AS BIGINT) END"
    return f"try_cast({text} AS {column.type})"


def _time(text: str) -> str:
    """UTC time of an ISO 8601 text; one without an offset is taken as UTC.

    A four-digit year is demanded, since the engine reads the cell id 310-1-7 as a date. The usual
    form, seconds in UTC, is cast by a way that need not look for a zone.
    """
    is_usual = f"strlen({text}) = 20 AND suffix({text}, 'Z')"
    usual = f"CASE WHEN {is_usual} THEN try_cast({text} AS TIMESTAMP) END"
    zoned = f"timezone('UTC', try_cast({text} AS TIMESTAMPTZ))"
    return f"CASE WHEN substr({text}, 5, 1) IN ('-', '/') THEN coalesce({usual}, {zoned}) END"


# ---- Rules -----------------------------------------------------------------------------------


def _rules(
    columns: list[Column],
    text: Text,
    intake: Intake,
    now: datetime,
    where: tuple[str, str] | None,
) -> Iterator[Broken]:
    if where:
        yield Broken(f"where:{where[0]}", "_kept IS NOT TRUE", "the source's where leaves it out")
    for i, column in enumerate(columns):
        if column.required:
            reason = f"{column.name} is required and absent"
            yield Broken(f"missing_{column.name}", f"{_t(i)} IS NULL", reason)
    for i, column in enumerate(columns):
        yield from _value_rules(column, _t(i), text, intake, now)
    for rule in intake.feed.rules:
        if rule.severity == "block":
            yield Broken(rule.name, rule.violated, rule.meaning)


def _value_rules(
    column: Column, text: str, file: Text, intake: Intake, now: datetime
) -> Iterator[Broken]:
    name, value = column.name, quote(column.name)
    if column.type == "VARCHAR":
        yield from _text_rules(column, text, file, intake)
    else:
        kind = _KINDS[column.type]
        yield Broken(
            f"not_a_{kind}:{name}",
            f"{text} IS NOT NULL AND {value} IS NULL",
            f"{name} is no {kind.replace('_', ' ')}",
        )
    if column.choices:
        words = ", ".join(literal(word) for word in column.choices)
        reason = f"{name} is none of: {', '.join(column.choices)}"
        yield Broken(f"not_a_choice:{name}", f"{value} NOT IN ({words})", reason)
    if column.low is not None:
        reason = f"{name} lies below {column.low:g}"
        yield Broken(f"out_of_range:{name}", f"{value} < {column.low!r}", reason)
    if column.high is not None:
        reason = f"{name} lies above {column.high:g}"
        yield Broken(f"out_of_range:{name}", f"{value} > {column.high!r}", reason)
    if column.type == "TIMESTAMP":
        yield from _time_rules(name, value, now)


def _text_rules(column: Column, text: str, file: Text, intake: Intake) -> Iterator[Broken]:
    name = column.name
    if is_id(name):
        aliases = {alias for alias, target in intake.feed.aliases.items() if target == name}
        if file.floats & {name, *aliases}:
            reason = f"{name} is stored as floating point: digits may be lost"
            yield Broken(f"id_is_float:{name}", f"{text} IS NOT NULL", reason)
        control = f"regexp_matches({text}, '[\\x00-\\x1f\\x7f]')"
    else:
        control = f"contains({text}, chr(0))"
    reason = f"{name} holds a control character"
    yield Broken(f"control_character:{name}", control, reason, when_odd=True)
    long = f"strlen({text}) > {MAX_TEXT} AND length({text}) > {MAX_TEXT}"
    reason = f"{name} is longer than {MAX_TEXT} characters"
    yield Broken(f"too_long:{name}", long, reason, when_odd=True)


def _time_rules(name: str, value: str, now: datetime) -> Iterator[Broken]:
    rule = f"implausible_time:{name}"
    early = f"{value} < TIMESTAMP '{EARLIEST}'"
    yield Broken(rule, early, f"{name} lies before {EARLIEST:%Y}")
    if name not in MAY_LIE_AHEAD:
        late = f"{value} > TIMESTAMP '{now + AHEAD}'"
        yield Broken(rule, late, f"{name} lies more than {AHEAD.days} days ahead")


# ---- What is said about a bad row --------------------------------------------------------------


def _verdict(rules: list[Broken], hidden: Pseudonyms | None) -> str:
    first = " ".join(f"WHEN {one.violated} THEN {literal(one.rule)}" for one in rules)
    every = ", ".join(f"CASE WHEN {one.violated} THEN {literal(one.reason)} END" for one in rules)
    left_out = [one for one in rules if one.rule.startswith("where:")]
    alone = "".join(f"WHEN {one.violated} THEN {literal(one.reason)} " for one in left_out)
    why = f"CASE WHEN NOT _bad THEN NULL {alone}ELSE concat_ws('; ', {every}) END"
    if hidden:
        why = f"{why} || {literal('; ' + LEFT_OUT)}"
    return f"CASE WHEN _bad THEN CASE {first} END END AS _rule, {why} AS _reason"


def _record(text: Text, hidden: Pseudonyms | None) -> str:
    """A bad row as it came, as JSON text, long values cut."""
    if hidden:
        return "CAST(NULL AS VARCHAR)"
    pairs = ", ".join(
        f"{literal(name)}, left({quote(f'_r{i}')}, {_RECORD_TEXT})"
        for i, name in enumerate(text.columns[:MAX_SHOWN])
    )
    found = f"CAST(json_object({pairs}) AS VARCHAR)" if pairs else "'{}'"
    return f"CASE WHEN _bad THEN {found} END"
