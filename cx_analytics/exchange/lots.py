"""The lots that a proposed hold is about, as the shop floor knows them.

Belongs here: which lots, and what kind of lot. Stays out: the messages (b2mml.py, cfx.py).
A line, a site or a supplier is no lot: it has no material package that a station could block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_COMPONENT = "_lot"


@dataclass(frozen=True)
class Lot:
    """A lot of units, or of the component named."""

    lot: str
    component: str | None = None

    @property
    def words(self) -> str:
        """What it is a lot of."""
        return f"lot of {self.component}" if self.component else "lot of units"


def held_lots(defect: Mapping[str, Any]) -> tuple[Lot, ...]:
    """The lots to hold: none unless a disposition is recommended and a condition names a lot.

    >>> hold = {"recommended_disposition": "needs_replacement"}
    >>> held_lots(hold | {"conditions": {"modem_lot": "M7", "device_model": "X"}})
    (Lot(lot='M7', component='modem'),)
    >>> held_lots(hold | {"conditions": {"line": "3"}})
    ()
    """
    if defect["recommended_disposition"] is None:
        return ()
    conditions = defect["conditions"]
    made = [Lot(conditions["lot"])] if "lot" in conditions else []
    built_in = [
        Lot(conditions[key], key.removesuffix(_COMPONENT))
        for key in sorted(conditions)
        if key.endswith(_COMPONENT)
    ]
    return (*made, *built_in)


def others(defect: Mapping[str, Any], lot: Lot) -> dict[str, str]:
    """The conditions beside the lot: the hold is about units that meet these as well."""
    own = f"{lot.component}{_COMPONENT}" if lot.component else "lot"
    return {key: value for key, value in sorted(defect["conditions"].items()) if key != own}
