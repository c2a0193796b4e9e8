"""The loop over worlds, the tables that come of it, and the page they are written into."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from cx_analytics.bench import Findings, Result, Trial, attribution, document
from cx_analytics.bench.attribution import OURS, read_findings
from cx_analytics.bench.bars import BARS, LEAST, MOST, holds, scaled
from cx_analytics.bench.baselines import BASELINES, Baseline
from cx_analytics.bench.baselines.univariate import univariate
from cx_analytics.bench.scoring import FIGURES
from cx_analytics.bench.tables import attribution_tables, mean_and_error, not_installed
from cx_analytics.contracts.errors import InputRefused, NotFound
from cx_analytics.simulate import Truth, make_world

ROOT = Path(__file__).resolve().parents[3]
TINY = Trial(sessions=20_000, days=4, seeds=(1, 2), difficulties=("easy",))


def _perfect(truth: Truth) -> tuple[pl.DataFrame, pl.DataFrame]:
    causes = truth.causes.with_columns(
        excess_low=pl.col("excess_faults") - 1,
        excess_high=pl.col("excess_faults") + 1,
        first_reported_on=pl.lit(date(2026, 1, 3)),
        probability=pl.lit(0.97),
    )
    return causes, truth.fault_posteriors.rename({"posterior": "share"})


def test_a_run_gets_landing_files_and_no_truth(tmp_path: Path) -> None:
    said: list[str] = []
    seen: list[list[str]] = []

    def run(root: Path) -> None:
        seen.append(sorted(path.name for path in root.iterdir()))

    def read(root: Path) -> Findings:
        seed = int(root.name.rpartition("-")[2])
        one = make_world(sessions=20_000, days=4, seed=seed, difficulty="easy")
        rows = pl.concat([day.filter("faulty") for day in one.each_joined()])
        return Findings(*_perfect(Truth.of(one)), rows)

    results = attribution(TINY, folder=tmp_path, run=run, read=read, say=said.append)
    assert [result.figures["f1"] for result in results] == [1, 1]
    assert seen == [["landing"], ["landing"]]
    assert [line[:14].strip() for line in said] == ["easy   seed 1", "easy   seed 2"]
    assert list(tmp_path.iterdir()) == []


def test_a_fit_and_a_baseline_on_the_same_world(tmp_path: Path) -> None:
    chosen = [Baseline("BH", univariate), Baseline("none", univariate, package="no_such_package")]
    trial = Trial(20_000, 4, (1,), ("easy",))
    ours, theirs = attribution(trial, folder=tmp_path, baselines=chosen, say=lambda _: None)
    assert (ours.method, theirs.method) == (OURS, "BH")
    assert ours.figures["f1"] > theirs.figures["f1"]
    assert {"fit_cpu_s", "counting_cpu_s"} <= set(ours.figures)
    assert pl.Series([ours.figures["days_to_report"]]).is_nan().all()
    assert not_installed(chosen) == ["none: not installed: pip install 'cx-analytics[bench]'"]


def test_a_folder_without_a_warehouse(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no warehouse"):
        read_findings(tmp_path)


def _result(method: str, seed: int, **figures: float) -> Result:
    told = pl.DataFrame({"probability": [0.97, 0.85], "right": [1.0, 0.0]})
    return Result(method, seed, "medium", figures, told, "all sessions")


def test_a_table_holds_figures_against_bars() -> None:
    results = [
        _result(OURS, 1, f1=0.94, false_causes=0, fit_cpu_s=20.0),
        _result(OURS, 2, f1=1.0, false_causes=1, fit_cpu_s=22.0),
        _result("L1 logistic", 1, f1=0.6),
    ]
    text = attribution_tables(results, 2_000_000, [BASELINES[1]])
    rows = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
        for line in text.splitlines()
        if line.startswith("| ")
    }
    f1 = rows["F1 on detectable causes (shared causes)"]
    assert f1 == ["0.970", "0.030", "≥ 0.94", "yes", "≥ 0.97", "yes", "0.600"]
    assert rows["false causes"] == ["0.50", "0.50", "", "", "", "", "-"]
    assert rows["CPU seconds of the fit"][:6] == ["21.0", "1.0", "≤ 20", "NO", "≤ 6", "NO"]
    assert "precision (shared causes)" not in rows
    assert "2 of 2 confirmed causes real (told 0.970); 0 of 2 probable causes real" in text
    assert "L1 logistic saw all sessions." in text


def test_means_leave_out_what_was_not_measured() -> None:
    assert mean_and_error([1.0, float("nan"), 3.0]) == (2.0, 1.0)
    assert all(value != value for value in mean_and_error([float("nan")]))


def test_bars_name_figures_that_are_measured() -> None:
    cost = {"fit_cpu_s", "counting_cpu_s", "run_cpu_s"}
    assert {bar.figure for bar in BARS} <= {*FIGURES, *cost}
    assert holds(0.96, (0.85, 0.96))
    assert not holds(0.97, (0.85, 0.96))
    assert scaled((LEAST, 10.0), 100_000) == (LEAST, 10.0)
    assert scaled((LEAST, 10.0), 5_000_000) == (LEAST, 50.0)
    assert holds(1.0, (0.9, MOST))


def test_a_section_replaces_itself_only(tmp_path: Path) -> None:
    target = tmp_path / "benchmarks.md"
    document.write_section(target, "speed", "fast")
    document.write_section(target, "attribution", "| old |")
    document.write_section(target, "attribution", "| new \\1 |")
    others = dict.fromkeys(document.SECTIONS, document.NOT_YET)
    written = {"attribution": "| new \\1 |", "speed": "fast"}
    assert document.sections(target.read_text()) == others | written


def test_no_other_file_is_overwritten(tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.md"
    thesis.write_text("# Mine\n")
    with pytest.raises(InputRefused, match="no page of benchmarks"):
        document.write_section(thesis, "speed", "fast")
    with pytest.raises(NotFound, match="no such folder"):
        document.write_section(tmp_path / "nowhere" / "page.md", "speed", "fast")


def test_the_page_of_the_docs_has_the_prose_of_the_package() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert document.page(document.sections(text)) == text


def test_provenance_names_versions_and_machine() -> None:
    line = document.provenance("cx bench speed", date(2026, 1, 2))
    for word in ("cx bench speed", "2026-01-02", "Python 3.", "polars", "duckdb", "cores"):
        assert word in line
