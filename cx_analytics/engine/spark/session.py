"""The one connection of a process to Spark: what it needs, and how it is made.

Belongs here: Java, pyspark, the cluster's address and Spark's own settings. Stays out: queries.

A process has one: starting it takes seconds, so it stays until the process ends, and each
engine takes a session of its own in it (`newSession`: own views, shared executors).
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from cx_analytics.contracts.errors import CxError
from cx_analytics.contracts.settings import Engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LEAST_JAVA = 17
_WHERE = '[engine] kind = "spark"'
_LOGGING = Path(__file__).with_name("log4j2.properties")


def check_installed() -> None:
    """CxError that says what to install, when pyspark, sqlglot or Java is not there."""
    missing = [name for name in ("pyspark", "sqlglot") if find_spec(name) is None]
    if missing:
        raise CxError(
            f"this engine needs {' and '.join(missing)}, which is not installed",
            where=_WHERE,
            todo="install the extra: pip install 'cx-analytics[scale]'",
        )
    found = java_version()
    if found is None or found < LEAST_JAVA:
        has = f"only Java {found} is here" if found else "no Java was found"
        raise CxError(
            f"this engine needs Java {LEAST_JAVA} or later, and {has}",
            where=_WHERE,
            todo="install it (Debian: apt-get install openjdk-17-jre-headless), "
            "or name its folder in JAVA_HOME",
        )


def java_version() -> int | None:
    """The main version of the Java that Spark would take; None without one."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not java or not Path(java).is_file():
        return None
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    return int(found[1]) if found else None


def connect(settings: Engine, spill: Path) -> SparkSession:
    """A session of its own in this process's connection to Spark, made when there is none.

    Raises
    ------
    CxError : Spark cannot be started, or was started for another cluster.
    """
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession() or SparkSession._instantiatedSession
    if running is not None and not running.sparkContext._jsc.sc().isStopped():
        return _same(running, settings).newSession()
    # What goes wrong in a query is in the exception; pyspark would print it as JSON besides.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    with quiet():
        builder = SparkSession.builder.master(_master(settings)).appName("cx-analytics")
        for name, value in configuration(settings, spill).items():
            builder = builder.config(name, value)
        try:
            session = builder.getOrCreate()
        except Exception as error:
            raise CxError(
                f"Spark did not start: {str(error).splitlines()[0]}",
                where=f'[engine] master = "{_master(settings)}"',
                todo="see that the address and the options are right",
            ) from error
    atexit.register(session.stop)
    return session.newSession()


def _same(running: SparkSession, settings: Engine) -> SparkSession:
    if running.sparkContext.master != _master(settings):
        raise CxError(
            f"this process is already connected to {running.sparkContext.master}",
            where=f'[engine] master = "{_master(settings)}"',
            todo="start another process for another cluster",
        )
    return running


def _master(settings: Engine) -> str:
    return settings.master or f"local[{settings.threads or '*'}]"


def configuration(settings: Engine, spill: Path) -> dict[str, str]:
    """Spark's settings: what the models rest on, then what the workspace asks for."""
    wanted = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": f"{max(1, settings.memory_bytes >> 20)}m",
        "spark.local.dir": str(spill),
        "spark.sql.shuffle.partitions": str(4 * (settings.threads or os.cpu_count() or 1)),
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    }
    if _master(settings).startswith("local"):
        # Nobody else has to reach the driver, and the machine's own name need not resolve.
        wanted |= dict.fromkeys(("spark.driver.host", "spark.driver.bindAddress"), "127.0.0.1")
    wanted |= dict(settings.options)
    java = "spark.driver.extraJavaOptions"
    asked = f"{wanted.get(java, '')} -Dlog4j2.configurationFile={_LOGGING.as_uri()}"
    wanted[java] = asked.strip()
    # What a model means must not depend on options.
    return wanted | {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.caseSensitive": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }


@contextmanager
def quiet() -> Iterator[None]:
    """pyspark warns of versions of pandas; no frame of pandas ever passes through here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
