"""Settings that stages take as arguments: sources, metrics of experience, guard rails, exchange.

Belongs here: their shape, and what they may name. Stays out: reading them (workspace.py does,
once, at the edge).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HIDEABLE = ("customer_id", "unit_id", "component_serial")
"""Identity columns that [privacy] pseudonyms may name: they follow a person, or what one has.

A cell is equipment that network people must find by its id, and a session or contact names
nobody once its customer is a pseudonym.
"""


@dataclass(frozen=True)
class Source:
    """Foreign data that enters a feed: which files, and SQL expressions per column.

    `files` are globs relative to the workspace (absolute paths are taken as they are).
    `columns` maps a column of the feed (or a new attribute or metric) to a SQL expression
    over the file's columns, all text for CSV. `where` keeps the rows for which it is true.
    """

    name: str
    feed: str
    files: tuple[str, ...]
    format: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class Metric:
    """A measure of experience: 100 points at `good` or better, 0 at `bad` or worse."""

    name: str
    column: str
    unit: str
    good: float
    bad: float
    weight: float = 1.0

    @property
    def bigger_is_better(self) -> bool:
        return self.good > self.bad


PLAUSIBLE: Mapping[str, tuple[float, float]] = {"signal_dbm": (-156.0, -20.0)}
"""Lowest and highest reading that can be true, by column of sessions, beside what contracts demand.

A value outside is kept and named, where a contract would send the row to quarantine: the session
took place. Of received power: RSRP is reported from -156 dBm (3GPP TS 38.133, table 10.1.6.1-1),
and a phone right beside a Wi-Fi access point reads about -20.
"""


ENGINES = ("duckdb", "spark")


@dataclass(frozen=True)
class Engine:
    """Where SQL runs, and what it may take. No result depends on it.

    Attributes
    ----------
    kind : one of ENGINES. On "spark" the models that read sessions run on the cluster, and
        what is small beside them still in DuckDB.
    master : the cluster, as Spark writes it; empty = this machine, with `threads` of it.
    memory_limit : memory of DuckDB, and of Spark's driver.
    threads : None takes every core of this machine.
    spill : folder for what does not fit into memory; empty = inside the workspace.
    options : further settings of Spark, by their own names.
    """

    kind: str = "duckdb"
    master: str = ""
    memory_limit: str = "2GB"
    threads: int | None = None
    spill: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def memory_bytes(self) -> int:
        """`memory_limit` as a number; a kilobyte is taken for a kibibyte.

        >>> Engine(memory_limit="1.5 GB").memory_bytes
        1610612736
        """
        text = self.memory_limit.rstrip("iIbB")
        return int(float(text[:-1]) * 1024 ** ("KMGT".index(text[-1].upper()) + 1))


@dataclass(frozen=True)
class Exchange:
    """How packs are sent. No secret is a setting: an environment variable or a file has it."""

    secret_env: str = "CX_EXCHANGE_SECRET"
    secret_file: str | None = None
    username: str | None = None
    password_env: str = "CX_EXCHANGE_PASSWORD"
    password_file: str | None = None
    ca_file: str | None = None
    timeout_s: float = 10.0
    tries: int = 5
    backoff_s: float = 1.0


@dataclass(frozen=True)
class Rails:
    """Guard rails of automatic adjustment: data, not code. Default: propose only.

    `maximum_crash_share` and `…_per_model` are shares of user-days; the defaults are what Android
    vitals publishes as bad behaviour. `crash_codes` are the fault codes that users see as a crash.
    """

    automatic: bool = False
    minimum_units: int = 30
    minimum_probability: float = 0.95
    maximum_units: int = 1000
    maximum_production_share: float = 0.05
    expires_after_days: int = 14
    second_person: bool = True
    approvers: tuple[str, ...] = ()
    dry_run: bool = False
    crash_codes: tuple[str, ...] = ("app_crash", "crash", "anr")
    maximum_crash_share: float = 0.0109
    maximum_crash_share_per_model: float = 0.08

    @property
    def crash_limits(self) -> tuple[float, float]:
        """The limits overall and on one model."""
        return self.maximum_crash_share, self.maximum_crash_share_per_model
