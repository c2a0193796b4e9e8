"""`cx ui` in a browser: the graph, a run started in it, a picture, and its end as a whole.

One web UI serves all tests of this file, on a small workspace that is up to date. Without
Chromium they are skipped; with CX_REQUIRE_UI=1 they fail.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from cx_analytics.pipeline import run

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
REQUIRED = os.environ.get("CX_REQUIRE_UI") == "1"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
STAGES = (
    *("ingest", "experience", "attribute", "care", "factory", "supply", "loop"),
    *("exchange", "publish"),
)
DONE_WITHIN_S, SEEN_WITHIN_MS = 240, 60_000

pytestmark = [
    pytest.mark.ui,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not CHROMIUM and not REQUIRED, reason="Chromium is not installed"),
]

Asked = Callable[..., Any]

LAUNCH = """mutation($run: ExecutionParams!) { launchPipelineExecution(executionParams: $run) {
    __typename ... on LaunchRunSuccess { run { runId } } } }"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
AUTOMATION = """{ workspaceOrError { ... on Workspace { locationEntries { loadStatus
    locationOrLoadError { __typename ... on RepositoryLocation { name repositories {
    schedules { name scheduleState { status } } sensors { name sensorState { status } }
    } } } } } } }"""
TICK = """mutation($which: ScheduleSelector!, $at: Float) {
    scheduleDryRun(selectorData: $which, timestamp: $at) { ... on DryRunInstigationTick {
    evaluationResult { runRequests { tags { key value } } } } } }"""

PLACE = {"repositoryLocationName": "cx_analytics", "repositoryName": "__repository__"}


def start_ui(root: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cx_analytics.cli", "ui", str(root), "--port", str(port)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def processes_of(root: Path) -> list[str]:
    """The processes that work on a workspace, by their environment."""
    mark = f"CX_WORKSPACE={root}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark in environment:
            found.append(process.name)
    return found


@pytest.fixture(scope="module")
def worked(unjudged: None, new_workspace: Callable[..., Path]) -> Path:
    """A small workspace that is up to date: the sensor finds nothing to do."""
    root = new_workspace()
    run(root)
    return root


@pytest.fixture(scope="module")
def address(worked: Path, free_port: Callable[[], int]) -> Iterator[str]:
    """Where the web UI is, once `cx ui` has said so; at the end, nothing of it may be left."""
    child = start_ui(worked, free_port())
    assert child.stdout is not None
    try:
        assert child.stdout.readline().startswith("starting")
        opened = child.stdout.readline().split()
        assert opened[:1] == ["open"], (worked / "dagster" / "ui.log").read_text("utf-8")
        yield opened[1]
    finally:
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
    assert child.returncode == 130
    assert processes_of(worked) == []


@pytest.fixture(scope="module")
def asked(address: str) -> Asked:
    """Asks the UI's GraphQL endpoint."""

    def ask(query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    return ask


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        opened = browser.new_page()
        opened.set_default_timeout(SEEN_WITHIN_MS)
        yield opened
        browser.close()


def test_the_graph_shows_the_stages(page: Page, address: str) -> None:
    page.goto(f"{address}/asset-groups")
    for stage in STAGES:
        page.get_by_text(stage, exact=True).first.wait_for()


def test_the_picture_of_an_asset_is_seen(page: Page, address: str) -> None:
    page.goto(f"{address}/assets/customer_experience?view=events")
    page.get_by_text("[Show Markdown]").first.click()
    picture = page.locator("img[src^='data:image/png']")
    picture.wait_for()
    assert picture.evaluate("image => image.naturalWidth") > 300


def test_runs_of_the_command_line_are_listed(page: Page, address: str) -> None:
    page.goto(f"{address}/runs")
    for job in ("ingest", "days", "publish"):
        page.get_by_text(job, exact=True).first.wait_for()


def test_schedule_and_sensor_run(asked: Asked) -> None:
    (entry,) = asked(AUTOMATION)["workspaceOrError"]["locationEntries"]
    location = entry["locationOrLoadError"]
    assert (entry["loadStatus"], location["name"]) == ("LOADED", "cx_analytics")
    (repository,) = location["repositories"]
    assert repository["schedules"] == [
        {"name": "daily_schedule", "scheduleState": {"status": "RUNNING"}}
    ]
    assert repository["sensors"] == [
        {"name": "landing_sensor", "sensorState": {"status": "RUNNING"}}
    ]


def test_the_schedule_asks_for_the_day_before(asked: Asked) -> None:
    tick = datetime.now(UTC).replace(hour=3, minute=15, second=0, microsecond=0)
    which = {**PLACE, "scheduleName": "daily_schedule"}
    told = asked(TICK, which=which, at=tick.timestamp())["scheduleDryRun"]["evaluationResult"]
    (request,) = told["runRequests"]
    tags = {tag["key"]: tag["value"] for tag in request["tags"]}
    assert tags["dagster/partition"] == (tick.date() - timedelta(days=1)).isoformat()


def test_a_run_started_in_the_ui_succeeds(asked: Asked) -> None:
    selector = {
        **PLACE,
        "pipelineName": "__ASSET_JOB",
        "assetSelection": [{"path": ["defects"]}],
        "assetCheckSelection": [],
    }
    wanted = {"selector": selector, "mode": "default", "runConfigData": {}}
    launched = asked(LAUNCH, run=wanted)["launchPipelineExecution"]
    assert launched["__typename"] == "LaunchRunSuccess"
    status, until = "", time.monotonic() + DONE_WITHIN_S
    while status not in ("SUCCESS", "FAILURE") and time.monotonic() < until:
        time.sleep(1)
        status = asked(STATUS, id=launched["run"]["runId"])["runOrError"]["status"]
    assert status == "SUCCESS"


def test_a_taken_port_is_refused(worked: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        child = start_ui(worked, port)
        said, _ = child.communicate(timeout=60)
    assert child.returncode == 1
    assert said.startswith(f"error: port {port} cannot be used")
