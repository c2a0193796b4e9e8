"""Evidence is read from packs, messages and pages, and what is none is refused."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import polars as pl
import pytest

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.exchange.evidence import Number, numbers, read_numbers, snapshots

ENTRY = {"metric_id": "m", "sql": "SELECT 1", "snapshot": "2026-01-31", "value": 1.0, "unit": "u"}
NUMBER = Number("m", "SELECT 1", "2026-01-31", 1.0, "u")


def test_written_as_a_list_in_order_of_ids() -> None:
    frame = pl.DataFrame(
        {
            "metric_id": ["b", "a"],
            "sql": ["SELECT 2", "SELECT 1"],
            "value": [2.0, None],
            "unit": ["units", "ratio"],
            "meaning": ["", ""],
        }
    )
    assert numbers(frame, date(2026, 1, 31)) == [
        {
            "metric_id": "a",
            "sql": "SELECT 1",
            "snapshot": "2026-01-31",
            "value": None,
            "unit": "ratio",
        },
        {
            "metric_id": "b",
            "sql": "SELECT 2",
            "snapshot": "2026-01-31",
            "value": 2.0,
            "unit": "units",
        },
    ]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ENTRY]),
        json.dumps({"case_id": "d-1", "evidence": [ENTRY]}),
        f'<html><template id="evidence">{json.dumps([ENTRY])}</template>',
    ],
)
def test_read_from_each_place(text: str) -> None:
    assert read_numbers(text, "file") == [NUMBER]
    assert snapshots([NUMBER, NUMBER]) == ["2026-01-31"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("<html></html>", "carries no evidence"),
        ("[]", "no evidence in it"),
        ("{}", "no evidence in it"),
        ("3", "no evidence in it"),
        ("[3]", "no object"),
    ],
)
def test_what_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        read_numbers(text, "file")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sql": None}, "sql is missing or no text"),
        ({"value": "1"}, "value is no number"),
        ({"value": True}, "value is no number"),
    ],
)
def test_an_entry_that_lacks_something_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputRefused, match=f"file, entry 2: {words}"):
        read_numbers(json.dumps([ENTRY, ENTRY | given]), "file")
