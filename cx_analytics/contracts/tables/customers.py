"""Tables of sessions, experience and care."""

from __future__ import annotations

from cx_analytics.contracts.feeds import CELLS, SESSIONS, UNITS
from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.tables.columns import count, real, share, text
from cx_analytics.contracts.words import VERDICTS

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
        real(
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
        text("customer_id", "The customer", required=True),
        Column("day", "DATE", "The day (UTC)", required=True),
        count("sessions", "Sessions of the day", "sessions", required=True),
        count("faults", "Faults among them", "faults", required=True),
        real("score", "Experience index", "0-100", low=0, high=100, required=True),
        real("score_low", "Lower end of its 90 % interval", "0-100", low=0, high=100),
        real("score_high", "Upper end of its 90 % interval", "0-100", low=0, high=100),
        text("top_cause_id", "Cause that cost most that day; null when nothing was lost"),
        *(
            real(f"lost_to_{reason}", f"Points lost to {words}", "points", required=True)
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
        text(
            "status",
            "Whether the index is calibrated on stated satisfaction",
            required=True,
            choices=("calibrated", "uncalibrated"),
        ),
        count("contacts", "Contacts with a satisfaction and an index", "contacts", required=True),
        count("customers", "Customers among them", "customers", required=True),
        real("correlation", "Stated against predicted, on held-out customers", "-1..1"),
        real("correlation_low", "Lower end of its 90 % interval", "-1..1"),
        real("correlation_high", "Upper end of its 90 % interval", "-1..1"),
        share("explained_share", "Share of the variance explained, on held-out customers"),
    ),
)
SATISFACTION_BY_SCORE = Table(
    "satisfaction_by_score",
    "care",
    "What customers say at which experience index: the calibration plot; empty without contacts.",
    "score",
    (
        real("score", "Experience index, 5 points to either side", "0-100", required=True),
        count("contacts", "Contacts at it", "contacts", required=True),
        real("expected_satisfaction", "By the map; null when uncalibrated", "1-5"),
        real("stated_satisfaction", "Mean of what was said", "1-5"),
        real("stated_low", "Lower end of its 90 % interval", "1-5"),
        real("stated_high", "Upper end of its 90 % interval", "1-5"),
    ),
    key=("score",),
)
CUSTOMER_FIXES = Table(
    "customer_fixes",
    "care",
    "For each customer with faults: what to do, best first, and what not to try.",
    "customer_id, rank",
    (
        text("customer_id", "The customer", required=True),
        count("rank", "1 = best", "rank", required=True),
        text("cause_id", "The cause it acts against, or 'background'", required=True),
        text("fix_code", "Code of the fix in the playbook", required=True),
        text("fix", "What to do, in plain words", required=True),
        text("avoid", "What not to try, and why"),
        share("share", "Share of this customer's faults that the cause explains"),
        real("faults_avoided_30d", "Expected faults avoided in 30 days", "faults", low=0),
        real("low", "Lower end of the 90 % interval of their number", "faults", low=0),
        real("high", "Upper end of the 90 % interval of their number", "faults", low=0),
        text("confidence", "suspected, probable, confirmed, or not explained"),
        text("target_version", "Version to go to, when the fix is an update"),
        real("cost", "Cost of the fix by the playbook", "money", low=0),
        text("verdict", "After the fix: whether this customer got better", choices=VERDICTS),
        Column("verdict_on", "DATE", "Last day that the verdict rests on"),
        share(
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
        text("campaign_id", "Identity of cause, fix and target; stays", required=True),
        count("rank", "1 = most faults avoided net of friction", "rank", required=True),
        text("cause_id", "The cause it acts against", required=True),
        text("fix_code", "Code of the fix in the playbook", required=True),
        text("fix", "What to do, in plain words (the wording that most get)", required=True),
        text("target_version", "Version to go to, when the fix is an update"),
        count("customers", "Customers whose best fix it is", "customers", required=True),
        count("units", "Units that they use now", "units"),
        real("faults_avoided_30d", "Expected faults avoided in 30 days", "faults", low=0),
        real("low", "Lower end of its 90 % interval", "faults", low=0),
        real("high", "Upper end of its 90 % interval", "faults", low=0),
        real("cost", "Cost by the playbook", "money", low=0),
        real("cost_per_fault", "Cost for each fault avoided in 30 days", "money", low=0),
        real("expected_rate", "Faults a session to expect without the fix", "share", low=0),
        real("sessions_a_day", "Sessions of these customers a day", "sessions", low=0),
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
        text("campaign_id", "The campaign", required=True),
        count("stage", "1 = first", "1 = first", required=True),
        text("name", "canaries, or the share of customers", required=True),
        share("share", "Customers reached over all, those of earlier stages included"),
        count("customers", "The same as a number", "customers", required=True),
        count("minimum_sessions", "Sessions after the fix to wait for", "sessions"),
        real("minimum_days", "Days in which they are to be expected", "days", low=0),
        real("expected_faults", "Faults in them if the fix changes nothing", "faults", low=0),
        real("abort_rate_ratio", "Rise of the fault rate that is to be noticed", "ratio", low=1),
        count("abort_faults", "Faults in them at which to stop: too many for chance", "faults"),
    ),
    key=("campaign_id", "stage"),
)
