"""cx.toml becomes typed settings, or an error that says what, where and what to do."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cx_analytics.contracts.attributes import Attribute
from cx_analytics.contracts.errors import NotFound, SettingsError
from cx_analytics.contracts.settings import Metric, Rails, Source
from cx_analytics.workspace import Settings, Workspace, parse_settings

SURROUNDINGS = dict.fromkeys(
    ("band", "line", "lot", "region", "site", "site_id", "software_release", "vendor"), "VARCHAR"
)
"""What units and cells tell of a session; sessions may bring it themselves."""


def parse(text: str) -> Settings:
    return parse_settings(tomllib.loads(text))


def test_an_empty_file_is_valid() -> None:
    assert parse("") == Settings()


def test_every_section_is_read() -> None:
    settings = parse(
        """
        [product]
        name = "phone"
        window_days = 14
        rest_s = 5
        extra_metrics = ["jitter_ms"]
        [engine]
        memory_limit = "1.5 GB"
        threads = 1
        [attributes]
        network = ["province"]
        ignore = "os_version"
        [fault_severity]
        default = 0.5
        dropped = 1
        [metrics.jitter]
        column = "jitter_ms"
        unit = "ms"
        good = 5
        bad = 50
        [guard_rails]
        maximum_units = 10
        [costs]
        hour = 12.5
        [sources.bandwidth]
        feed = "sessions"
        files = "data/*.csv"
        columns = { download_kbps = "mbps * 1000" }
        """
    )
    assert (settings.name, settings.window_days, settings.rest_s) == ("phone", 14, 5.0)
    assert (settings.engine.memory_limit, settings.engine.threads) == ("1.5 GB", 1)
    assert settings.attributes["network"][-1] == "province"
    assert (settings.default_severity, settings.fault_severity) == (0.5, {"dropped": 1.0})
    assert settings.metrics == (Metric("jitter", "jitter_ms", "ms", 5.0, 50.0),)
    assert settings.rails == Rails(maximum_units=10)
    assert settings.costs == {"hour": 12.5}
    assert settings.sources == (
        Source("bandwidth", "sessions", ("data/*.csv",), columns={"download_kbps": "mbps * 1000"}),
    )
    assert settings.extra_columns == SURROUNDINGS | {"province": "VARCHAR", "jitter_ms": "DOUBLE"}


def test_a_metric_brings_its_column() -> None:
    settings = parse("[metrics.jitter_ms]\ngood = 5\nbad = 50")
    assert settings.extra_columns == SURROUNDINGS | {"jitter_ms": "DOUBLE"}


def test_attributes_of_a_relation() -> None:
    settings = parse('[attributes]\nignore = ["lot"]\nnetwork = ["province"]')
    columns = ["session_id", "lot", "province", "modem_lot", "app_version", "modem_supplier"]
    assert settings.attributes_in(columns) == (
        Attribute("app_version", "app"),
        Attribute("modem_lot", "device"),
        Attribute("modem_supplier", "device"),
        Attribute("province", "network"),
    )


def test_the_fingerprint_changes_with_any_setting_that_a_result_could_depend_on() -> None:
    texts = ("", "[product]\nwindow_days = 7", "[costs]\nhour = 1", '[product]\nname = "x"')
    assert len({parse(text).fingerprint for text in texts}) == 4
    assert parse("").fingerprint == parse("[product]\nwindow_days = 28").fingerprint
    assert parse("").fingerprint == parse('[engine]\nkind = "spark"').fingerprint


def test_spilling_never_empties_the_folder_that_is_named(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    inside = Workspace(root, parse(""))
    assert inside.spill() == root / "warehouse" / ".spill"
    assert inside.spill("publish") == root / "warehouse" / ".spill-publish"
    outside = Workspace(root, parse(f"[engine]\nspill = '{tmp_path}/big'")).spill()
    assert outside.parent.parent == tmp_path / "big"
    assert outside.parent.name.startswith("cx-")


@pytest.mark.parametrize(
    ("text", "what", "todo"),
    [
        ("[prodct]", "[cx.toml] has no setting 'prodct'", "did you mean product?"),
        ("product = 1", "[product] must be a table", "write [product]"),
        ("[product]\nwindow = 7", "[product] has no setting 'window'", "window_days"),
        ('[product]\nwindow_days = "7"', "window_days = '7' has the wrong type", "a whole number"),
        ("[product]\nwindow_days = true", "has the wrong type", "a whole number"),
        ("[product]\nwindow_days = 0", "window_days must be at least 1", "use 28"),
        ("[product]\nrest_s = -1", "rest_s must be 0 or more", "use 2"),
        ("[product]\nrest_s = nan", "rest_s must be 0 or more", "use 2"),
        ("[product]\nextra_metrics = [1]", "extra_metrics must hold texts", "quote each"),
        ("[product]\nextra_metrics = 1", "has the wrong type", 'such as ["a", "b"]'),
        ('[product]\nextra_metrics = ["lot"]', "lot is named as a metric", "numeric column"),
        ("[plausible]\nmos = 1", "[plausible] mos = 1 has the wrong type", "such as [0, 100]"),
        ("[plausible]\nmos = [5, 1]", "[plausible] mos must be the lowest", "write mos ="),
        ("[plausible]\nmos = [1, inf]", "[plausible] mos must be the lowest", "write mos ="),
        ("[plausible]\nmos = [1, 3, 5]", "[plausible] mos must be the lowest", "write mos ="),
        ("[plausible]\nmoss = [1, 5]", "[plausible] moss is no metric", "did you mean mos?"),
        ("[engine]\nthreads = 0", "threads must be at least 1", "leave it out"),
        ('[engine]\nkind = "sparc"', "kind = 'sparc' is no engine", "did you mean spark?"),
        ('[engine]\nmaster = "local[2]"', "master and options are Spark's", 'kind = "spark"'),
        ('[engine]\nkind = "spark"\noptions = { x = "1" }', "no setting of Spark", "8g"),
        ('[engine]\nkind = "spark"\n[engine.options]\n"spark.x" = 1', "texts", "in quotes"),
        ('[engine]\nmemory_limit = "lots"', "is no amount of memory", 'write "2GB"'),
        ('[attributes]\napp = ["lot"]', "lot is in two domains", "leave it in the domain"),
        ('[attributes]\napp = ["customer_id"]', "customer_id is no attribute", "many sessions"),
        ('[attributes]\nap = ["x"]', "[attributes] has no setting 'ap'", "did you mean app?"),
        ("[fault_severity]\ndropped = 2", "must lie between 0 and 1", "use 0.8"),
        ('[fault_severity]\ndropped = "bad"', "has the wrong type", "give a number"),
        ("[metrics.x]\ngood = 1", "[metrics.x] needs good and bad", "say where"),
        ("[metrics.x]\ngood = 1\nbad = 1", "[metrics.x] needs good and bad", "say where"),
        ("[metrics.x]\ngood = 1\nbad = inf", "must be finite", "give numbers"),
        ("[metrics.x]\ngood = 1\nbad = 2\nweight = 0", "weight must be above 0", "use 1"),
        ("[metrics.x]\ngood = 1\nbad = 2\nwieght = 1", "no setting 'wieght'", "weight"),
        (
            '[metrics.x]\ncolumn = "app_version"\ngood = 1\nbad = 2',
            "app_version is named as a metric",
            "numeric column",
        ),
        ('[privacy]\npseudonyms = ["custmer_id"]', "cannot be a pseudonym", "mean customer_id?"),
        ('[privacy]\npseudonyms = ["cell_id"]', "'cell_id', which cannot be", "possible: comp"),
        ("[privacy]\npseudonym = []", "has no setting 'pseudonym'", "mean pseudonyms?"),
        ("[guard_rails]\nminimum_probability = 95", "shares must lie between 0 and 1", "use"),
        ("[guard_rails]\nmaximum_units = -1", "numbers must be 0 or more", "use"),
        ("[guard_rails]\nautomatic = 1", "automatic = 1 has the wrong type", "true or false"),
        ('[sources.a]\nfeed = "sesions"', "'sesions' is no feed", "did you mean sessions?"),
        ('[sources.a]\nfeed = "units"', "[sources.a] names no files", "files ="),
        (
            '[sources.a]\nfeed = "units"\nfiles = "x"\nformat = "xlsx"',
            "format = 'xlsx' is not supported",
            "possible: ",
        ),
        (
            '[sources.a]\nfeed = "units"\nfiles = "x"\ncolumns = { lot = 1 }',
            "must map names to SQL expressions",
            "write",
        ),
        ("[sources]\na = 1", "[sources.a] must be a table", "write [sources.a]"),
    ],
)
def test_what_is_off_is_said_with_a_way_out(text: str, what: str, todo: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text)
    assert what in caught.value.what
    assert todo in caught.value.todo
    assert caught.value.where == "cx.toml"


def test_a_folder_without_cx_toml_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="cx init"):
        Workspace.open(tmp_path)


@pytest.mark.parametrize("content", [b"[product", b"\xff\xfe[product]"])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cx.toml").write_bytes(content)
    with pytest.raises(SettingsError, match="no valid TOML") as caught:
        Workspace.open(tmp_path)
    assert caught.value.where == str(tmp_path / "cx.toml")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "cx.toml").write_bytes(b'\xef\xbb\xbf[product]\nname = "x"\n')
    workspace = Workspace.open(tmp_path)
    assert workspace.settings.name == "x"
    assert workspace.database == tmp_path / "warehouse" / "cx.duckdb"
    assert workspace.parts == tmp_path / "warehouse" / "parts"


def test_the_file_that_init_writes_says_what_the_defaults_are() -> None:
    given = Path(__file__).parents[2] / "cx_analytics" / "cli" / "cx.toml"
    settings = parse(given.read_text(encoding="utf-8"))
    assert settings.extra_columns == SURROUNDINGS
    assert settings.sources == ()


def test_metrics_know_what_their_readings_may_be() -> None:
    settings = parse(
        """
        [product]
        extra_metrics = ["jitter_ms", "rsrp_dbm"]
        [plausible]
        rsrp_dbm = [-156, -31]
        """
    )
    columns = ["jitter_ms", "rsrp_dbm", "signal_dbm", "mos", "latency_ms", "lot"]
    assert settings.metrics_in(columns) == {
        "jitter_ms": (None, None),
        "latency_ms": (0, None),
        "mos": (1, 5),
        "rsrp_dbm": (-156.0, -31.0),
        "signal_dbm": (-156.0, -20.0),
    }
