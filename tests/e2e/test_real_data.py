"""Real public data through the cx.toml files of docs/examples, end to end.

The data are not part of the project: without them beside the checkout these tests are skipped.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cx_analytics.cli.app import status_of

CHECKOUT = Path(__file__).resolve().parents[2]
DATA = CHECKOUT.parent / "shared" / "data"
EXAMPLES = CHECKOUT / "docs" / "examples"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the public data sets are not at {DATA}"),
]

Rows = list[tuple[Any, ...]]
Asked = Callable[[str], Rows]


@contextmanager
def asked(root: Path) -> Iterator[Asked]:
    """A way to ask the warehouse of a workspace."""
    with duckdb.connect(str(root / "warehouse" / "cx.duckdb"), read_only=True) as warehouse:
        yield lambda sql: warehouse.sql(sql).fetchall()


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes the workspace of an example, once, and runs it."""
    known: dict[str, Path] = {}

    def work(example: str) -> Path:
        if example not in known:
            root = tmp_path_factory.mktemp(example)
            shutil.copy(EXAMPLES / f"{example}.toml", root / "cx.toml")
            (root / "data").symlink_to(DATA)
            # In this process: five starts of an interpreter would cost more than the runs.
            assert status_of(["run", str(root)]) == 0
            known[example] = root
        return known[example]

    return work


def taken_in(ask: Asked) -> Rows:
    return ask("SELECT feed, rows_in, kept, duplicates, quarantined FROM runs")


def bands(ask: Asked) -> set[str]:
    """Carrier frequencies that stand alone as a cause."""
    shared = "kind = 'shared' AND cardinality(conditions) = 1"
    found = ask(f"SELECT conditions['carrier_band'] FROM causes WHERE {shared}")
    return {band for (band,) in found if band}


@pytest.mark.parametrize(
    ("example", "copies", "slow"),
    [("mobile_bandwidth_5g", 32, {"n1", "n28"}), ("mobile_bandwidth_4g", 44, {"B5", "B8"})],
)
def test_slow_carrier_frequencies_are_the_causes(
    worked: Callable[[str], Path], example: str, copies: int, slow: set[str]
) -> None:
    with asked(worked(example)) as ask:
        assert taken_in(ask) == [("sessions", 10_000, 10_000 - copies, copies, 0)]
        assert bands(ask) == slow


@pytest.mark.parametrize("example", ["mobile_bandwidth_5g", "mobile_bandwidth_4g"])
def test_no_cell_is_blamed(worked: Callable[[str], Path], example: str) -> None:
    with asked(worked(example)) as ask:
        blamed = ask(
            "SELECT label FROM causes WHERE list_contains(map_keys(conditions), 'cell_id')"
        )
        assert blamed == []


def test_cells_keep_their_identity_and_what_is_not_available_is_null(
    worked: Callable[[str], Path],
) -> None:
    with asked(worked("mobile_bandwidth_4g")) as ask:
        assert ask(
            "SELECT bool_and(regexp_full_match(cell_id, '460-[0-9]{2}-[0-9a-f]{7}')), "
            "count(*) FILTER (WHERE cell_id LIKE '%7fffffff'), max(signal_dbm) <= -43 FROM sessions"
        ) == [(True, 0, True)]


def in_file(name: str, sql: str) -> Rows:
    """What a file says itself, its exact copies of a row apart."""
    with duckdb.connect() as raw:
        raw.read_csv(str(DATA / "mobile_bandwidth_2021" / name), all_varchar=True).to_view("copies")
        raw.execute("CREATE VIEW tests AS SELECT DISTINCT * FROM copies")
        return raw.sql(sql).fetchall()


def test_cells_that_one_customer_met_are_said_to_be_beyond_blame(
    worked: Callable[[str], Path],
) -> None:
    by_cell = "SELECT count(DISTINCT user_uid) AS met FROM tests GROUP BY"
    alone = "SELECT count(*), count(*) FILTER (WHERE met = 1) FROM"
    assert in_file("4G.csv", f"{alone} ({by_cell} cell_ci)") == [(6638, 6613)]
    # Some numbers are in use at two operators, and each of these is a cell of its own.
    known = (
        "cell_mcc = '460' AND try_cast(cell_mnc AS BIGINT) BETWEEN 0 AND 99 "
        "AND try_cast(cell_ci AS BIGINT) BETWEEN 1 AND 268435455"
    )
    told = by_cell.replace("GROUP BY", f"WHERE {known} GROUP BY")
    assert in_file("4G.csv", f"{alone} ({told} cell_mnc, cell_ci)") == [(6670, 6647)]
    with asked(worked("mobile_bandwidth_4g")) as ask:
        assert ask(
            'SELECT subject, "values", values_with_one_customer, statement FROM data_limits '
            "WHERE kind = 'thin_attribute'"
        ) == [
            (
                "cell_id",
                6670,
                6647,
                "cell_id: 6,647 of 6,670 values were met by one customer each, all by fewer than "
                "4; they cannot be blamed, since a cause needs 4 customers",
            )
        ]


def test_a_signal_that_the_software_makes_up_is_no_cause_and_is_named(
    worked: Callable[[str], Path],
) -> None:
    by_system = "SELECT os_version, count(*) FROM tests GROUP BY 1 ORDER BY 1"
    assert in_file("5G.csv", by_system) == [("10", 1468), ("11", 8500)]
    with asked(worked("mobile_bandwidth_5g")) as ask:
        said = ask("SELECT statement FROM data_limits WHERE kind LIKE '%_metric' ORDER BY rank")
        assert [statement for (statement,) in said] == [
            "ss_rsrp_dbm: all 1,468 readings with os_version=10 lie outside -156…-31: they belong "
            "to what reports, not to what is measured",
            "signal_level is the same, 4, in all 8,500 sessions with os_version=11 and 0 in all "
            "1,468 with os_version=10: a reporting artefact, not a measurement",
            "ss_rsrp_dbm is the same, -44, in all 8,500 sessions with os_version=11: a reporting "
            "artefact, not a measurement",
        ]
        assert ask("SELECT count(*) FROM sessions WHERE ss_rsrp_dbm > 0") == [(1468,)]


def test_the_heaviest_user_does_not_decide(worked: Callable[[str], Path]) -> None:
    most = "SELECT count(*) FROM {} GROUP BY user_uid ORDER BY 1 DESC LIMIT 1"
    assert in_file("5G.csv", most.format("copies")) == [(588,)]
    assert in_file("5G.csv", most.format("tests")) == [(586,)]
    with asked(worked("mobile_bandwidth_5g")) as ask:
        assert ask("SELECT statement FROM data_limits WHERE kind = 'heavy_customer'") == [
            (
                "one of 4,509 customers has 586 of 9,968 sessions (5.9 %) and 6 of 1,784 faults "
                "(0.3 %); repeated faults of one customer count as one person's",
            )
        ]
        heavy = "SELECT customer_id FROM sessions GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
        assert ask(
            "SELECT count(*) FROM causes "
            f"WHERE kind = 'individual' AND conditions['customer_id'] = ({heavy})"
        ) == [(0,)]
        assert ask(
            "SELECT min(customers) > 100 FROM causes WHERE conditions['carrier_band'] IS NOT NULL"
        ) == [(True,)]


@pytest.mark.parametrize("example", ["mobile_bandwidth_5g", "mobile_bandwidth_4g"])
def test_the_page_says_what_the_data_cannot_say(
    worked: Callable[[str], Path], example: str
) -> None:
    root = worked(example)
    page = (root / "reports" / "index.html").read_text(encoding="utf-8")
    _, _, after = page.partition("<h2>What these data cannot say</h2>")
    with asked(root) as ask:
        first = ask("SELECT statement FROM data_limits WHERE rank = 1")[0][0]
    assert after.startswith(f'<ul class="lines"><li>{first}</li>')


def test_work_and_wait_of_every_order_add_up_to_its_lead_time(
    worked: Callable[[str], Path],
) -> None:
    with asked(worked("production_log")) as ask:
        assert taken_in(ask) == [("production_events", 4953, 4480, 23, 450)]
        assert ask(
            "SELECT count(*), count(*) FILTER (WHERE spent = lead) FROM ("
            "SELECT round(sum(work_s) + sum(wait_s)) AS spent, "
            "epoch(max(ended_at)) - epoch(min(started_at)) AS lead "
            "FROM step_times GROUP BY case_id)"
        ) == [(225, 225)]


def test_waits_have_causes_and_odd_times_a_flag(worked: Callable[[str], Path]) -> None:
    with asked(worked("production_log")) as ask:
        assert dict(ask("SELECT coalesce(flag, ''), count(*) FROM step_times GROUP BY 1")) == {
            "": 3608,
            "overlap": 863,
            "zero_duration": 6,
            "overlap, zero_duration": 3,
        }
        assert {cause for (cause,) in ask("SELECT DISTINCT wait_cause FROM step_times")} == {
            "none",
            "batching",
            "contention",
            "prioritisation",
            "resource_unavailable",
            "other",
        }
        assert ask(
            "SELECT sum(scrap), sum(work_s) = (SELECT sum(work_s) FROM step_times), "
            "sum(wait_s) = (SELECT sum(wait_s) FROM step_times), min(cost) >= 0 FROM step_map"
        ) == [(593.0, True, True, True)]


def test_the_map_of_the_shop_is_a_page(worked: Callable[[str], Path]) -> None:
    reports = worked("production_log") / "reports"
    page = (reports / "steps.html").read_text(encoding="utf-8")
    assert "Laser Marking → Lapping: 354 d" in page
    assert page.count('<g class="step ') == 24
    assert "Case1" not in page
    assert '<a href="steps.html">Map of production</a>' in (reports / "index.html").read_text()


def test_the_log_of_the_shop_is_replayed(
    worked: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    root = worked("production_log")
    capsys.readouterr()
    change = ["--what-if", "add resource=ID0998", "--draws", "3", "--json"]
    answers = []
    for _ in range(2):
        assert status_of(["steps", str(root), *change]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]
    fidelity = answers[0]["fidelity"]
    assert fidelity["replayed_error"] == 0
    assert abs(fidelity["drawn_error"]) < 0.1
    told = {one["name"]: one for one in answers[0]["measures"]}
    assert told["busy_days"]["difference"] < 0


def test_epcis_documents_are_read_or_refused_with_a_clause(worked: Callable[[str], Path]) -> None:
    with asked(worked("epcis")) as ask:
        rules = dict(ask("SELECT rule, count(*) FROM quarantine GROUP BY rule"))
        # One of GS1's files has a key twice in one object, which no reading can make good.
        assert rules.pop("duplicate_key") == 1
        assert rules.pop("epcis_no_object") == 2
        assert set(rules) == {"epcis_retracted"}
        unnamed = "rule LIKE 'epcis%' AND reason NOT LIKE '%EPCIS 2.0, 7.4%'"
        assert ask(f"SELECT count(*) FROM quarantine WHERE {unnamed}") == [(0,)]
        assert ask(
            "SELECT step FROM step_times WHERE unit_id = '2017' AND lot IS NULL LIMIT 1"
        ) == [("shipping",)]


def test_contacts_are_dated_in_utc(worked: Callable[[str], Path]) -> None:
    with asked(worked("firefox_support")) as ask:
        assert taken_in(ask) == [("contacts", 24_785, 24_785, 0, 0)]
        assert ask("SELECT contacted_at::VARCHAR FROM contacts WHERE contact_id = '1320142'") == [
            ("2021-01-01 08:42:16",)
        ]
        calm, stirred = ask(
            "SELECT count(*) FROM contacts WHERE contacted_at >= '2021-05-30' "
            "AND contacted_at < '2021-06-04' GROUP BY contacted_at >= '2021-06-01 08:00:00' "
            "ORDER BY contacted_at >= '2021-06-01 08:00:00'"
        )
        assert stirred[0] > 2 * calm[0]


def test_what_carries_the_rise_of_june(worked: Callable[[str], Path]) -> None:
    with asked(worked("firefox_support")) as ask:
        june = "as_of BETWEEN '2021-06-01' AND '2021-06-11'"
        assert ask(f"SELECT DISTINCT label FROM contact_shifts WHERE {june}") == [
            ("app_version=89.0",)
        ]
        assert ask(
            f"SELECT min(as_of) <= '2021-06-02', count(*) >= 7, min(started_on) >= '2021-05-31', "
            f"max(started_on) <= '2021-06-03', max(ratio) > 4 FROM contact_shifts WHERE {june}"
        ) == [(True, True, True, True, True)]


def test_quiet_weeks_of_contacts_are_quiet(worked: Callable[[str], Path]) -> None:
    with asked(worked("firefox_support")) as ask:
        # The release of April (88.0) stands out for some days; no other week of the year does.
        assert ask(
            "SELECT count(DISTINCT as_of) <= 3, bool_and(label LIKE 'app_version=88.0%') "
            "FROM contact_shifts WHERE month(as_of) <> 6"
        ) == [(True, True)]
