"""A workspace: its folders and its settings (cx.toml), typed, read once at the edge.

Belongs here: reading cx.toml into frozen values, with an error for what cannot be used.
Stays out: what the settings do. Nothing outside the workspace's folder is ever written.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from math import inf, isfinite
from pathlib import Path
from typing import Any, get_args

from cx_analytics.contracts.attributes import DEFAULT_ATTRIBUTES, Attribute, Domain
from cx_analytics.contracts.calendar import Calendar, parse_calendar
from cx_analytics.contracts.engine_settings import engine_settings
from cx_analytics.contracts.errors import NotFound, SettingsError, did_you_mean
from cx_analytics.contracts.feeds import COMPONENT_COLUMNS, FEEDS
from cx_analytics.contracts.production import Supply, parse_supply
from cx_analytics.contracts.sections import Section
from cx_analytics.contracts.settings import (
    HIDEABLE,
    PLAUSIBLE,
    Engine,
    Exchange,
    Metric,
    Rails,
    Source,
)

FORMATS = ("parquet", "csv", "ndjson", "json", "auto")


@dataclass(frozen=True)
class Settings:
    """cx.toml, typed. Every field has a default: an empty cx.toml is a valid one."""

    name: str = "product"
    window_days: int = 28
    rest_s: float = 2.0
    attributes: Mapping[Domain, tuple[str, ...]] = field(default_factory=lambda: DEFAULT_ATTRIBUTES)
    ignored_attributes: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = (
        Metric("latency", "latency_ms", "ms", good=100, bad=1000),
        Metric("opinion", "mos", "1-5", good=4.0, bad=2.0),
    )
    extra_metrics: tuple[str, ...] = ()
    plausible: Mapping[str, tuple[float, float]] = field(default_factory=lambda: PLAUSIBLE)
    fault_severity: Mapping[str, float] = field(default_factory=dict)
    default_severity: float = 0.8
    sources: tuple[Source, ...] = ()
    rails: Rails = field(default_factory=Rails)
    costs: Mapping[str, float] = field(default_factory=dict)
    supply: Supply = field(default_factory=Supply)
    calendar: Calendar = field(default_factory=Calendar)
    engine: Engine = field(default_factory=Engine)
    pseudonyms: tuple[str, ...] = ()
    exchange: Exchange = field(default_factory=Exchange)

    @property
    def extra_columns(self) -> dict[str, str]:
        """Columns that sessions may bring beyond their feed, with their type.

        Attributes that units or cells would give otherwise (a source may know the band itself),
        attributes and metrics that cx.toml names.
        """
        known = set(FEEDS["sessions"].names)
        attributes = {name for names in self.attributes.values() for name in names}
        metrics = {metric.column for metric in self.metrics} | set(self.extra_metrics)
        texts = dict.fromkeys(sorted(attributes - known), "VARCHAR")
        return texts | dict.fromkeys(sorted(metrics - known - attributes), "DOUBLE")

    def attributes_in(self, columns: Mapping[str, object] | list[str]) -> tuple[Attribute, ...]:
        """The attributes that a sessions relation with these columns can be asked about.

        Component columns (`<component>_lot`, `<component>_supplier`) are the device's.
        """
        found = {
            name: Attribute(name, domain)
            for domain, names in self.attributes.items()
            for name in names
            if name in columns
        }
        for name in columns:
            component, _, last = name.rpartition("_")
            if name not in found and component and last in COMPONENT_COLUMNS:
                found[name] = Attribute(name, "device")
        return tuple(sorted(found[name] for name in found if name not in self.ignored_attributes))

    def metrics_in(self, columns: Iterable[str]) -> dict[str, tuple[float | None, float | None]]:
        """The numeric columns of such a relation, with what their readings may truly be."""
        contract = {one.name: one for one in FEEDS["sessions"].columns if one.type == "DOUBLE"}
        named = {*contract, *(metric.column for metric in self.metrics), *self.extra_metrics}
        bounds: dict[str, tuple[float | None, float | None]] = {
            name: (contract[name].low, contract[name].high) if name in contract else (None, None)
            for name in sorted(named & {*columns})
        }
        return bounds | {name: ends for name, ends in self.plausible.items() if name in bounds}

    @property
    def fingerprint(self) -> str:
        """A digest that changes when any setting does that a result could depend on."""
        values = asdict(replace(self, exchange=Exchange(), engine=Engine()))
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Workspace:
    """The folders of one product's world, and its settings."""

    root: Path
    settings: Settings

    @classmethod
    def open(cls, root: str | Path) -> Workspace:
        """Read a workspace; NotFound when there is none, SettingsError when cx.toml is off."""
        folder = Path(root).resolve()
        file = folder / "cx.toml"
        if not file.is_file():
            raise NotFound(
                "this is no workspace: it has no cx.toml",
                where=str(root),
                todo=f"make one with 'cx init {root}'",
            )
        try:
            raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"this is no valid TOML: {error}", where=str(file), todo="mend that line"
            ) from error
        return cls(folder, parse_settings(raw, where=str(file)))

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def database(self) -> Path:
        return self.warehouse / "cx.duckdb"

    @property
    def parts(self) -> Path:
        """Derived day partitions from which the warehouse is published."""
        return self.warehouse / "parts"

    def spill(self, purpose: str = "") -> Path:
        """A folder of its own for what does not fit into memory: who uses it empties it first."""
        name = f".spill-{purpose}".removesuffix("-")
        if not self.settings.engine.spill:
            return self.warehouse / name
        own = hashlib.sha256(str(self.root).encode()).hexdigest()[:12]
        return self.root / self.settings.engine.spill / f"cx-{own}" / name

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"

    @property
    def pseudonym_key(self) -> Path:
        """The key of pseudonyms: apart from all that is copied, queried or handed over."""
        return self.root / "keys" / "pseudonym.key"

    @property
    def ledger(self) -> Path:
        """The append-only ledger of actions; survives any rebuild of lake and warehouse."""
        return self.root / "ledger.ndjson"


def parse_settings(raw: Mapping[str, Any], *, where: str = "cx.toml") -> Settings:
    """Settings from the parsed TOML; SettingsError names the first thing that is off."""
    top = Section(raw, "cx.toml", where)

    known = ["metrics", "sources"]

    def section(name: str) -> Section:
        known.append(name)
        return Section(top.values.pop(name, {}), name, where)

    product, rails = section("product"), section("guard_rails")
    attributes, severity = section("attributes"), section("fault_severity")
    base = Settings()
    settings = Settings(
        name=product.take("name", str, base.name),
        window_days=product.take("window_days", int, base.window_days),
        rest_s=product.take("rest_s", float, base.rest_s),
        ignored_attributes=attributes.texts("ignore"),
        attributes=_attributes(attributes),
        metrics=_metrics(top, where) or base.metrics,
        extra_metrics=product.texts("extra_metrics"),
        plausible=_plausible(section("plausible")),
        default_severity=severity.take("default", float, base.default_severity),
        fault_severity=_numbers(severity),
        sources=_sources(top, where),
        rails=rails.record(Rails()),
        costs=_numbers(section("costs")),
        supply=parse_supply(section("supply")),
        calendar=parse_calendar(section("calendar")),
        engine=engine_settings(section("engine"), where),
        pseudonyms=_pseudonyms(section("privacy"), where),
        exchange=section("exchange").record(Exchange()),
    )
    product.done(("name", "window_days", "rest_s", "extra_metrics"))
    top.done(tuple(known))
    _check_ranges(settings, where)
    _check_columns(settings, where)
    return settings


def _check_ranges(settings: Settings, where: str) -> None:
    """Numbers that parse but cannot be meant."""
    rails, exchange = settings.rails, settings.exchange
    severities = (settings.default_severity, *settings.fault_severity.values())
    shares = (rails.minimum_probability, rails.maximum_production_share, *rails.crash_limits)
    counts = (rails.minimum_units, rails.maximum_units, rails.expires_after_days)
    weights = (metric.weight for metric in settings.metrics)
    ends = (end for metric in settings.metrics for end in (metric.good, metric.bad))
    wrong = (
        (settings.window_days < 1, "[product] window_days must be at least 1", "use 28"),
        (not 0 <= settings.rest_s < inf, "[product] rest_s must be 0 or more", "use 2"),
        (not _unit(severities), "[fault_severity] must lie between 0 and 1", "use 0.8"),
        (not _unit(shares), "[guard_rails] shares must lie between 0 and 1", "use 0.05"),
        (min(counts) < 0, "[guard_rails] numbers must be 0 or more", "use 30"),
        (exchange.tries < 1, "[exchange] tries must be at least 1", "use 5"),
        (not 0 < exchange.timeout_s < inf, "[exchange] timeout_s must be above 0", "use 10"),
        (not 0 <= exchange.backoff_s < inf, "[exchange] backoff_s must be 0 or more", "use 1"),
        (not all(0 < w < inf for w in weights), "[metrics] weight must be above 0", "use 1"),
        (not all(map(isfinite, ends)), "[metrics] good and bad must be finite", "give numbers"),
    )
    for breach, what, todo in wrong:
        if breach:
            raise SettingsError(what, where=where, todo=todo)


def _unit(values: Iterable[float]) -> bool:
    return all(0 <= value <= 1 for value in values)


def _check_columns(settings: Settings, where: str) -> None:
    """Each column of sessions has one role: one domain's attribute, or a number."""
    named = [name for names in settings.attributes.values() for name in names]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        what = f"[attributes] {twice[0]} is in two domains"
        raise SettingsError(what, where=where, todo="leave it in the domain that repairs it")
    ids = sorted({"session_id", "customer_id", "unit_id", "fault_code"} & set(named))
    if ids:
        what = f"[attributes] {ids[0]} is no attribute"
        raise SettingsError(what, where=where, todo="name columns that many sessions share")
    types = {column.name: column.type for column in FEEDS["sessions"].columns}
    numbers = (*settings.extra_metrics, *(metric.column for metric in settings.metrics))
    for name in numbers:
        if name in named or types.get(name, "DOUBLE") != "DOUBLE":
            what = f"{name} is named as a metric, but it is no number"
            raise SettingsError(what, where=where, todo="name a numeric column of sessions")
    readable = [name for name, kind in types.items() if kind == "DOUBLE"] + list(numbers)
    for name in settings.plausible:
        if name not in readable:
            what = f"[plausible] {name} is no metric of sessions"
            raise SettingsError(what, where=where, todo=did_you_mean(name, readable))


def _attributes(section: Section) -> dict[Domain, tuple[str, ...]]:
    domains: tuple[Domain, ...] = get_args(Domain)
    found = {
        domain: tuple(dict.fromkeys(DEFAULT_ATTRIBUTES[domain] + section.texts(domain)))
        for domain in domains
    }
    section.done((*domains, "ignore"))
    return found


def _numbers(section: Section) -> dict[str, float]:
    return {key: section.take(key, float, None) for key in list(section.values)}


def _plausible(section: Section) -> dict[str, tuple[float, float]]:
    """Column = [lowest, highest] reading that can be true, beside those known anyway."""
    return {**PLAUSIBLE} | {name: section.span(name) for name in list(section.values)}


def _metrics(top: Section, where: str) -> tuple[Metric, ...]:
    found = []
    for name, values in _tables(top, "metrics", where):
        one = Section(values, f"metrics.{name}", where)
        column = one.take("column", str, name)
        good, bad = one.take("good", float, None), one.take("bad", float, None)
        if good is None or bad is None or good == bad:
            raise SettingsError(
                f"[metrics.{name}] needs good and bad, and they must differ",
                where=where,
                todo="say where the metric is flawless and where unusable",
            )
        found.append(
            Metric(
                name,
                column,
                one.take("unit", str, ""),
                good,
                bad,
                one.take("weight", float, 1.0),
            )
        )
        one.done(("column", "unit", "good", "bad", "weight"))
    return tuple(found)


def _pseudonyms(section: Section, where: str) -> tuple[str, ...]:
    """Identity columns that are taken in as pseudonyms, in the order of the contract."""
    asked = section.texts("pseudonyms")
    section.done(("pseudonyms",))
    for column in asked:
        if column not in HIDEABLE:
            raise SettingsError(
                f"[privacy] pseudonyms names {column!r}, which cannot be a pseudonym",
                where=where,
                todo=did_you_mean(column, HIDEABLE),
            )
    return tuple(column for column in HIDEABLE if column in asked)


def _sources(top: Section, where: str) -> tuple[Source, ...]:
    found = []
    for name, values in _tables(top, "sources", where):
        one = Section(values, f"sources.{name}", where)
        feed = one.take("feed", str, "")
        if feed not in FEEDS:
            raise SettingsError(
                f"[sources.{name}] feed = {feed!r} is no feed",
                where=where,
                todo=did_you_mean(feed, FEEDS),
            )
        kind = one.take("format", str, "auto")
        if kind not in FORMATS:
            raise SettingsError(
                f"[sources.{name}] format = {kind!r} is not supported",
                where=where,
                todo=did_you_mean(kind, FORMATS),
            )
        columns = one.take("columns", dict, {})
        if not all(isinstance(sql, str) for sql in columns.values()):
            raise SettingsError(
                f"[sources.{name}.columns] must map names to SQL expressions in quotes",
                where=where,
                todo='write day = "1 + 1"',
            )
        files = one.texts("files")
        if not files:
            raise SettingsError(
                f"[sources.{name}] names no files", where=where, todo='files = ["data/*.csv"]'
            )
        found.append(
            Source(
                name,
                feed,
                files,
                kind,
                columns,
                one.take("where", str, None),
                one.take("delimiter", str, None),
            )
        )
        one.done(("feed", "files", "format", "columns", "where", "delimiter"))
    return tuple(found)


def _tables(top: Section, key: str, where: str) -> list[tuple[str, Any]]:
    values = top.values.pop(key, {})
    return list(Section(values, key, where).values.items())
