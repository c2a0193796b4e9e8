"""The tables that people query in warehouse/cx.duckdb, column by column.

Reasons first: this file is one long list because a reader looks for a table's columns in one
place; it holds nothing but data. `docs/tables.md` is generated from it.
"""

from __future__ import annotations

from cx_analytics.contracts.feeds import ACTIONS as ACTIONS_FEED
from cx_analytics.contracts.feeds import APP_RELEASES, CELLS, COMPONENTS, CONTACTS, SESSIONS, UNITS
from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.words import (
    ACTION_KINDS,
    CAUSE_KINDS,
    CAUSE_STATUS,
    DOMAINS,
    FAILURE_PATTERNS,
    HOLD_STATES,
    LIMIT_KINDS,
    PROPOSALS,
    VERDICTS,
    WAIT_CAUSES,
)


def _text(name: str, meaning: str, **more: object) -> Column:
    return Column(name, "VARCHAR", meaning, **more)  # type: ignore[arg-type]


def _count(name: str, meaning: str, unit: str = "count", **more: object) -> Column:
    return Column(name, "BIGINT", meaning, unit, low=0, **more)  # type: ignore[arg-type]


def _real(name: str, meaning: str, unit: str = "", **more: object) -> Column:
    return Column(name, "DOUBLE", meaning, unit, **more)  # type: ignore[arg-type]


def _time(name: str, meaning: str, **more: object) -> Column:
    return Column(name, "TIMESTAMP", meaning, "UTC", **more)  # type: ignore[arg-type]


def _share(name: str, meaning: str, **more: object) -> Column:
    return Column(name, "DOUBLE", meaning, "share", low=0, high=1, **more)  # type: ignore[arg-type]


_CAUSE_COLUMNS = (
    _text("cause_id", "Identity of the cause; stays from run to run", required=True),
    _text("kind", "Shared by many, or one individual's", required=True, choices=CAUSE_KINDS),
    _text("domain", "Who owns the repair", required=True, choices=DOMAINS),
    Column(
        "conditions",
        "MAP(VARCHAR, VARCHAR)",
        "Attribute values that together make the cause",
        required=True,
    ),
    _text("label", "The conditions as text, keys in alphabetical order", required=True),
    _time("valid_from", "Onset; null = before the data"),
    _time("valid_to", "End (exclusive); null = still open"),
    Column("first_reported_on", "DATE", "The day whose run first said so", required=True),
    _count("sessions", "Sessions under the conditions in the window", "sessions", required=True),
    _count("faults", "Faults among them", "faults", required=True),
    _real("expected_faults", "Faults expected had the cause not been there", "faults", low=0),
    _real("excess_faults", "Faults that the cause explains", "faults"),
    _real("excess_low", "Lower end of the 90 % interval of the excess", "faults"),
    _real("excess_high", "Upper end of the 90 % interval of the excess", "faults"),
    _real("rate_ratio", "Fault rate with the cause over that without", "ratio", low=0),
    _real("rate_ratio_low", "Lower end of its 90 % interval", "ratio", low=0),
    _real("rate_ratio_high", "Upper end of its 90 % interval", "ratio", low=0),
    _real(
        "evidence", "How much the data speak for the cause beyond the price of saying so", "nats"
    ),
    _share("probability", "Probability that the cause is real (calibrated)", required=True),
    _count("customers", "Customers with a fault under it", "customers"),
    _count("units", "Units with a fault under it", "units"),
    _text("status", "Where the cause stands", required=True, choices=CAUSE_STATUS),
    _text("evidence_sql", "Query that counts its sessions and faults again", required=True),
)

CAUSES = Table(
    "causes",
    "attribute",
    "One row per root cause, as of the last day processed.",
    "cause_id",
    _CAUSE_COLUMNS,
    key=("cause_id",),
)
CAUSES_HISTORY = Table(
    "causes_history",
    "attribute",
    "The causes as each daily run said them.",
    "as_of, cause_id",
    (Column("as_of", "DATE", "The day whose run said it", required=True), *_CAUSE_COLUMNS),
    key=("as_of", "cause_id"),
    day="as_of",
)
FAULT_CAUSES = Table(
    "fault_causes",
    "attribute",
    "What explains each fault: the shares of one fault add up to 1.",
    "session_id, cause_id",
    (
        _text("session_id", "The faulty session", required=True),
        _text("cause_id", "A cause, or 'background'", required=True),
        _share("share", "Responsibility of the cause for this fault", required=True),
    ),
    key=("session_id", "cause_id"),
    day="started_at",
)
CAUSE_RIVALS = Table(
    "cause_rivals",
    "attribute",
    "What else would explain a cause's faults nearly as well: with the cause itself, the credible "
    "set. As of the last day processed.",
    "cause_id, rival",
    (
        _text("cause_id", "The cause", required=True),
        _text("rival", "Conditions of the rival, as a label", required=True),
        _real("nats_behind", "How much less the data speak for the rival", "nats"),
    ),
    key=("cause_id", "rival"),
)
LOT_WATCH = Table(
    "lot_watch",
    "attribute",
    "The watch on lots: evidence that one has begun to fail, beside what known causes explain. "
    "As of the last day processed.",
    "label",
    (
        _text("label", "The lot, as a condition", required=True),
        _count("sessions", "Its sessions in the window", "sessions", required=True),
        _count("faults", "Faults among them", "faults", required=True),
        _real("expected_faults", "Faults that the background brings", "faults", low=0),
        _real("evidence", "Shiryaev-Roberts statistic; an alarm when it is very large", low=0),
        Column("alarmed_on", "DATE", "The day on which it passed the alarm; null = sound"),
    ),
    key=("label",),
)
DATA_LIMITS = Table(
    "data_limits",
    "attribute",
    "What the sessions of the window cannot answer, the most misleading first: readings that are "
    "no measurements, values that too few customers met, customers who weigh too much.",
    "rank",
    (
        _count("rank", "1 = most misleading", "rank", required=True),
        _text("subject", "Attribute or metric; several by comma", required=True),
        _text("kind", "What is wrong with it", required=True, choices=LIMIT_KINDS),
        Column("conditions", "MAP(VARCHAR, VARCHAR)", "Where the metric is wrong; null = anywhere"),
        _count("values", "Different values of the subject there", "values"),
        _count("values_with_one_customer", "Values that one customer alone met", "values"),
        _count("sessions", "Sessions that it concerns", "sessions", required=True),
        _share("share", "Their share of all sessions of the window", required=True),
        _text("statement", "One sentence with the numbers", required=True),
    ),
    key=("rank",),
)
CONTACT_SHIFTS = Table(
    "contact_shifts",
    "attribute",
    "Which topic, app version, model or channel carries a rise of contacts over their own past "
    "weeks. Contacts have no exposure: more users bring more contacts, too. A new version that "
    "only takes over the contacts of older ones is no rise.",
    "as_of, label",
    (
        Column("as_of", "DATE", "The day that the rise is told for", required=True),
        _count("days", "Days up to it that are looked at together", "days", required=True),
        Column(
            "conditions",
            "MAP(VARCHAR, VARCHAR)",
            "What the contacts of the rise have in common; empty = no kind stands out",
            required=True,
        ),
        _text("label", "The conditions as text, or 'all contacts'", required=True),
        _count("contacts", "Contacts in those days", "contacts", required=True),
        _real("expected", "Contacts that past weeks let expect", "contacts", low=0, required=True),
        _real("ratio", "Contacts over expected ones", "ratio", low=0, required=True),
        _real("excess", "Contacts beyond the expected ones", "contacts", required=True),
        _real(
            "gain",
            "Evidence: how much likelier the contacts are with the rise than without, given how "
            "much days vary",
            "nats",
            low=0,
            required=True,
        ),
        Column("started_on", "DATE", "Day from which the rise stands out most", required=True),
    ),
    key=("as_of", "label"),
)
SESSIONS_TABLE = Table(
    "sessions",
    "experience",
    "Every session with its unit, components and cell as of its start. One more column per "
    "component lot and supplier, and per attribute or metric that cx.toml names.",
    "session_id",
    (
        *SESSIONS.columns,
        *(column for column in UNITS.columns if column.name in ("lot", "site", "line")),
        *(
            column
            for column in CELLS.columns
            if column.name in ("site_id", "region", "vendor", "band", "software_release")
        ),
        Column("faulty", "BOOLEAN", "Whether the session met a fault", required=True),
        _real(
            "experience_score",
            "How the session felt: 0 unusable to 100 flawless",
            "0-100",
            low=0,
            high=100,
        ),
    ),
    key=("session_id",),
    day="started_at",
)
CUSTOMER_EXPERIENCE = Table(
    "customer_experience",
    "care",
    "Experience index of each customer and day, and to what the rest was lost.",
    "customer_id, day",
    (
        _text("customer_id", "The customer", required=True),
        Column("day", "DATE", "The day (UTC)", required=True),
        _count("sessions", "Sessions of the day", "sessions", required=True),
        _count("faults", "Faults among them", "faults", required=True),
        _real("score", "Experience index", "0-100", low=0, high=100, required=True),
        _real("score_low", "Lower end of its 90 % interval", "0-100", low=0, high=100),
        _real("score_high", "Upper end of its 90 % interval", "0-100", low=0, high=100),
        _text("top_cause_id", "Cause that cost most that day; null when nothing was lost"),
        *(
            _real(f"lost_to_{reason}", f"Points lost to {words}", "points", required=True)
            for reason, words in (
                ("device", "causes of the device domain"),
                ("app", "causes of the app domain"),
                ("network", "causes of the network domain (an interaction is split evenly)"),
                ("individual", "individual causes"),
                ("background", "what no cause explains"),
            )
        ),
    ),
    key=("customer_id", "day"),
    day="day",
)
SATISFACTION_FIT = Table(
    "satisfaction_fit",
    "care",
    "How well the experience index foretells what customers say; one row.",
    "one row",
    (
        _text(
            "status",
            "Whether the index is calibrated on stated satisfaction",
            required=True,
            choices=("calibrated", "uncalibrated"),
        ),
        _count("contacts", "Contacts with a satisfaction and an index", "contacts", required=True),
        _count("customers", "Customers among them", "customers", required=True),
        _real("correlation", "Stated against predicted, on held-out customers", "-1..1"),
        _real("correlation_low", "Lower end of its 90 % interval", "-1..1"),
        _real("correlation_high", "Upper end of its 90 % interval", "-1..1"),
        _share("explained_share", "Share of the variance explained, on held-out customers"),
    ),
)
SATISFACTION_BY_SCORE = Table(
    "satisfaction_by_score",
    "care",
    "What customers say at which experience index: the calibration plot; empty without contacts.",
    "score",
    (
        _real("score", "Experience index, 5 points to either side", "0-100", required=True),
        _count("contacts", "Contacts at it", "contacts", required=True),
        _real("expected_satisfaction", "By the map; null when uncalibrated", "1-5"),
        _real("stated_satisfaction", "Mean of what was said", "1-5"),
        _real("stated_low", "Lower end of its 90 % interval", "1-5"),
        _real("stated_high", "Upper end of its 90 % interval", "1-5"),
    ),
    key=("score",),
)
CUSTOMER_FIXES = Table(
    "customer_fixes",
    "care",
    "For each customer with faults: what to do, best first, and what not to try.",
    "customer_id, rank",
    (
        _text("customer_id", "The customer", required=True),
        _count("rank", "1 = best", "rank", required=True),
        _text("cause_id", "The cause it acts against, or 'background'", required=True),
        _text("fix_code", "Code of the fix in the playbook", required=True),
        _text("fix", "What to do, in plain words", required=True),
        _text("avoid", "What not to try, and why"),
        _share("share", "Share of this customer's faults that the cause explains"),
        _real("faults_avoided_30d", "Expected faults avoided in 30 days", "faults", low=0),
        _real("low", "Lower end of its 90 % interval", "faults", low=0),
        _real("high", "Upper end of its 90 % interval", "faults", low=0),
        _text("confidence", "suspected, probable, confirmed, or not explained"),
        _text("target_version", "Version to go to, when the fix is an update"),
        _real("cost", "Cost of the fix by the playbook", "money", low=0),
        _text("verdict", "After the fix: whether this customer got better", choices=VERDICTS),
        Column("verdict_on", "DATE", "Last day that the verdict rests on"),
        _share(
            "verdict_smallest_effect",
            "Smallest fall of this customer's faults that could have been seen; null = none",
        ),
    ),
    key=("customer_id", "rank"),
)
FIX_CAMPAIGNS = Table(
    "fix_campaigns",
    "care",
    "What one agent cannot do one by one: the same fix for all customers with faults whose best "
    "fix it is.",
    "campaign_id",
    (
        _text("campaign_id", "Identity of cause, fix and target; stays", required=True),
        _count("rank", "1 = most faults avoided net of friction", "rank", required=True),
        _text("cause_id", "The cause it acts against", required=True),
        _text("fix_code", "Code of the fix in the playbook", required=True),
        _text("fix", "What to do, in plain words (the wording that most get)", required=True),
        _text("target_version", "Version to go to, when the fix is an update"),
        _count("customers", "Customers whose best fix it is", "customers", required=True),
        _count("units", "Units that they use now", "units"),
        _real("faults_avoided_30d", "Expected faults avoided in 30 days", "faults", low=0),
        _real("low", "Lower end of its 90 % interval", "faults", low=0),
        _real("high", "Upper end of its 90 % interval", "faults", low=0),
        _real("cost", "Cost by the playbook", "money", low=0),
        _real("cost_per_fault", "Cost for each fault avoided in 30 days", "money", low=0),
        _real("expected_rate", "Faults a session to expect without the fix", "share", low=0),
        _real("sessions_a_day", "Sessions of these customers a day", "sessions", low=0),
    ),
    key=("campaign_id",),
)
FIX_CAMPAIGN_STAGES = Table(
    "fix_campaign_stages",
    "care",
    "How a campaign is given out: first to few, and when to stop. A stage is judged once it has "
    "had its minimum of sessions.",
    "campaign_id, stage",
    (
        _text("campaign_id", "The campaign", required=True),
        _count("stage", "1 = first", "1 = first", required=True),
        _text("name", "canaries, or the share of customers", required=True),
        _share("share", "Customers reached over all, those of earlier stages included"),
        _count("customers", "The same as a number", "customers", required=True),
        _count("minimum_sessions", "Sessions after the fix to wait for", "sessions"),
        _real("minimum_days", "Days in which they are to be expected", "days", low=0),
        _real("expected_faults", "Faults in them if the fix changes nothing", "faults", low=0),
        _real("abort_rate_ratio", "Rise of the fault rate that is to be noticed", "ratio", low=1),
        _count("abort_faults", "Faults in them at which to stop: too many for chance", "faults"),
    ),
    key=("campaign_id", "stage"),
)
DEFECTS = Table(
    "defects",
    "factory",
    "Causes of the device domain as the factory sees them.",
    "defect_id",
    (
        _text("defect_id", "Identity of the defect", required=True),
        _text("cause_id", "The cause behind it", required=True),
        Column("conditions", "MAP(VARCHAR, VARCHAR)", "Conditions of the cause", required=True),
        _text("lot", "Production lot, when the units share one"),
        _text("line", "Production line, when the units share one"),
        _text("site", "Factory site, when the units share one"),
        _text("component", "Component, when a component lot or supplier is to blame"),
        _text("supplier", "Its supplier"),
        _text("component_lot", "Its lot"),
        _count("units_made", "Units that match", "units"),
        _count("units_in_field", "Of these, in service", "units"),
        _count("units_failed", "Of these, with a fault under the cause", "units"),
        _real("rate_ratio", "Fault rate over that of the other units", "ratio", low=0),
        _real("low", "Lower end of its 90 % interval", "ratio", low=0),
        _real("high", "Upper end of its 90 % interval", "ratio", low=0),
        _real("excess_faults", "Faults that the defect explains", "faults"),
        _real("forecast_faults_90d", "Excess faults to expect in 90 days", "faults", low=0),
        _real("forecast_low", "Lower end of its 90 % interval", "faults", low=0),
        _real("forecast_high", "Upper end of its 90 % interval", "faults", low=0),
        _text("recommended_disposition", "GS1 CBV disposition to set"),
        _share("probability", "Probability that the cause is real"),
        _real("forecast_low_80", "Lower end of its 80 % interval", "faults", low=0),
        _real("forecast_high_80", "Upper end of its 80 % interval", "faults", low=0),
        _real("forecast_low_95", "Lower end of its 95 % interval", "faults", low=0),
        _real("forecast_high_95", "Upper end of its 95 % interval", "faults", low=0),
        _real(
            "forecast_returns_90d",
            "Units without a fault by it so far that will meet one in 90 days",
            "units",
            low=0,
        ),
        _real("returns_low_80", "Lower end of its 80 % interval", "units", low=0),
        _real("returns_high_80", "Upper end of its 80 % interval", "units", low=0),
        _real("returns_low_95", "Lower end of its 95 % interval", "units", low=0),
        _real("returns_high_95", "Upper end of its 95 % interval", "units", low=0),
        _text(
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
        _text("defect_id", "The defect", required=True),
        Column(
            "cohort_month",
            "DATE",
            "First day of the month made; where that is unknown, of first service",
            required=True,
        ),
        _count(
            "months_in_service",
            "Whole months (30.4375 days) since first service",
            "months",
            required=True,
        ),
        _count(
            "units_at_risk", "Units watched at that age, not failed before", "units", required=True
        ),
        _real("unit_months", "Time for which they were watched", "months", low=0, required=True),
        _count(
            "units_failed", "Of these, with their first fault by the cause", "units", required=True
        ),
        _real(
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
        _text("defect_id", "The defect", required=True),
        _count(
            "units_failed", "Units with their first fault in the window", "units", required=True
        ),
        _count("units_censored", "Units watched without a fault by it", "units", required=True),
        _text(
            "pattern",
            "What the shape says: falling hazard, none that shows, rising hazard",
            required=True,
            choices=FAILURE_PATTERNS,
        ),
        _real("shape", "Weibull shape: below 1 the hazard falls, above it rises", low=0),
        _real("shape_low", "Lower end of its 90 % interval", low=0),
        _real("shape_high", "Upper end of its 90 % interval", low=0),
        _real("scale_days", "Weibull scale: 63.2 % would have failed by then", "days", low=0),
        _real("scale_low", "Lower end of its 90 % interval", "days", low=0),
        _real("scale_high", "Upper end of its 90 % interval", "days", low=0),
        _real("b10_days", "B10 life: 10 % would have failed by then", "days", low=0),
        _real("b10_low", "Lower end of its 90 % interval", "days", low=0),
        _real("b10_high", "Upper end of its 90 % interval", "days", low=0),
        _share(
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
        _text("defect_id", "The defect as it was known then", required=True),
        Column("as_of", "DATE", "Last day that the forecast knew", required=True),
        _count("horizon_days", "Days forecast after it", "days", required=True),
        _real("predicted", "Faults by the defect to expect in them", "faults", low=0),
        _real("low", "Lower end of its 90 % interval", "faults", low=0),
        _real("high", "Upper end of its 90 % interval", "faults", low=0),
        _real("low_80", "Lower end of its 80 % interval", "faults", low=0),
        _real("high_80", "Upper end of its 80 % interval", "faults", low=0),
        _real("low_95", "Lower end of its 95 % interval", "faults", low=0),
        _real("high_95", "Upper end of its 95 % interval", "faults", low=0),
        _real("actual", "Faults by it that came (summed responsibility)", "faults", low=0),
        Column("inside", "BOOLEAN", "Whether they fell within the 90 % interval", required=True),
        Column("inside_80", "BOOLEAN", "Whether within the 80 % interval", required=True),
        Column("inside_95", "BOOLEAN", "Whether within the 95 % interval", required=True),
        _share("probability", "Probability of the cause as said then"),
    ),
    key=("defect_id", "as_of"),
)
UNIT_RISK = Table(
    "unit_risk",
    "factory",
    "Units under a defect, the riskiest first.",
    "unit_id, defect_id",
    (
        _text("unit_id", "The unit", required=True),
        _text("defect_id", "The defect", required=True),
        _share("probability_90d", "Probability of a fault by the defect in 90 days"),
        _share("low", "Lower end of its 90 % interval"),
        _share("high", "Upper end of its 90 % interval"),
        _count("rank", "1 = highest risk of all", "rank"),
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
        _count("horizon_days", "Days after it", "days", required=True),
        _count("units", "Units ranked, once for each defect", "units", required=True),
        _count(
            "failures", "Of these, failed by their defect in those days", "units", required=True
        ),
        _share("top_share", "Share of the ranking that is called its top", required=True),
        _count("captured", "Failures in the top", "units", required=True),
        _share("captured_share", "The same over all failures; by chance it would be top_share"),
        _share("low", "Lower end of its 90 % interval"),
        _share("high", "Upper end of its 90 % interval"),
    ),
    key=("as_of",),
)
UNIT_HOLDS = Table(
    "unit_holds",
    "factory",
    "Holds on units and lots: who, why, until when, why released.",
    "unit_id or lot, defect_id",
    (
        _text("unit_id", "The unit on hold, or null for a whole lot"),
        _text("lot", "The lot on hold"),
        _text("state", "State of the hold", required=True, choices=HOLD_STATES),
        _text("reason", "Why"),
        _text("defect_id", "The defect behind it"),
        _text("set_by", "Who set it"),
        _time("set_at", "When it was set"),
        _time("expires_at", "When it ends by itself"),
        _time("released_at", "When it was released"),
        _text("component", "Component that the lot is of; null = lot of the units themselves"),
        _count("units", "Units that the hold covers", "units"),
        _text("action_id", "The action of the ledger that approves, rejects or releases it"),
    ),
)
ACTIONS = Table(
    "actions",
    "loop",
    "Corrective actions, from the feed and from the ledger.",
    "action_id",
    ACTIONS_FEED.columns,
    key=("action_id",),
)
ACTION_EFFECTS = Table(
    "action_effects",
    "loop",
    "What an action did: excess-fault difference-in-differences.",
    "action_id",
    (
        _text("action_id", "The action", required=True),
        _real("estimate", "Fault rate with the action over that without", "ratio", low=0),
        _real("low", "Lower end of its 90 % interval", "ratio", low=0),
        _real("high", "Upper end of its 90 % interval", "ratio", low=0),
        _real("faults_prevented", "Faults prevented in the days after", "faults"),
        _real("prevented_low", "Lower end of its 90 % interval", "faults"),
        _real("prevented_high", "Upper end of its 90 % interval", "faults"),
        _share("smallest_effect", "Smallest reduction that would have been seen (80 % power)"),
        _count("treated_sessions", "Sessions of those that it reached", "sessions"),
        _count("control_sessions", "Sessions of those that it did not reach", "sessions"),
        _count("days_before", "Days before that were compared", "days"),
        _count("days_after", "Days after that were compared", "days"),
        _text("verdict", "Whether it worked", required=True, choices=VERDICTS),
        _text("method", "How it was estimated, or why not"),
        _share("placebo_p", "Share of placebo groups and dates with as large an effect"),
    ),
    key=("action_id",),
)
CUSTOMER_VERDICTS = Table(
    "customer_verdicts",
    "loop",
    "What an action did for each customer whom it reached and who had a fault, from their own "
    "sessions.",
    "action_id, customer_id",
    (
        _text("action_id", "The action", required=True),
        _text("customer_id", "The customer", required=True),
        _text("cause_id", "The cause that the action is against"),
        Column("listed", "BOOLEAN", "Whether the action lists whom it reached", required=True),
        Column("reached_on", "DATE", "First whole day after it reached them", required=True),
        _count("sessions_before", "Own sessions before", "sessions"),
        _count("faults_before", "Faults among them", "faults"),
        _count("sessions_after", "Own sessions after", "sessions"),
        _count("faults_after", "Faults among them", "faults"),
        _real("estimate", "Own fault rate with the action over that without", "ratio", low=0),
        _real("low", "Lower end of its 90 % interval", "ratio", low=0),
        _real("high", "Upper end of its 90 % interval", "ratio", low=0),
        _share("smallest_effect", "Smallest fall that could have been seen; null = none"),
        _text("verdict", "Whether this customer got better", required=True, choices=VERDICTS),
        Column("verdict_on", "DATE", "Last day that the verdict rests on", required=True),
    ),
    key=("action_id", "customer_id"),
)
RECURRENCES = Table(
    "recurrences",
    "loop",
    "The watch on fixed causes, on exposed sessions only: never on old builds or the old lot.",
    "cause_id",
    (
        _text("cause_id", "The cause", required=True),
        _time("watched_since", "Since when"),
        _count("exposed_sessions", "Sessions that could show it again", "sessions"),
        _count("faults", "Faults among them", "faults"),
        _real("expected_faults", "Faults expected without the cause", "faults", low=0),
        _real("evidence", "e-value of a return", "e-value", low=0),
        _time("alarmed_at", "When it was called recurred"),
    ),
    key=("cause_id",),
)
ACTION_LEDGER = Table(
    "action_ledger",
    "loop",
    "Every step of every action, append-only.",
    "entry",
    (
        _count("entry", "Running number", "number", required=True),
        _text("action_id", "The action", required=True),
        _text("event", "proposed, approved, rejected, released, …", required=True),
        _text("kind", "Kind of action"),
        _text("cause_id", "The cause it is against"),
        _text("defect_id", "The defect it is against"),
        _text("subject", "What it acts on: lot=L1, unit_id=U1, …"),
        _text("actor", "Who", required=True),
        _time("at", "When", required=True),
        _text("reason", "Why"),
        _text("evidence", "Snapshot the decision rests on"),
        _time("expires_at", "When it ends by itself"),
        _count("units", "Units that the action touches", "units"),
        _share("production_share", "Their share of all units made"),
        _share("probability", "Probability of the cause when the entry was made"),
        _text("verdict", "Of effect_known: whether it worked", choices=VERDICTS),
        _text("digest", "SHA-256 over the entry and the digest before it"),
    ),
    key=("entry",),
)
ACTION_PROPOSALS = Table(
    "action_proposals",
    "loop",
    "What could be done against open causes, within the minima of the guard rails; for people to "
    "decide.",
    "action_id",
    (
        _text("action_id", "The action, as the ledger would call it", required=True),
        _text("proposal", "What to do", required=True, choices=PROPOSALS),
        _text("kind", "Kind of action in the ledger", required=True, choices=ACTION_KINDS),
        _text("subject", "What it acts on: app_version=5.2.0, line=A, lot=L1, …", required=True),
        _text("cause_id", "The cause it is against"),
        _text("defect_id", "The defect it is against"),
        _text("reason", "Why"),
        _count("sample", "Units or customers that the claim rests on", "units or customers"),
        _share("chance_wrong", "Chance that the cause is none"),
        _count("units", "Units that the action touches", "units"),
        _share("production_share", "Their share of all units made"),
        _text("obstacle", "Why it is not done automatically; null = it may be"),
        _text("undo", "What taking it back means"),
    ),
    key=("action_id",),
)
STEP_TIMES = Table(
    "step_times",
    "supply",
    "Each step of each case: how long it worked, how long it waited before, and why.",
    "case_id, step, started_at",
    (
        _text("case_id", "What moves", required=True),
        _text("step", "Work step", required=True),
        _text("resource", "Machine or station"),
        _time("started_at", "Start of the work", required=True),
        _time("ended_at", "End of the work", required=True),
        _real("work_s", "Time worked on that no earlier step of the case covers", "s", low=0),
        _real("wait_s", "Time the case waited before it", "s", low=0),
        _text("wait_cause", "Main reason of the wait", choices=WAIT_CAUSES),
        _text("line", "Production line"),
        _real("quantity_completed", "Good pieces", "pieces", low=0),
        _real("quantity_rejected", "Rejected pieces", "pieces", low=0),
        _text("flag", "What is odd about the times: zero_duration, overlap, …"),
        _count("position", "Place of the step in its case", "1 = first", required=True),
        _text("from_step", "Step before; null at the start of the case"),
        Column("rework", "BOOLEAN", "Whether the case came back to a step it had passed"),
        *(
            _real(f"{cause}_s", f"Part of the wait that is {words}", "s", low=0)
            for cause, words in (
                ("batching", "for other cases to start together with"),
                ("contention", "the resource busy with other cases, first come first served"),
                ("prioritisation", "the resource busy while a later arrival was served first"),
                ("resource_unavailable", "outside the hours in which the resource works"),
                ("other", "none of these"),
            )
        ),
        _text("unit_id", "The unit"),
        _text("lot", "The lot"),
    ),
    day="started_at",
)
STEP_MAP = Table(
    "step_map",
    "supply",
    "The map of production: each transition between steps.",
    "from_step, to_step",
    (
        _text("from_step", "Step before; null at the start of a case"),
        _text("to_step", "Step after", required=True),
        _count("cases", "Cases that took it", "cases", required=True),
        _real("work_s", "Work of the step after, all cases", "s", low=0),
        _real("wait_s", "Waiting between, all cases", "s", low=0),
        _share("idle_share", "Waiting over waiting plus work"),
        _count("rework", "Times a case came back to a step it had passed", "times"),
        _real("scrap", "Pieces rejected at the step after", "pieces", low=0),
        _real("field_faults", "Faults in the field traced to the step after", "faults", low=0),
        _real("cost", "Cost by the rates of cx.toml; null without rates", "money"),
    ),
)
QUARANTINE = Table(
    "quarantine",
    "ingest",
    "Rejected rows and files, with the reason.",
    "file, line, rule",
    (
        _text("feed", "The feed", required=True),
        _text("file", "File, relative to the workspace", required=True),
        _count("line", "Line or record in the file; null for the file as a whole", "line"),
        _text("rule", "The rule that was broken", required=True),
        _text("reason", "What was wrong, in words", required=True),
        _text("record", "The row as it came, shortened"),
        _text("batch", "The batch that met it", required=True),
    ),
)
RUNS = Table(
    "runs",
    "ingest",
    "What was taken in when: rows in = kept + duplicates + quarantined.",
    "batch, feed",
    (
        _text("batch", "Identity of the batch", required=True),
        _text("feed", "The feed", required=True),
        _time("started_at", "When it was taken in", required=True),
        _count("files", "Files read", "files", required=True),
        _count("rows_in", "Rows met", "rows", required=True),
        _count("kept", "Rows that are new in the lake", "rows", required=True),
        _count("duplicates", "Rows whose id was known (the latest arrival wins)", "rows"),
        _count("quarantined", "Rows rejected", "rows", required=True),
        _text("days", "Days that the batch re-opened, as a JSON list"),
        _text("drift", "Columns that no contract names, as a JSON list"),
    ),
    key=("batch", "feed"),
)
METRICS_SQL = Table(
    "metrics_sql",
    "publish",
    "The SQL behind every published number.",
    "metric_id",
    (
        _text("metric_id", "Identity of the number", required=True),
        _text("sql", "Query that gives it again", required=True),
        _text("meaning", "What it says", required=True),
    ),
    key=("metric_id",),
)

FEED_TABLES: dict[str, Table] = {
    feed.name: feed for feed in (UNITS, COMPONENTS, CELLS, APP_RELEASES, CONTACTS)
}
"""Feeds that are published as they are."""

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        CAUSES,
        FAULT_CAUSES,
        CAUSES_HISTORY,
        CAUSE_RIVALS,
        LOT_WATCH,
        DATA_LIMITS,
        CONTACT_SHIFTS,
        SESSIONS_TABLE,
        CUSTOMER_EXPERIENCE,
        SATISFACTION_FIT,
        SATISFACTION_BY_SCORE,
        CUSTOMER_FIXES,
        FIX_CAMPAIGNS,
        FIX_CAMPAIGN_STAGES,
        DEFECTS,
        DEFECT_AGES,
        DEFECT_LIFE,
        FORECAST_BACKTEST,
        UNIT_RISK,
        UNIT_RISK_CAPTURE,
        UNIT_HOLDS,
        ACTIONS,
        ACTION_EFFECTS,
        CUSTOMER_VERDICTS,
        RECURRENCES,
        ACTION_LEDGER,
        ACTION_PROPOSALS,
        STEP_TIMES,
        STEP_MAP,
        QUARANTINE,
        RUNS,
        METRICS_SQL,
        *FEED_TABLES.values(),
    )
}
"""Every table of the warehouse, by name."""
