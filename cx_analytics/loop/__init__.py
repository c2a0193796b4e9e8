"""What was decided and done, and whether it holds: the ledger of actions and the watch.

Belongs here: the append-only ledger with its guard rails, actions, recurrences of fixed causes.
Stays out: proposals themselves (factory, care) and their delivery (exchange).
"""

from cx_analytics.loop.entry import Entry, Proposal, verify
from cx_analytics.loop.ledger import decide, propose, state
from cx_analytics.loop.ledger_file import append, read_ledger
from cx_analytics.loop.rails import AUTOMATIC, over_blast_radius
from cx_analytics.loop.tables import action_effects, actions_table, ledger_table
from cx_analytics.loop.watch import recurrences, watched

__all__ = [
    "AUTOMATIC",
    "Entry",
    "Proposal",
    "action_effects",
    "actions_table",
    "append",
    "decide",
    "ledger_table",
    "over_blast_radius",
    "propose",
    "read_ledger",
    "recurrences",
    "state",
    "verify",
    "watched",
]
