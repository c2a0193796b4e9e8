"""cx_analytics: from the telemetry of connected products to causes, fixes and defect messages.

The same in Python as on the command line:

    cx_analytics.run(workspace)        bring a workspace up to date (`cx run`)
    cx_analytics.connect(workspace)    a read-only DuckDB connection to what it published
    cx_analytics.attribute             find_causes and what it needs

Nothing is imported before it is used: the floors below must not depend on the ones above, and
`cx --help` must not wait for Dagster.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cx_analytics.pipeline import connect, run

__all__ = ["connect", "run"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("cx_analytics.pipeline"), name)
    if name == "attribute":
        return import_module("cx_analytics.attribute")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
