"""The query behind a cause: what anyone can run to count its sessions and faults again.

Belongs here: writing that one SELECT with quoted names and values. Stays out: running it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cx_analytics.contracts import quoting


def evidence_sql(conditions: Mapping[str, str], since: datetime, until: datetime) -> str:
    """A SELECT of `sessions` and `faults` on the table `sessions`, half-open in time.

    >>> print(evidence_sql({"lot": "L'1"}, datetime(2026, 1, 1), datetime(2026, 1, 2)))
    SELECT COUNT(*) AS sessions, COUNT(*) FILTER (WHERE faulty) AS faults FROM sessions \
WHERE "lot" = 'L''1' AND started_at >= TIMESTAMP '2026-01-01 00:00:00' \
AND started_at < TIMESTAMP '2026-01-02 00:00:00'
    """
    tests = [f"{quoting.quote(name)} = {literal(conditions[name])}" for name in sorted(conditions)]
    tests.append(f"started_at >= TIMESTAMP '{since}'")
    tests.append(f"started_at < TIMESTAMP '{until}'")
    return (
        "SELECT COUNT(*) AS sessions, COUNT(*) FILTER (WHERE faulty) AS faults "
        f"FROM sessions WHERE {' AND '.join(tests)}"
    )


def literal(value: str) -> str:
    """A text, quoted for SQL; a NUL character, which SQL text cannot hold, ends up as CHR(0)."""
    return " || CHR(0) || ".join(map(quoting.literal, value.split("\0")))
