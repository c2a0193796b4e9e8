"""The attributes that causes are made of, each with the domain that owns the repair.

Defaults follow the feeds; cx.toml may add names to a domain or leave some out. Components
add `<component>_lot` and `<component>_supplier` to the device domain by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Domain = Literal["device", "app", "network"]

DEFAULT_ATTRIBUTES: dict[Domain, tuple[str, ...]] = {
    "device": (
        "device_manufacturer",
        "device_model",
        "hardware_revision",
        "firmware_version",
        "os_version",
        "lot",
        "site",
        "line",
    ),
    "app": ("app_name", "app_version"),
    "network": (
        "carrier_mcc",
        "carrier_mnc",
        "network_type",
        "cell_id",
        "site_id",
        "region",
        "vendor",
        "band",
        "software_release",
    ),
}


@dataclass(frozen=True, order=True)
class Attribute:
    """One attribute: its column in `sessions` and the domain that owns a fault of it."""

    name: str
    domain: Domain


def cause_domain(conditions: Iterable[str], domain_of: Mapping[str, Domain]) -> str:
    """The domain of a cause with these condition keys.

    A customer's own trouble is `customer`, a single broken unit is `device`; shared causes
    have the domain of their attributes, or `interaction` when these lie in several.

    >>> domain_of = {"app_version": "app", "device_model": "device", "lot": "device"}
    >>> cause_domain(["app_version", "device_model"], domain_of)
    'interaction'
    >>> cause_domain(["device_model", "lot"], domain_of)
    'device'
    >>> cause_domain(["customer_id", "cell_id"], domain_of)
    'customer'
    >>> cause_domain(["unit_id"], domain_of)
    'device'
    """
    keys = set(conditions)
    if "customer_id" in keys:
        return "customer"
    if "unit_id" in keys:
        return "device"
    domains = {domain_of[key] for key in keys}
    return domains.pop() if len(domains) == 1 else "interaction"
