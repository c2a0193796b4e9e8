import polars as pl
import pytest

from cx_analytics.care.unit_versions import better_unit_versions

CONDITIONS = pl.Map(pl.String(), pl.String())


def causes(*conditions: dict[str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"cause_id": [f"k{i}" for i in range(len(conditions))], "conditions": list(conditions)},
        schema={"cause_id": pl.String, "conditions": CONDITIONS},
    )


def counts(*rows: tuple[str, str, int, float]) -> pl.DataFrame:
    """Firmware counts (version, model, sessions, own faults), a session a unit."""
    frame = pl.DataFrame(
        rows, schema=["version", "device_model", "sessions", "own_faults"], orient="row"
    )
    return frame.with_columns(attribute=pl.lit("firmware_version"), sessions_squared="sessions")


def moves(*rows: tuple[str, str, int]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["from_version", "to_version", "units"], orient="row")
    return frame.with_columns(attribute=pl.lit("firmware_version"))


BAD = causes({"firmware_version": "F1", "vendor": "V"})
COUNTS = counts(
    ("F1", "X", 1000, 100.0), ("F2", "X", 1000, 10.0), ("F3", "X", 1000, 9.0), ("F2", "Y", 50, 0.0)
)
AHEAD = moves(("F1", "F2", 9), ("F1", "F3", 2))


def targets(
    known: pl.DataFrame = BAD, seen: pl.DataFrame = COUNTS, gone: pl.DataFrame = AHEAD
) -> list[tuple[object, ...]]:
    found = better_unit_versions(known, seen, gone, "firmware_version")
    return found.drop("probability_better").rows()


def test_what_most_units_moved_to_and_does_better() -> None:
    assert targets() == [("k0", "X", "F2")]


@pytest.mark.parametrize(
    "gone",
    [
        moves(("F2", "F1", 9)),
        moves(("F1", "F2", 9), ("F2", "F1", 8)),
        moves(("F1", "F2", 1)),
        moves(("F0", "F2", 9)),
    ],
)
def test_without_a_clear_direction_there_is_no_order(gone: pl.DataFrame) -> None:
    assert targets(gone=gone) == []


def test_a_version_under_a_cause_itself_is_no_target() -> None:
    other = causes({"firmware_version": "F1"}, {"firmware_version": "F2", "device_model": "X"})
    assert targets(other) == [("k0", "X", "F3")]


def test_better_on_another_model_is_not_better_here() -> None:
    elsewhere = counts(("F1", "X", 1000, 100.0), ("F2", "X", 1000, 95.0), ("F2", "Y", 1000, 1.0))
    assert targets(seen=elsewhere) == []


def test_nothing_to_compare() -> None:
    assert targets(causes({"lot": "L1"})) == []
    assert targets(gone=AHEAD.clear()) == []
