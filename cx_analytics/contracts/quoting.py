"""Names and texts as SQL writes them.

Belongs here: what SQL that is put together needs, on whatever floor. Stays out: queries.
"""

from __future__ import annotations


def quote(name: str) -> str:
    """A name as a SQL identifier.

    >>> quote("cell_id"), quote('a"b')
    ('"cell_id"', '"a""b"')
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a SQL literal, for what cannot be a bound parameter (file names, options).

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"
