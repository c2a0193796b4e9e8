"""Contacts have no exposure: rises against their own past weeks, and what carries them.

history (arrays) -> forecast (what is to be expected) -> shifts (what deviates, by localisation).
"""

from cx_analytics.attribute.contacts.shifts import REACH_DAYS, contact_shifts

__all__ = ["REACH_DAYS", "contact_shifts"]
