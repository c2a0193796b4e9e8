"""What was decided and done, whether it worked and whether it holds: ledger, effects, watch.

Belongs here: the append-only ledger with its guard rails, actions and what they did, recurrences of
fixed causes.
Stays out: proposals themselves (factory, care) and their delivery (exchange).
"""

from cx_analytics.loop.acts import LEAST_SHARE, Act, acts_of, incidents_of
from cx_analytics.loop.automatic import automatic_entry
from cx_analytics.loop.calendar import Calendar
from cx_analytics.loop.cohorts import Cohorts
from cx_analytics.loop.entry import Entry, Proposal, verify
from cx_analytics.loop.exposed import MOST_CONDITIONS, Exposed
from cx_analytics.loop.judge import (
    Comparison,
    Judged,
    comparison_of,
    effects_table,
    expects_more,
    groups_of,
    judged,
    not_judged,
    reached_frame,
    verdicts_table,
)
from cx_analytics.loop.ledger import decide, propose, state
from cx_analytics.loop.ledger_file import append, append_all, read_ledger
from cx_analytics.loop.proposals import proposals, proposals_table
from cx_analytics.loop.rails import AUTOMATIC, over_blast_radius
from cx_analytics.loop.releases import new_releases, release_limits, stages
from cx_analytics.loop.tables import actions_table, ledger_table
from cx_analytics.loop.upkeep import Finding, finding, findings, owed
from cx_analytics.loop.watch import DAYS_SCHEMA, Watch, recurrences, say_recurred, watched

__all__ = [
    "AUTOMATIC",
    "Act",
    "Calendar",
    "Cohorts",
    "Comparison",
    "DAYS_SCHEMA",
    "Entry",
    "Finding",
    "Exposed",
    "Judged",
    "LEAST_SHARE",
    "MOST_CONDITIONS",
    "Proposal",
    "Watch",
    "actions_table",
    "acts_of",
    "append",
    "append_all",
    "automatic_entry",
    "comparison_of",
    "decide",
    "effects_table",
    "expects_more",
    "finding",
    "findings",
    "groups_of",
    "incidents_of",
    "judged",
    "ledger_table",
    "new_releases",
    "not_judged",
    "over_blast_radius",
    "owed",
    "proposals",
    "proposals_table",
    "propose",
    "reached_frame",
    "read_ledger",
    "recurrences",
    "release_limits",
    "say_recurred",
    "stages",
    "state",
    "verdicts_table",
    "verify",
    "watched",
]
