"""Whole runs on Spark: every table of the warehouse is that of a run on DuckDB."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cx_analytics.cli.app import status_of
from cx_analytics.cli.start import make_world
from cx_analytics.engine.spark.session import java_version

CHECKOUT = Path(__file__).resolve().parents[2]
DATA = CHECKOUT.parent / "shared" / "data"

SPARK = """
[engine]
kind = "spark"
master = "local[2]"
memory_limit = "1GB"

[engine.options]
"spark.driver.extraJavaOptions" = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"spark.sql.shuffle.partitions" = "1"
"spark.sql.adaptive.enabled" = "false"
"spark.sql.codegen.wholeStage" = "false"
"spark.sql.codegen.factoryMode" = "NO_CODEGEN"
"""
"""On few rows Spark spends its time on making plans fast: here they need not be."""

TOLD_BY_THE_CLOCK = {
    "runs": ("started_at", "finished_at", "run_id"),
    "causes_history": ("run_id",),
}
"""Columns that differ from run to run, whatever runs it."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(java_version() is None, reason="Spark needs Java, which is not here"),
]


def planted_world(root: Path) -> None:
    make_world(root, sessions=12_000, days=1, seed=11, difficulty="easy")


def real_measurements(root: Path) -> None:
    if not DATA.is_dir():
        pytest.skip(f"the public data sets are not at {DATA}")
    root.mkdir()
    shutil.copy(CHECKOUT / "docs" / "examples" / "mobile_bandwidth_5g.toml", root / "cx.toml")
    (root / "data").symlink_to(DATA)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("make", [planted_world, real_measurements])
def test_a_run_on_spark_makes_the_same_tables(make: Callable[[Path], None], tmp_path: Path) -> None:
    on_duckdb, on_spark = tmp_path / "duckdb", tmp_path / "spark"
    for root in (on_duckdb, on_spark):
        make(root)
    with (on_spark / "cx.toml").open("a", encoding="utf-8") as file:
        file.write(SPARK)
    assert [status_of(["run", str(root)]) for root in (on_duckdb, on_spark)] == [0, 0]
    wanted, found = tables(on_duckdb), tables(on_spark)
    assert list(found) == list(wanted)
    assert wanted["sessions"].height > 9_000
    assert wanted["causes"].height > 0
    for name, frame in wanted.items():
        assert_frame_equal(
            found[name],
            frame,
            check_row_order=False,
            check_exact=False,
            rel_tol=1e-9,
            abs_tol=1e-9,
        )


def tables(root: Path) -> dict[str, pl.DataFrame]:
    """All tables and views of a warehouse, without what the clock tells."""
    with duckdb.connect(str(root / "warehouse" / "cx.duckdb"), read_only=True) as warehouse:
        names = warehouse.sql("SHOW TABLES").fetchall()
        read = {str(name): warehouse.sql(f'FROM "{name}"').pl() for (name,) in names}
    return {
        name: frame.drop(TOLD_BY_THE_CLOCK.get(name, ()), strict=False)
        for name, frame in read.items()
    }
