"""Every asset, in the order of the flow: the graph of the product."""

from __future__ import annotations

import dagster as dg

from cx_analytics.defs.attribution import attribution_assets
from cx_analytics.defs.backtests import factory_backtests
from cx_analytics.defs.care import (
    customer_experience,
    customer_fixes,
    fix_campaign_stages,
    fix_campaigns,
    satisfaction_fit,
)
from cx_analytics.defs.contacts import contact_shifts
from cx_analytics.defs.effects import action_effects
from cx_analytics.defs.experience import sessions_asset
from cx_analytics.defs.factory import (
    defect_lives,
    defects,
    feedback_packs,
    unit_holds,
    unit_risk,
)
from cx_analytics.defs.ingest import FEED_ASSETS
from cx_analytics.defs.ledger import action_ledger, action_proposals, release_limits
from cx_analytics.defs.limits import data_limits
from cx_analytics.defs.loop import actions, recurrences
from cx_analytics.defs.months import unit_months
from cx_analytics.defs.publish import warehouse
from cx_analytics.defs.references import references
from cx_analytics.defs.report import report
from cx_analytics.defs.step_page import step_page
from cx_analytics.defs.supply import case_genealogy, step_map, step_time_issues, step_times
from cx_analytics.defs.waste import rejects_traced, step_field_faults, step_waste


def all_assets(days: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The assets of a workspace whose days are partitioned so."""
    return [
        *FEED_ASSETS,
        references,
        sessions_asset(days),
        unit_months,
        *attribution_assets(days),
        data_limits,
        contact_shifts,
        customer_experience,
        satisfaction_fit,
        customer_fixes,
        fix_campaigns,
        fix_campaign_stages,
        defects,
        defect_lives,
        unit_risk,
        factory_backtests,
        unit_holds,
        feedback_packs,
        release_limits,
        action_proposals,
        action_ledger,
        actions,
        action_effects,
        recurrences,
        step_times,
        step_time_issues,
        case_genealogy,
        rejects_traced,
        step_field_faults,
        step_map,
        step_waste,
        step_page,
        warehouse,
        report,
    ]
