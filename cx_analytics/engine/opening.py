"""Which engine a workspace has: DuckDB on this machine, or Spark on a cluster.

Belongs here: choosing one by `[engine]` of cx.toml. Stays out: what is run on which (defs/).
Spark's packages are imported only when they are asked for.
"""

from __future__ import annotations

from pathlib import Path

from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.contracts.settings import Engine
from cx_analytics.engine.duck import Duck


def open_duck(settings: Engine, spill: Path) -> Duck:
    """DuckDB with what the workspace lets it take."""
    return Duck(spill=spill, memory_limit=settings.memory_limit, threads=settings.threads)


def open_cluster(settings: Engine, spill: Path) -> SqlEngine | None:
    """The engine of the models that read sessions; None when DuckDB runs them as well.

    CxError that says what to install, when it cannot run on this machine.
    """
    if settings.kind != "spark":
        return None
    check_engine(settings)
    from cx_analytics.engine.spark.engine import Spark

    return Spark(settings, spill=spill)


def check_engine(settings: Engine) -> None:
    """CxError that says what to install, when the engine cannot run on this machine."""
    if settings.kind == "spark":
        from cx_analytics.engine.spark.session import check_installed

        check_installed()
