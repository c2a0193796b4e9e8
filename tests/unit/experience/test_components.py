from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cx_analytics.contracts.feeds import COMPONENTS
from cx_analytics.engine.duck import Duck
from cx_analytics.experience import NAMES_SQL, components_sql

Widen = Callable[..., pl.DataFrame]

SCHEMA = {
    name: pl.Datetime("us") if name == "installed_at" else pl.String for name in COMPONENTS.names
}


def built_in(*rows: tuple[str, str, str, str | None, int | None]) -> pl.DataFrame:
    """Rows (unit, component, lot, supplier, day of January on which it was built in)."""
    return pl.DataFrame(
        [
            {
                "unit_id": unit,
                "component": component,
                "component_lot": lot,
                "supplier": supplier,
                "installed_at": datetime(2026, 1, day) if day else None,
            }
            for unit, component, lot, supplier, day in rows
        ],
        schema=SCHEMA,
    )


@pytest.fixture
def widen(tmp_path: Path) -> Iterator[Widen]:
    """What the query makes of components, by unit."""
    with Duck(spill=tmp_path / "spill", threads=1) as engine:

        def made(components: pl.DataFrame, taken: Sequence[str] = ()) -> pl.DataFrame:
            engine.register("component", components)
            names = engine.frame(NAMES_SQL)["name"].to_list()
            return engine.frame(components_sql(names, taken) + " ORDER BY unit_id")

        yield made


def test_one_row_a_unit_with_the_component_built_in_last(
    widen: Callable[..., pl.DataFrame],
) -> None:
    components = built_in(
        ("u1", "battery", "B1", "Acme", 9),
        ("u1", "battery", "B9", "Zeta", 2),
        ("u1", "battery", "B5", "Zeta", None),
        ("u2", "Battery", "B2", None, None),
        ("u2", "modem", "M1", "Acme", 1),
    )
    expected = pl.DataFrame(
        {
            "unit_id": ["u1", "u2"],
            "battery_lot": ["B1", "B2"],
            "battery_supplier": ["Acme", None],
            "modem_lot": [None, "M1"],
            "modem_supplier": [None, "Acme"],
        }
    )
    assert_frame_equal(widen(components), expected)


def test_the_order_of_rows_never_matters(widen: Widen) -> None:
    components = built_in(
        ("u1", "modem", "M1", "Acme", 3),
        ("u1", "modem", "M2", "Zeta", 3),
        ("u0", "fan", "F", "", 1),
    )
    assert_frame_equal(widen(components), widen(components.reverse()))


def test_what_sessions_bring_themselves_is_left_out(widen: Widen) -> None:
    components = built_in(("u1", "modem", "M1", "Acme", 1))
    assert widen(components, ["modem_lot"]).columns == ["unit_id", "modem_supplier"]


def test_no_components(widen: Widen) -> None:
    assert widen(built_in()).schema == {"unit_id": pl.String}
