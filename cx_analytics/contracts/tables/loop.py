"""Tables of the loop: actions, their effects, the ledger and what came back."""

from __future__ import annotations

from cx_analytics.contracts.feeds import ACTIONS as ACTIONS_FEED
from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.tables.columns import count, real, share, text, time
from cx_analytics.contracts.words import ACTION_KINDS, PROPOSALS, VERDICTS

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
        text("action_id", "The action", required=True),
        real("estimate", "Fault rate with the action over that without", "ratio", low=0),
        real("low", "Lower end of its 90 % interval", "ratio", low=0),
        real("high", "Upper end of its 90 % interval", "ratio", low=0),
        real("faults_prevented", "Faults prevented in the days after", "faults"),
        real("prevented_low", "Lower end of its 90 % interval", "faults"),
        real("prevented_high", "Upper end of its 90 % interval", "faults"),
        share("smallest_effect", "Smallest reduction that would have been seen (80 % power)"),
        count("treated_sessions", "Sessions of those that it reached", "sessions"),
        count("control_sessions", "Sessions of those that it did not reach", "sessions"),
        count("days_before", "Days before that were compared", "days"),
        count("days_after", "Days after that were compared", "days"),
        text("verdict", "Whether it worked", required=True, choices=VERDICTS),
        text("method", "How it was estimated, or why not"),
        share("placebo_p", "Share of placebo groups and dates with as large an effect"),
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
        text("action_id", "The action", required=True),
        text("customer_id", "The customer", required=True),
        text("cause_id", "The cause that the action is against"),
        Column("listed", "BOOLEAN", "Whether the action lists whom it reached", required=True),
        Column("reached_on", "DATE", "First whole day after it reached them", required=True),
        count("sessions_before", "Own sessions before", "sessions"),
        count("faults_before", "Faults among them", "faults"),
        count("sessions_after", "Own sessions after", "sessions"),
        count("faults_after", "Faults among them", "faults"),
        real("estimate", "Own fault rate with the action over that without", "ratio", low=0),
        real("low", "Lower end of its 90 % interval", "ratio", low=0),
        real("high", "Upper end of its 90 % interval", "ratio", low=0),
        share("smallest_effect", "Smallest fall that could have been seen; null = none"),
        text("verdict", "Whether this customer got better", required=True, choices=VERDICTS),
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
        text("cause_id", "The cause", required=True),
        time("watched_since", "Since when"),
        count("exposed_sessions", "Sessions that could show it again", "sessions"),
        count("faults", "Faults among them", "faults"),
        real("expected_faults", "Faults expected without the cause", "faults", low=0),
        real("evidence", "e-value of a return", "e-value", low=0),
        time("alarmed_at", "When it was called recurred"),
    ),
    key=("cause_id",),
)
ACTION_LEDGER = Table(
    "action_ledger",
    "loop",
    "Every step of every action, append-only.",
    "entry",
    (
        count("entry", "Running number", "number", required=True),
        text("action_id", "The action", required=True),
        text("event", "proposed, approved, rejected, released, …", required=True),
        text("kind", "Kind of action"),
        text("cause_id", "The cause it is against"),
        text("defect_id", "The defect it is against"),
        text("subject", "What it acts on: lot=L1, unit_id=U1, …"),
        text("actor", "Who", required=True),
        time("at", "When", required=True),
        text("reason", "Why"),
        text("evidence", "Snapshot the decision rests on"),
        time("expires_at", "When it ends by itself"),
        count("units", "Units that the action touches", "units"),
        share("production_share", "Their share of all units made"),
        share("probability", "Probability of the cause when the entry was made"),
        text("verdict", "Of effect_known: whether it worked", choices=VERDICTS),
        text("digest", "SHA-256 over the entry and the digest before it"),
    ),
    key=("entry",),
)
RELEASE_LIMITS = Table(
    "release_limits",
    "loop",
    "Releases of the last four weeks beside the release before them at the same adoption stage "
    "(as many days after its own release), against the limits of the guard rails.",
    "app_name, app_version, device_model",
    (
        text("app_name", "The app", required=True),
        text("app_version", "The release, of the trusted list", required=True),
        text("device_model", "The model; null = all, each model weighing the same for both"),
        time("released_at", "When it was released", required=True),
        count("stage_days", "Days since, whose sessions count", "days"),
        count("customers", "Customers who use it", "customers"),
        count("units", "Units that run it", "units"),
        count("user_days", "Customers on a day with a session on it", "user-days"),
        count("crash_days", "Those of them with a crash", "user-days"),
        share("crash_share", "Share of user-days with a crash"),
        share("low", "Lower end of its 90 % interval"),
        share("high", "Upper end of its 90 % interval"),
        share("limit_share", "What the guard rails allow"),
        text("previous_version", "The release before; null = none"),
        count("previous_user_days", "Its user-days at the same stage; 0 = before the data"),
        share("previous_crash_share", "Share of them with a crash"),
        real("ratio", "Crash share over that of the release before", "ratio", low=0),
        real("ratio_low", "Lower end of its 90 % interval", "ratio", low=0),
        real("ratio_high", "Upper end of its 90 % interval", "ratio", low=0),
        share("chance_wrong", "Chance that stopping it is wrong: within the limit, or no worse"),
    ),
)
ACTION_PROPOSALS = Table(
    "action_proposals",
    "loop",
    "What could be done against open causes, within the minima of the guard rails; for people to "
    "decide.",
    "action_id",
    (
        text("action_id", "The action, as the ledger would call it", required=True),
        text("proposal", "What to do", required=True, choices=PROPOSALS),
        text("kind", "Kind of action in the ledger", required=True, choices=ACTION_KINDS),
        text("subject", "What it acts on: app_version=5.2.0, line=A, lot=L1, …", required=True),
        text("cause_id", "The cause it is against"),
        text("defect_id", "The defect it is against"),
        text("reason", "Why"),
        count("sample", "Units or customers that the claim rests on", "units or customers"),
        share("chance_wrong", "Chance that the cause is none"),
        count("units", "Units that the action touches", "units"),
        share("production_share", "Their share of all units made"),
        text(
            "obstacle",
            "Why it is not done automatically; null = it may be, as far as the blast radius of all "
            "that holds automatically goes",
        ),
        text("undo", "What taking it back means"),
    ),
    key=("action_id",),
)
