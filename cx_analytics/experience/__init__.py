"""From a session to how it felt: its surroundings joined, and one score from 0 to 100.

The joins are the SQL model `experience/sessions`, the additive customer days
`experience/customer_days`; here is what their SQL cannot say alone.
"""

from cx_analytics.experience.components import NAMES_SQL, components_sql
from cx_analytics.experience.score import score_sql, scored_sql

__all__ = ["NAMES_SQL", "components_sql", "score_sql", "scored_sql"]
