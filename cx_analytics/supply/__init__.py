"""Production events → how long each step worked and waited, why, and what it wastes.

The SQL models in sql/supply/ do the counting; this package holds what they are asked with and
what is made of their counts:

    step_times      rows of the model supply/step_times, on the relations of `STAGES`, asked for
                    with `CalendarRule`
    step_map        rows of the model supply/step_map, with costs by the rates of cx.toml
    reject_causes   what `search` makes of a `scan` of looks and the work before them
    step_defects    rejects by the step that made them, from `made_rejects`
    step_field_faults   the same for faults in the field, which is one more look at the work
    step_waste      waiting, rework and rejects in money, with what can be saved
    replaying       the log again, with a change: what would it do? (step_times → a comparison)

They read the relations `event` (feed production_events), `step_time` (table step_times) and
`field_fault` (model supply/field_faults, or `no_field_faults()` while the field is silent).
"""

from cx_analytics.supply.calendar import given_hours, no_given_hours
from cx_analytics.supply.field import (
    MADE_FAULTS,
    field_wastes,
    left_faults,
    made_faults,
    step_field_faults,
)
from cx_analytics.supply.inspections import recognise
from cx_analytics.supply.makers import reject_causes
from cx_analytics.supply.passes import (
    FIELD_LOOKS,
    LOOKS,
    PASSES,
    SEEN,
    SHORT,
    TRACED,
    short_tables,
)
from cx_analytics.supply.places import places
from cx_analytics.supply.rejects import MADE_REJECTS, made_rejects, step_defects
from cx_analytics.supply.retractions import RETRACTED, retracted_events
from cx_analytics.supply.scan import scan
from cx_analytics.supply.search import search
from cx_analytics.supply.stepmap import RATES, no_field_faults, step_map
from cx_analytics.supply.times import LEFT, SKEW, STAGES, USED_UP, WORDS, CalendarRule
from cx_analytics.supply.wastes import step_waste

__all__ = [
    "CalendarRule",
    "FIELD_LOOKS",
    "LEFT",
    "LOOKS",
    "MADE_FAULTS",
    "MADE_REJECTS",
    "PASSES",
    "RATES",
    "RETRACTED",
    "SEEN",
    "SHORT",
    "SKEW",
    "STAGES",
    "TRACED",
    "USED_UP",
    "WORDS",
    "field_wastes",
    "given_hours",
    "left_faults",
    "made_faults",
    "made_rejects",
    "no_field_faults",
    "no_given_hours",
    "places",
    "recognise",
    "reject_causes",
    "retracted_events",
    "scan",
    "search",
    "short_tables",
    "step_defects",
    "step_field_faults",
    "step_map",
    "step_waste",
]
