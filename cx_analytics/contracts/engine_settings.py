"""[engine] of cx.toml: where SQL runs, read and checked.

Belongs here: what can be meant. Stays out: whether the engine is installed (engine/).
"""

from __future__ import annotations

import re

from cx_analytics.contracts.errors import SettingsError, did_you_mean
from cx_analytics.contracts.sections import Section
from cx_analytics.contracts.settings import ENGINES, Engine

_MEMORY = re.compile(r"\d+(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)


def engine_settings(section: Section, where: str) -> Engine:
    """The engine that a section asks for; SettingsError when it cannot be meant."""
    base = Engine()
    engine = Engine(
        kind=section.take("kind", str, base.kind),
        master=section.take("master", str, base.master),
        memory_limit=section.take("memory_limit", str, base.memory_limit),
        threads=section.take("threads", int, base.threads),
        spill=section.take("spill", str, base.spill),
        options=section.take("options", dict, {}),
    )
    section.done(("kind", "master", "memory_limit", "threads", "spill", "options"))
    for wrong, what, todo in _mistakes(engine):
        if wrong:
            raise SettingsError(f"[engine] {what}", where=where, todo=todo)
    return engine


def _mistakes(engine: Engine) -> list[tuple[bool, str, str]]:
    no_text = [name for name, value in engine.options.items() if not isinstance(value, str)]
    foreign = [name for name in engine.options if not name.startswith("spark.")]
    for_spark = engine.kind != "spark" and bool(engine.master or engine.options)
    return [
        (
            engine.kind not in ENGINES,
            f"kind = {engine.kind!r} is no engine",
            did_you_mean(engine.kind, ENGINES),
        ),
        (for_spark, "master and options are Spark's", 'write kind = "spark"'),
        (bool(no_text), f"options must hold texts: {no_text[:1]}", "put the value in quotes"),
        (
            bool(foreign),
            f"options has {foreign[:1]}, which is no setting of Spark",
            'write "spark.executor.memory" = "8g"',
        ),
        (
            engine.threads is not None and engine.threads < 1,
            "threads must be at least 1",
            "leave it out",
        ),
        (
            not _MEMORY.fullmatch(engine.memory_limit),
            f"memory_limit = {engine.memory_limit!r} is no amount of memory",
            'write "2GB"',
        ),
    ]
