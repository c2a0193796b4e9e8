"""What people look at: pictures as Vega-Lite and pages that need nothing but themselves.

Frames come in (the models in sql/report/ give them), bytes and text go out. Nothing here
names a customer or a single unit, and no page makes a request.
"""

from cx_analytics.report.defect_plots import defect_by_day, sister_rates
from cx_analytics.report.page import Picture, summary_page
from cx_analytics.report.plots import (
    causes_forest,
    data_uri,
    experience_over_time,
    faults_by_day,
    png,
    satisfaction_by_score,
    svg,
)

__all__ = [
    "Picture",
    "causes_forest",
    "data_uri",
    "defect_by_day",
    "experience_over_time",
    "faults_by_day",
    "png",
    "satisfaction_by_score",
    "sister_rates",
    "summary_page",
    "svg",
]
