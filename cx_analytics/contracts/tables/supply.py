"""Tables of production: times of each step and the map."""

from __future__ import annotations

from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.tables.columns import count, real, share, text, time
from cx_analytics.contracts.words import PART_VIAS, STEP_TIME_ISSUES, WAIT_CAUSES

WAIT_PARTS = (
    ("batching", "for other cases to start together with"),
    ("contention", "the resource busy with other cases, first come first served"),
    ("prioritisation", "the resource busy while a later arrival was served first"),
    ("resource_unavailable", "outside the hours in which the resource works"),
    ("setup", "the resource changing over from another product (lot, where none is given)"),
    ("other", "none of these"),
)
"""What a wait is made of: each is a column `<cause>_s`; they add up to wait_s."""

STEP_TIMES = Table(
    "step_times",
    "supply",
    "Each step of each case: how long it worked, how long it waited before, and why.",
    "case_id, step, started_at",
    (
        text("case_id", "What moves", required=True),
        text("step", "Work step", required=True),
        text("resource", "Machine or station"),
        time("started_at", "Start of the work", required=True),
        time("ended_at", "End of the work", required=True),
        real("work_s", "Time worked on that no earlier step of the case covers", "s", low=0),
        real("wait_s", "Time the case waited before it", "s", low=0),
        text("wait_cause", "Main reason of the wait", choices=WAIT_CAUSES),
        text("line", "Production line"),
        real("quantity_completed", "Good pieces", "pieces", low=0),
        real("quantity_rejected", "Rejected pieces", "pieces", low=0),
        text("flag", "What is odd about the times: zero_duration, overlap, …"),
        count("position", "Place of the step in its case", "1 = first", required=True),
        text("from_step", "Step before; null at the start of the case"),
        Column("rework", "BOOLEAN", "Whether the case came back to a step it had passed"),
        *(
            real(f"{cause}_s", f"Part of the wait that is {words}", "s", low=0)
            for cause, words in WAIT_PARTS
        ),
        text("unit_id", "The unit"),
        text("lot", "The lot"),
        text("product", "The product or family of products"),
    ),
    day="started_at",
)
STEP_TIME_ISSUES_TABLE = Table(
    "step_time_issues",
    "supply",
    "What is odd about the times of production; none of it is counted as work or wait.",
    "issue, case_id, step, started_at; for a refused row file, line",
    (
        text("issue", "What is odd", required=True, choices=STEP_TIME_ISSUES),
        text("case_id", "The case; null for a refused row and for clock_skew"),
        text("step", "The step"),
        text("resource", "Its resource; for clock_skew the one whose clock is early"),
        time("started_at", "Start of the step; for clock_skew of the first that shows it"),
        real("seconds_off", "Time shared with earlier steps; for clock_skew its mean", "s", low=0),
        text("detail", "What was seen, in words", required=True),
        text("file", "File of a refused row"),
        count("line", "Line or record in that file", "line"),
    ),
)
CASE_GENEALOGY = Table(
    "case_genealogy",
    "supply",
    "What went into each case: cases, lots and units, and what went into those, four links deep.",
    "case_id, part_id",
    (
        text("case_id", "What holds the part", required=True),
        text("part_id", "Case, lot or unit that went into it", required=True),
        text(
            "via",
            "How it went into into_id: packed into it, consumed by it, built into its unit",
            required=True,
            choices=PART_VIAS,
        ),
        count("depth", "Links between the two", "1 = direct", required=True),
        Column(
            "part_is_case",
            "BOOLEAN",
            "Whether the part has events of its own, to be found in step_times",
            required=True,
        ),
        text("into_id", "What it went into directly: case_id, or another of its parts"),
    ),
)
STEP_MAP = Table(
    "step_map",
    "supply",
    "The map of production: each transition between steps.",
    "from_step, to_step",
    (
        text("from_step", "Step before; null at the start of a case"),
        text("to_step", "Step after", required=True),
        count("cases", "Cases that took it", "cases", required=True),
        real("work_s", "Work of the step after, all cases", "s", low=0),
        real("wait_s", "Waiting between, all cases", "s", low=0),
        share("idle_share", "Waiting over waiting plus work"),
        count("rework", "Times a case came back to a step it had passed", "times"),
        real("scrap", "Pieces rejected at the step after", "pieces", low=0),
        real("scrap_made", "Rejects that the step after made, wherever found", "pieces", low=0),
        *(
            real(f"{cause}_s", f"Part of the waits that is {words}", "s", low=0)
            for cause, words in WAIT_PARTS
        ),
        real("field_faults", "Faults in the field traced to the step after", "faults", low=0),
        real("cost", "Cost by the rates of cx.toml; null without rates", "money"),
    ),
)
