"""Which engine a workspace has, and what is said when it cannot run."""

from __future__ import annotations

from pathlib import Path

import pytest

from cx_analytics.contracts.errors import CxError
from cx_analytics.contracts.settings import Engine
from cx_analytics.engine import opening
from cx_analytics.engine.spark import session

SPARK = Engine(kind="spark")


def test_duckdb_needs_nothing(tmp_path: Path) -> None:
    opening.check_engine(Engine())
    assert opening.open_cluster(Engine(), tmp_path) is None


def test_without_pyspark_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    with pytest.raises(CxError, match="pyspark and sqlglot") as told:
        opening.open_cluster(SPARK, Path())
    assert "pip install 'cx-analytics[scale]'" in told.value.todo
    assert told.value.where == '[engine] kind = "spark"'


def test_without_java_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: object())
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CxError, match="no Java was found") as told:
        opening.check_engine(SPARK)
    assert "openjdk" in told.value.todo


def test_an_old_java_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: object())
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_392\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(CxError, match="only Java 8 is here"):
        opening.check_engine(SPARK)


def test_what_models_rest_on_cannot_be_set_otherwise(tmp_path: Path) -> None:
    options = {"spark.sql.session.timeZone": "Europe/Berlin", "spark.executor.memory": "8g"}
    settings = Engine(kind="spark", memory_limit="1.5 GiB", options=options)
    found = session.configuration(settings, tmp_path)
    assert found["spark.sql.session.timeZone"] == "UTC"
    assert found["spark.executor.memory"] == "8g"
    assert found["spark.driver.memory"] == "1536m"


def test_only_a_cluster_has_to_reach_the_driver(tmp_path: Path) -> None:
    cluster = Engine(kind="spark", master="spark://head:7077")
    assert session.configuration(SPARK, tmp_path)["spark.driver.bindAddress"] == "127.0.0.1"
    assert "spark.driver.bindAddress" not in session.configuration(cluster, tmp_path)
