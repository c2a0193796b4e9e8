"""`cx sql` reads the warehouse and can do nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cx_analytics.cli.app import status_of


def ask(workspace: Path, query: str, *options: str) -> int:
    return status_of(["sql", str(workspace), query, *options])


def test_table(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(workspace, "SELECT cause_id, units, valid_to FROM causes") == 0
    assert capsys.readouterr().out == "cause_id  units  valid_to\nk1        1      NULL\n"


def test_csv(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(workspace, "SELECT 'a,b' AS x, NULL AS y", "--csv") == 0
    assert capsys.readouterr().out == 'x,y\n"a,b",\n'


def test_json(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(workspace, "SELECT conditions, 'nan'::DOUBLE AS n FROM causes", "--json") == 0
    out = "".join(capsys.readouterr().out.split())
    assert out == '[{"conditions":{"modem_lot":"M1"},"n":null}]'


def test_tables_carry_comments(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    query = "SELECT count(*) AS n FROM duckdb_tables() WHERE comment IS NULL"
    assert ask(workspace, query, "--csv") == 0
    assert capsys.readouterr().out == "n\n0\n"


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE causes",
        "INSERT INTO causes SELECT * FROM causes",
        "COPY causes TO '{outside}/stolen.csv'",
        "SELECT * FROM read_csv('{outside}/secret.csv')",
        "SELECT * FROM '{outside}/secret.csv'",
        "ATTACH '{outside}/other.duckdb'",
        "EXPORT DATABASE '{outside}/all'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false; SET enable_external_access = true",
        "SELEC 1",
        "SELECT * FROM nowhere",
        "",
        "/* only a comment */",
    ],
)
def test_refused(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], query: str
) -> None:
    (tmp_path / "secret.csv").write_text("secret\n1\n")
    status = ask(workspace, query.format(outside=tmp_path))
    heard = capsys.readouterr()
    assert status == 1
    assert heard.out == ""
    assert heard.err.startswith("error: query: ")
    assert len(heard.err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_two_forms_are_one_too_many(workspace: Path) -> None:
    assert ask(workspace, "SELECT 1", "--json", "--csv") == 2
