"""Tables of the factory: defects, life, forecasts, risk of each unit, holds."""

from __future__ import annotations

from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.tables.columns import count, real, share, text, time
from cx_analytics.contracts.words import FAILURE_PATTERNS, HOLD_STATES

DEFECTS = Table(
    "defects",
    "factory",
    "Causes of the device domain as the factory sees them.",
    "defect_id",
    (
        text("defect_id", "Identity of the defect", required=True),
        text("cause_id", "The cause behind it", required=True),
        Column("conditions", "MAP(VARCHAR, VARCHAR)", "Conditions of the cause", required=True),
        text("lot", "Production lot, when the units share one"),
        text("line", "Production line, when the units share one"),
        text("site", "Factory site, when the units share one"),
        text("component", "Component, when a component lot or supplier is to blame"),
        text("supplier", "Its supplier"),
        text("component_lot", "Its lot"),
        count("units_made", "Units that match", "units"),
        count("units_in_field", "Of these, in service", "units"),
        count("units_failed", "Of these, with a fault under the cause", "units"),
        real("rate_ratio", "Fault rate over that of the other units", "ratio", low=0),
        real("low", "Lower end of its 90 % interval", "ratio", low=0),
        real("high", "Upper end of its 90 % interval", "ratio", low=0),
        real("excess_faults", "Faults that the defect explains", "faults"),
        real("forecast_faults_90d", "Excess faults to expect in 90 days", "faults", low=0),
        real("forecast_low", "Lower end of its 90 % interval", "faults", low=0),
        real("forecast_high", "Upper end of its 90 % interval", "faults", low=0),
        text("recommended_disposition", "GS1 CBV disposition to set"),
        share("probability", "Probability that the cause is real"),
        real("forecast_low_80", "Lower end of its 80 % interval", "faults", low=0),
        real("forecast_high_80", "Upper end of its 80 % interval", "faults", low=0),
        real("forecast_low_95", "Lower end of its 95 % interval", "faults", low=0),
        real("forecast_high_95", "Upper end of its 95 % interval", "faults", low=0),
        real(
            "forecast_returns_90d",
            "Units without a fault by it so far that will meet one in 90 days",
            "units",
            low=0,
        ),
        real("returns_low_80", "Lower end of its 80 % interval", "units", low=0),
        real("returns_high_80", "Upper end of its 80 % interval", "units", low=0),
        real("returns_low_95", "Lower end of its 95 % interval", "units", low=0),
        real("returns_high_95", "Upper end of its 95 % interval", "units", low=0),
        text(
            "cannot_separate",
            "What explains the faults nearly as well (the credible set), in words; null = nothing",
        ),
    ),
    key=("defect_id",),
)
DEFECT_AGES = Table(
    "defect_ages",
    "factory",
    "Faults by months in service (a Nevada table): units of each defect by the month that they "
    "were made in, while they were watched within the window.",
    "defect_id, cohort_month, months_in_service",
    (
        text("defect_id", "The defect", required=True),
        Column(
            "cohort_month",
            "DATE",
            "First day of the month made; where that is unknown, of first service",
            required=True,
        ),
        count(
            "months_in_service",
            "Whole months (30.4375 days) since first service",
            "months",
            required=True,
        ),
        count(
            "units_at_risk", "Units watched at that age, not failed before", "units", required=True
        ),
        real("unit_months", "Time for which they were watched", "months", low=0, required=True),
        count(
            "units_failed", "Of these, with their first fault by the cause", "units", required=True
        ),
        real(
            "faults",
            "Faults by the cause (summed responsibility), repeated ones too",
            "faults",
            low=0,
            required=True,
        ),
    ),
    key=("defect_id", "cohort_month", "months_in_service"),
)
DEFECT_LIFE = Table(
    "defect_life",
    "factory",
    "When units fail by a defect: a Weibull distribution of the time in service to the first "
    "fault, right-censored, and for units that served before the window left-truncated. No fit "
    "below 5 failures.",
    "defect_id",
    (
        text("defect_id", "The defect", required=True),
        count("units_failed", "Units with their first fault in the window", "units", required=True),
        count("units_censored", "Units watched without a fault by it", "units", required=True),
        text(
            "pattern",
            "What the shape says: falling hazard, none that shows, rising hazard",
            required=True,
            choices=FAILURE_PATTERNS,
        ),
        real("shape", "Weibull shape: below 1 the hazard falls, above it rises", low=0),
        real("shape_low", "Lower end of its 90 % interval", low=0),
        real("shape_high", "Upper end of its 90 % interval", low=0),
        real("scale_days", "Weibull scale: 63.2 % would have failed by then", "days", low=0),
        real("scale_low", "Lower end of its 90 % interval", "days", low=0),
        real("scale_high", "Upper end of its 90 % interval", "days", low=0),
        real("b10_days", "B10 life: 10 % would have failed by then", "days", low=0),
        real("b10_low", "Lower end of its 90 % interval", "days", low=0),
        real("b10_high", "Upper end of its 90 % interval", "days", low=0),
        share(
            "exponential_p",
            "Probability of a likelihood ratio this large if the hazard were constant",
        ),
    ),
    key=("defect_id",),
)
FORECAST_BACKTEST = Table(
    "forecast_backtest",
    "factory",
    "The forecasts of faults put to the test: what would have been forecast on past days, for the "
    "defects known on each, beside what came.",
    "defect_id, as_of",
    (
        text("defect_id", "The defect as it was known then", required=True),
        Column("as_of", "DATE", "Last day that the forecast knew", required=True),
        count("horizon_days", "Days forecast after it", "days", required=True),
        real("predicted", "Faults by the defect to expect in them", "faults", low=0),
        real("low", "Lower end of its 90 % interval", "faults", low=0),
        real("high", "Upper end of its 90 % interval", "faults", low=0),
        real("low_80", "Lower end of its 80 % interval", "faults", low=0),
        real("high_80", "Upper end of its 80 % interval", "faults", low=0),
        real("low_95", "Lower end of its 95 % interval", "faults", low=0),
        real("high_95", "Upper end of its 95 % interval", "faults", low=0),
        real("actual", "Faults by it that came (summed responsibility)", "faults", low=0),
        Column("inside", "BOOLEAN", "Whether they fell within the 90 % interval", required=True),
        Column("inside_80", "BOOLEAN", "Whether within the 80 % interval", required=True),
        Column("inside_95", "BOOLEAN", "Whether within the 95 % interval", required=True),
        share("probability", "Probability of the cause as said then"),
    ),
    key=("defect_id", "as_of"),
)
UNIT_RISK = Table(
    "unit_risk",
    "factory",
    "Units under a defect, the riskiest first.",
    "unit_id, defect_id",
    (
        text("unit_id", "The unit", required=True),
        text("defect_id", "The defect", required=True),
        share("probability_90d", "Probability of a fault by the defect in 90 days"),
        share("low", "Lower end of its 90 % interval"),
        share("high", "Upper end of its 90 % interval"),
        count("rank", "1 = highest risk of all", "rank"),
    ),
    key=("unit_id", "defect_id"),
)
UNIT_RISK_CAPTURE = Table(
    "unit_risk_capture",
    "factory",
    "The ranking of units put to the test: ranked on a past day as `unit_risk` ranks today, how "
    "many of the units that failed afterwards stood at the top.",
    "as_of",
    (
        Column("as_of", "DATE", "Last day that the ranking knew", required=True),
        count("horizon_days", "Days after it", "days", required=True),
        count("units", "Units ranked, once for each defect", "units", required=True),
        count("failures", "Of these, failed by their defect in those days", "units", required=True),
        share("top_share", "Share of the ranking that is called its top", required=True),
        count("captured", "Failures in the top", "units", required=True),
        share("captured_share", "The same over all failures; by chance it would be top_share"),
        share("low", "Lower end of its 90 % interval"),
        share("high", "Upper end of its 90 % interval"),
    ),
    key=("as_of",),
)
UNIT_HOLDS = Table(
    "unit_holds",
    "factory",
    "Holds on units and lots: who, why, until when, why released.",
    "unit_id or lot, defect_id",
    (
        text("unit_id", "The unit on hold, or null for a whole lot"),
        text("lot", "The lot on hold"),
        text("state", "State of the hold", required=True, choices=HOLD_STATES),
        text("reason", "Why"),
        text("defect_id", "The defect behind it"),
        text("set_by", "Who set it"),
        time("set_at", "When it was set"),
        time("expires_at", "When it ends by itself"),
        time("released_at", "When it was released"),
        text("component", "Component that the lot is of; null = lot of the units themselves"),
        count("units", "Units that the hold covers", "units"),
        text("action_id", "The action of the ledger that approves, rejects or releases it"),
    ),
)
