"""Tables of what production wastes: where rejects are made, and by what."""

from __future__ import annotations

from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.tables.columns import count, real, share, text
from cx_analytics.contracts.words import WASTES

_WHERE = (
    text("resource", "The machine there; never a person"),
    text("line", "The line there"),
    text("shift", "The shift in which it happens"),
    text("operator_group", "The group of operators; never a person"),
    text("component", "The component whose lot or supplier it is"),
    text("lot", "The lot: of the component, or of the case where none is named"),
    text("supplier", "The supplier of the component"),
)
_RATIO = (
    real("rate_ratio", "Rate with the cause over that without", "ratio", low=0),
    real("rate_ratio_low", "Lower end of its 90 % interval", "ratio", low=0),
    real("rate_ratio_high", "Upper end of its 90 % interval", "ratio", low=0),
)

_MONEY = "Money of the excess rejects by [costs] reject_piece; null without it"

REJECT_CAUSES = Table(
    "reject_causes",
    "supply",
    "What makes the rejects that are found: a step, where and when it is done, or a material.",
    "reject_cause_id",
    (
        text("reject_cause_id", "Identity of the cause; stays from run to run", required=True),
        count("rank", "Place by excess rejects", "1 = most", required=True),
        text("label", "What makes them as text, keys in alphabetical order", required=True),
        text(
            "step",
            "The step that makes them, or builds the component in; null for another material",
        ),
        *_WHERE,
        text("found_at", "The steps that booked the rejects, most first", required=True),
        real("pieces", "Pieces that were looked at after it", "pieces", low=0, required=True),
        real("rejects", "Rejects among them", "pieces", low=0, required=True),
        real("expected_rejects", "Rejects had the cause not been there", "pieces", low=0),
        real("excess_rejects", "Rejects that the cause explains", "pieces", low=0, required=True),
        real("excess_low", "Lower end of the 90 % interval of the excess", "pieces", low=0),
        real("excess_high", "Upper end of the 90 % interval of the excess", "pieces", low=0),
        *_RATIO,
        share("probability", "Probability that it is this and no rival or chance", required=True),
        real("evidence", "How much the data speak for it beyond the price of saying so", "nats"),
        text("rivals", "What explains the same rejects nearly as well; null = nothing"),
        real("cost", _MONEY, "money"),
        real("cost_low", "Lower end of its 90 % interval", "money"),
        real("cost_high", "Upper end of its 90 % interval", "money"),
    ),
    key=("reject_cause_id",),
)
STEP_DEFECTS = Table(
    "step_defects",
    "supply",
    "Rejects by the step that made them, beside those that are booked there. Both add up to all.",
    "step",
    (
        text("step", "The step; null for materials, and for rejects with no work before them"),
        Column("inspection", "BOOLEAN", "Whether it finds defects and makes none", required=True),
        text(
            "recognised",
            "By what an inspection was recognised",
            choices=("cx.toml", "name", "rejects"),
        ),
        count("passes", "Times that cases went through it", "times", required=True),
        real("pieces", "Pieces that went through it", "pieces", low=0, required=True),
        real("booked", "Rejects booked there", "pieces", low=0, required=True),
        real("made", "Rejects made there", "pieces", low=0, required=True),
        real("made_by_causes", "Part that causes in reject_causes explain", "pieces", low=0),
        real("made_by_causes_low", "Lower end of its 90 % interval", "pieces", low=0),
        real("made_by_causes_high", "Upper end of its 90 % interval", "pieces", low=0),
        real(
            "made_background",
            "Part that no cause explains: spread over the work before the look, by pieces",
            "pieces",
            low=0,
        ),
        real("cost", "Money of the rejects made there; null without a rate", "money"),
    ),
)
STEP_WASTE = Table(
    "step_waste",
    "supply",
    "What each step wastes, in money, the dearest first; and what of it can be saved.",
    "step, waste, detail",
    (
        count("rank", "Place by cost; null without a rate", "1 = dearest"),
        text("step", "The step where it arises; null for materials"),
        text("waste", "What is wasted", required=True, choices=WASTES),
        text(
            "detail", "Of waiting its cause; of rejects and faults what makes them, null = unknown"
        ),
        real("amount", "How much of it", "see unit", low=0, required=True),
        real("amount_low", "Lower end of the 90 % interval of as many days", "see unit", low=0),
        real("amount_high", "Upper end of the 90 % interval of as many days", "see unit", low=0),
        text(
            "unit", "Unit of the amount", required=True, choices=("h", "times", "pieces", "faults")
        ),
        real("cost", "What it cost by the rates of cx.toml; null without a rate", "money"),
        real("cost_low", "Lower end of the 90 % interval of as many days", "money"),
        real("cost_high", "Upper end of the 90 % interval of as many days", "money"),
        real("saving", "What can be saved by a way that the data show; null = none", "money"),
        real("saving_low", "Lower end of its 90 % interval", "money"),
        real("saving_high", "Upper end of its 90 % interval", "money"),
    ),
)
STEP_FIELD_FAULTS = Table(
    "step_field_faults",
    "supply",
    "Faults in the field by the step that made them, and by what made them there; and their cost.",
    "step, field_cause_id",
    (
        text("step", "The step; null for a material that no step is known to build in"),
        text("field_cause_id", "Identity of what made them; null for the last kind of row"),
        text(
            "label",
            "What made them as text; null = device causes that name no step, spread evenly over "
            "the steps of their units",
        ),
        *_WHERE,
        real("sessions", "Sessions of the units that were made so", "sessions", low=0),
        real("faults_under", "Faults of those units that may come from making", "faults", low=0),
        real("faults", "Faults that it explains", "faults", low=0, required=True),
        real("faults_low", "Lower end of the 90 % interval", "faults", low=0),
        real("faults_high", "Upper end of the 90 % interval", "faults", low=0),
        *_RATIO,
        share("probability", "Probability that it is this and no rival or chance"),
        real("evidence", "How much the data speak for it beyond the price of saying so", "nats"),
        text("rivals", "What explains the same faults nearly as well; null = nothing"),
        real("cost", "Money of the faults by [costs] field_fault; null without it", "money"),
        real("cost_low", "Lower end of its 90 % interval", "money"),
        real("cost_high", "Upper end of its 90 % interval", "money"),
    ),
)
