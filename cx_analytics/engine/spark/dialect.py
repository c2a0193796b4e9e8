"""DuckDB's SQL as Spark's: sqlglot translates, and what it would get wrong is mended or refused.

Belongs here: meaning. A function that is not in SAME was never compared on both engines, so a
model that uses it is refused: a query that fails is better than one that counts otherwise.

What sqlglot leaves as it is although it differs (each found by running it on both):
    epoch         loses the fraction of a second, and knows no interval
    arg_max/min   Spark takes a null at the extreme, DuckDB the extreme of those that have a value
    date_diff     DuckDB counts midnights between the two, Spark whole days
    hash          Spark's has 32 bits; xxhash64 has 64, of which the sign is dropped
    isinf         unknown
    0.1           a decimal for Spark, whose quotients are then cut after some digits
    OVER (w ROWS) unknown, and "OVER w - x" is read as a name with a hyphen
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cx_analytics.contracts.errors import CxError
from cx_analytics.engine.spark.names import Columns, write_out

SAME = frozenset(
    {
        "Abs",
        "And",
        "AnyValue",
        "Array",
        "ArrayContains",
        "ArraySort",
        "ArrayToString",
        "Avg",
        "Case",
        "Cast",
        "Coalesce",
        "Columns",
        "Contains",
        "Count",
        "DenseRank",
        "Exists",
        "Explode",
        "Extract",
        "FirstValue",
        "Floor",
        "GenerateSeries",
        "Greatest",
        "If",
        "IsNan",
        "Lag",
        "LastValue",
        "Lead",
        "Least",
        "Levenshtein",
        "LogicalOr",
        "Max",
        "Min",
        "Nullif",
        "Or",
        "Round",
        "RowNumber",
        "Split",
        "Sqrt",
        "StartsWith",
        "StddevSamp",
        "Struct",
        "Sum",
        "TimeToStr",
        "TimestampTrunc",
        "Transform",
        "Trim",
    }
)
"""Functions (sqlglot's names) that gave the same on both engines: tests/sql holds them to it."""

SAME_NAMES = frozenset({"json_array_length", "map_values"})
"""The same, for functions that sqlglot does not know and passes on by name."""

DIFFERENT = {
    "Quantile": "quantiles are exact on one engine and approximate on the other",
    "ApproxQuantile": "quantiles are approximate, by different means",
    "PercentileCont": "Spark takes it for an approximate percentile",
    "PercentileDisc": "Spark takes it for an approximate percentile",
    "Median": "quantiles are exact on one engine and approximate on the other",
    "ApproxDistinct": "both are estimates, by different means",
    "Mode": "which of equally frequent values is given differs",
    "First": "which row is the first differs from run to run",
    "Rand": "chance has no seed that both engines share",
    "GroupConcat": "the order of what is joined differs",
    "ArrayAgg": "the order of what is gathered differs",
    "CurrentTimestamp": "a model has no clock",
    "CurrentDate": "a model has no clock",
}
"""Why some functions have no place in a shared model. Quantiles belong in mergeable histograms:
counts by bin, which both engines add up alike."""

_WHOLE = {exp.DType.BIGINT, exp.DType.INT, exp.DType.SMALLINT, exp.DType.TINYINT}
_BROKEN = (exp.Div, exp.Avg, exp.Sqrt, exp.Stddev, exp.StddevSamp)
_NO_SIGN = 2**63 - 1
_DIGITS = 9
"""Numbers rounded to so many digits are the same within what both engines promise."""


class NotPortable(CxError):
    """A query would not mean the same on Spark."""


def spark_sql(
    sql: str, columns: Columns | None = None, types: Mapping[str, str] | None = None
) -> str:
    """A query of DuckDB's dialect in Spark's; $name parameters become :name.

    Parameters
    ----------
    types : SQL types that parameters are cast to, by name: Spark's have a type of their own.
    columns : gives the columns of a relation by its name; needed only by queries that ask for
        columns by pattern or unite relations by name.

    Raises
    ------
    NotPortable : the query uses what is known to differ, or was never compared.

    >>> spark_sql('SELECT "a", epoch_us(t) FROM x WHERE b = $b ORDER BY 1')
    'SELECT `a`, UNIX_MICROS(CAST(t AS TIMESTAMP_LTZ)) FROM x WHERE b = :b ORDER BY 1 NULLS LAST'
    """
    given = tuple(sorted((types or {}).items()))
    if columns is None:
        return _cached(sql, given)
    return _written(write_out(_parsed(sql), columns), dict(given))


def relations(sql: str) -> frozenset[str]:
    """Names of the relations that a query reads and does not define itself."""
    tree = _parsed(sql)
    own = {one.alias for one in tree.find_all(exp.CTE)}
    return frozenset(table.name for table in tree.find_all(exp.Table)) - own


def asks_for_names(sql: str) -> bool:
    """Whether a query can only be translated when the columns of its relations are known."""
    tree = _parsed(sql)
    unions = any(union.args.get("by_name") for union in tree.find_all(exp.Union))
    return unions or tree.find(exp.Columns) is not None


@lru_cache(maxsize=512)
def _cached(sql: str, types: tuple[tuple[str, str], ...]) -> str:
    return _written(_parsed(sql), dict(types))


def _parsed(sql: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError as error:
        raise NotPortable(f"this is no query that can be translated: {error}") from error


def _written(tree: exp.Expr, types: Mapping[str, str]) -> str:
    found = sorted(set(differences(tree)))
    if found:
        raise NotPortable(
            "this query would not give the same on Spark: " + "; ".join(found),
            todo="write it with what both engines share (cx_analytics/engine/spark/dialect.py)",
        )
    mended = tree.copy()
    for table in mended.find_all(exp.CTE):
        table.set("materialized", None)  # How it is made, not what it is.
    for select in list(mended.find_all(exp.Select)):
        _without_named_windows(select)
    # From the leaves up: what is inside a mended function is mended already.
    for node in reversed(list(mended.walk())):
        if (new := _mend(node)) is not node:
            mended = new if node is mended else mended
            node.replace(new)
    for given in list(mended.find_all(exp.Placeholder)):
        if given.name in types:
            given.replace(exp.cast(given.copy(), types[given.name], dialect="spark"))
    return mended.sql("spark", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)


def differences(tree: exp.Expr) -> Iterator[str]:
    """What a query uses that is known to differ, or not known to be the same."""
    for function in tree.find_all(exp.Func):
        name = type(function).__name__
        if isinstance(function, exp.Anonymous):
            if function.name.lower() not in {*SAME_NAMES, *_BY_NAME}:
                yield f"{function.name.lower()} was never compared"
        elif name in DIFFERENT:
            yield f"{function.sql_name().lower()}: {DIFFERENT[name]}"
        elif name not in SAME and type(function) not in _BY_TYPE:
            yield f"{function.sql_name().lower()} was never compared"
    for cast in tree.find_all(exp.Cast):
        if cast.to.this in _WHOLE and isinstance(cast.this.unnest(), _BROKEN):
            yield f"{cast.sql('duckdb')}: DuckDB rounds a broken number, Spark cuts it"
    for rounded in tree.find_all(exp.Round):
        if int(getattr(rounded.args.get("decimals"), "name", "") or 0) < _DIGITS:
            yield f"{rounded.sql('duckdb')}: a tie may go either way; round to {_DIGITS} digits"
    for star in tree.find_all(exp.TableSample):
        yield f"{star.sql('duckdb').strip()}: samples differ"


def _mend(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Anonymous) and node.name.lower() in _BY_NAME:
        return _BY_NAME[node.name.lower()](node)
    if type(node) in _BY_TYPE:
        return _BY_TYPE[type(node)](node)
    if isinstance(node, exp.Literal) and not node.is_string and "." in node.name:
        return exp.Literal.number(node.name if "e" in node.name.lower() else f"{node.name}e0")
    return node


def _without_named_windows(select: exp.Select) -> None:
    """Write out each named window where it is used.

    Spark cannot refine one (`OVER (w ROWS …)`), and reads `OVER w - x` as a name with a hyphen.
    """
    named = {str(one.this.name): one for one in select.args.get("windows") or ()}
    select.set("windows", None)
    for window in select.find_all(exp.Window):
        used = named.get(window.alias)
        if used is not None and window.find_ancestor(exp.Select) is select:
            window.set("alias", None)
            for part in ("partition_by", "order", "spec"):
                if not window.args.get(part) and used.args.get(part):
                    of = used.copy()
                    window.set(part, of.args[part])


def _micros(moment: exp.Expr) -> exp.Expr:
    """Microseconds since 1970 of a time without zone; the session's zone is UTC."""
    return exp.Anonymous(this="UNIX_MICROS", expressions=[exp.cast(moment, exp.DType.TIMESTAMPLTZ)])


def _epoch(node: exp.Expr) -> exp.Expr:
    """Seconds since 1970, or of the time between two, with their fraction."""
    inner = node.this.unnest()
    if isinstance(inner, exp.Sub):
        micros: exp.Expr = exp.Sub(this=_micros(inner.this), expression=_micros(inner.expression))
    else:
        micros = _micros(inner)
    return exp.paren(exp.Div(this=exp.paren(micros), expression=exp.Literal.number("1e6")))


def _days_between(node: exp.Expr) -> exp.Expr:
    unit = node.args.get("unit")
    if unit is None or unit.name.upper() != "DAY":
        raise NotPortable(f"date_diff of {unit}: only days mean the same on Spark")
    later, earlier = (exp.cast(one, exp.DType.DATE) for one in (node.this, node.expression))
    return exp.Anonymous(this="DATE_DIFF", expressions=[later, earlier])


def _extreme(spark: str) -> Callable[[exp.Expr], exp.Expr]:
    def mended(node: exp.Expr) -> exp.Expr:
        present = exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
        best = exp.Anonymous(this=spark, expressions=[node.this, node.expression])
        if not isinstance(node.parent, exp.Filter):
            return exp.Filter(this=best, expression=exp.Where(this=present))
        kept = node.parent.expression
        kept.set("this", exp.and_(kept.this, present))
        return best

    return mended


def _hash(node: exp.Expr) -> exp.Expr:
    given = node.expressions if isinstance(node, exp.Anonymous) else list(node.iter_expressions())
    hashed = exp.Anonymous(this="XXHASH64", expressions=given)
    return exp.paren(exp.BitwiseAnd(this=hashed, expression=exp.Literal.number(str(_NO_SIGN))))


def _named(spark: str) -> Callable[[exp.Expr], exp.Expr]:
    return lambda node: exp.Anonymous(this=spark, expressions=node.expressions)


def _listed(node: exp.Expr) -> exp.Expr:
    if node.expression.name != '["VARCHAR"]':
        raise NotPortable("from_json: only a list of texts was compared")
    kind = exp.Literal.string("ARRAY<STRING>")
    return exp.Anonymous(this="FROM_JSON", expressions=[node.this, kind])


def _tried(node: exp.Expr) -> exp.Expr:
    """What cannot be read as JSON is null for Spark anyway; nothing else may be tried."""
    inner: exp.Expr = node.this
    if inner.name != "FROM_JSON":
        raise NotPortable("try: Spark knows it of from_json only")
    return inner


_Mend = Callable[[exp.Expr], exp.Expr]
_BY_NAME: dict[str, _Mend] = {
    "epoch_us": lambda node: _micros(node.expressions[0]),
    "map_contains": _named("MAP_CONTAINS_KEY"),
    "hash": _hash,
}
_BY_TYPE: dict[type[exp.Expr], _Mend] = {
    exp.TimeToUnix: _epoch,
    exp.DateDiff: _days_between,
    exp.FromJson: _listed,
    exp.Try: _tried,
    exp.ArgMax: _extreme("MAX_BY"),
    exp.ArgMin: _extreme("MIN_BY"),
    exp.IsInf: lambda node: exp.paren(
        exp.EQ(
            this=exp.Abs(this=node.this),
            expression=exp.cast(exp.Literal.string("Infinity"), exp.DType.DOUBLE),
        )
    ),
    exp.ToDays: lambda node: exp.Anonymous(this="MAKE_DT_INTERVAL", expressions=[node.this]),
}
