"""From causes to people: each customer's experience, and the one fix that helps.

`customer_experience` scores customer days and says to what the rest was lost;
`customer_fixes` lets the playbook answer each customer's causes. What touches every session is
SQL (sql/experience/customer_days, sql/care/*, `exposure_sql`); everything here is small.
"""

from cx_analytics.care.calibration import REACH_DAYS, Calibration, calibrate
from cx_analytics.care.campaigns import campaign_stages, fix_campaigns
from cx_analytics.care.coming import LATE
from cx_analytics.care.evidence import CareEvidence
from cx_analytics.care.exposure import exposure_sql, individual_causes
from cx_analytics.care.fixes import customer_fixes
from cx_analytics.care.index import ExperienceIndex, customer_experience
from cx_analytics.care.playbook import Playbook
from cx_analytics.care.playbook_toml import default_playbook, parse_playbook
from cx_analytics.care.verdicts import with_verdicts
from cx_analytics.care.versions import better_versions

__all__ = [
    "LATE",
    "REACH_DAYS",
    "Calibration",
    "CareEvidence",
    "ExperienceIndex",
    "Playbook",
    "better_versions",
    "calibrate",
    "campaign_stages",
    "customer_experience",
    "customer_fixes",
    "default_playbook",
    "exposure_sql",
    "fix_campaigns",
    "individual_causes",
    "parse_playbook",
    "with_verdicts",
]
