"""Tables of attribution: causes, what each explains, and their rivals."""

from __future__ import annotations

from cx_analytics.contracts.model import Column, Table
from cx_analytics.contracts.tables.columns import count, real, share, text, time
from cx_analytics.contracts.words import CAUSE_KINDS, CAUSE_STATUS, DOMAINS, LIMIT_KINDS

CAUSE_COLUMNS = (
    text("cause_id", "Identity of the cause; stays from run to run", required=True),
    text("kind", "Shared by many, or one individual's", required=True, choices=CAUSE_KINDS),
    text("domain", "Who owns the repair", required=True, choices=DOMAINS),
    Column(
        "conditions",
        "MAP(VARCHAR, VARCHAR)",
        "Attribute values that together make the cause",
        required=True,
    ),
    text("label", "The conditions as text, keys in alphabetical order", required=True),
    time("valid_from", "Onset; null = before the data"),
    time("valid_to", "End (exclusive); null = still open"),
    Column("first_reported_on", "DATE", "The day whose run first said so", required=True),
    count("sessions", "Sessions under the conditions in the window", "sessions", required=True),
    count("faults", "Faults among them", "faults", required=True),
    real("expected_faults", "Faults expected had the cause not been there", "faults", low=0),
    real("excess_faults", "Faults that the cause explains", "faults"),
    real("excess_low", "Lower end of the 90 % interval of the excess", "faults"),
    real("excess_high", "Upper end of the 90 % interval of the excess", "faults"),
    real("rate_ratio", "Fault rate with the cause over that without", "ratio", low=0),
    real("rate_ratio_low", "Lower end of its 90 % interval", "ratio", low=0),
    real("rate_ratio_high", "Upper end of its 90 % interval", "ratio", low=0),
    real("evidence", "How much the data speak for the cause beyond the price of saying so", "nats"),
    share("probability", "Probability that the cause is real (calibrated)", required=True),
    count("customers", "Customers with a fault under it", "customers"),
    count("units", "Units with a fault under it", "units"),
    text("status", "Where the cause stands", required=True, choices=CAUSE_STATUS),
    text("evidence_sql", "Query that counts its sessions and faults again", required=True),
)

CAUSES = Table(
    "causes",
    "attribute",
    "One row per root cause, as of the last day processed.",
    "cause_id",
    CAUSE_COLUMNS,
    key=("cause_id",),
)
CAUSES_HISTORY = Table(
    "causes_history",
    "attribute",
    "The causes as each daily run said them.",
    "as_of, cause_id",
    (Column("as_of", "DATE", "The day whose run said it", required=True), *CAUSE_COLUMNS),
    key=("as_of", "cause_id"),
    day="as_of",
)
FAULT_CAUSES = Table(
    "fault_causes",
    "attribute",
    "What explains each fault: the shares of one fault add up to 1.",
    "session_id, cause_id",
    (
        text("session_id", "The faulty session", required=True),
        text("cause_id", "A cause, or 'background'", required=True),
        share("share", "Responsibility of the cause for this fault", required=True),
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
        text("cause_id", "The cause", required=True),
        text("rival", "Conditions of the rival, as a label", required=True),
        real("nats_behind", "How much less the data speak for the rival", "nats"),
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
        text("label", "The lot, as a condition", required=True),
        count("sessions", "Its sessions in the window", "sessions", required=True),
        count("faults", "Faults among them", "faults", required=True),
        real("expected_faults", "Faults that the background brings", "faults", low=0),
        real("evidence", "Shiryaev-Roberts statistic; an alarm when it is very large", low=0),
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
        count("rank", "1 = most misleading", "rank", required=True),
        text("subject", "Attribute or metric; several by comma", required=True),
        text("kind", "What is wrong with it", required=True, choices=LIMIT_KINDS),
        Column("conditions", "MAP(VARCHAR, VARCHAR)", "Where the metric is wrong; null = anywhere"),
        count("values", "Different values of the subject there", "values"),
        count("values_with_one_customer", "Values that one customer alone met", "values"),
        count("sessions", "Sessions that it concerns", "sessions", required=True),
        share("share", "Their share of all sessions of the window", required=True),
        text("statement", "One sentence with the numbers", required=True),
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
        count("days", "Days up to it that are looked at together", "days", required=True),
        Column(
            "conditions",
            "MAP(VARCHAR, VARCHAR)",
            "What the contacts of the rise have in common; empty = no kind stands out",
            required=True,
        ),
        text("label", "The conditions as text, or 'all contacts'", required=True),
        count("contacts", "Contacts in those days", "contacts", required=True),
        real("expected", "Contacts that past weeks let expect", "contacts", low=0, required=True),
        real("ratio", "Contacts over expected ones", "ratio", low=0, required=True),
        real("excess", "Contacts beyond the expected ones", "contacts", required=True),
        real(
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
