"""Production events → how long each step worked and waited, why, and what it wastes.

The SQL models in sql/supply/ do the counting; this package holds what they are asked with and
what is made of their counts:

    step_times      rows of the model supply/step_times, asked with `CalendarRule`
    step_map        rows of the model supply/step_map, with costs by the rates of cx.toml

They read the relations `event` (feed production_events), `step_time` (table step_times) and
`field_fault` (model supply/field_faults, or `no_field_faults()` while the field is silent).
"""

from cx_analytics.supply.stepmap import RATES, no_field_faults, step_map
from cx_analytics.supply.times import CalendarRule

__all__ = ["CalendarRule", "RATES", "no_field_faults", "step_map"]
