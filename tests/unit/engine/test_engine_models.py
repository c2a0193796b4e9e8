"""Models are found by name, tell their header, and take names but never values."""

from __future__ import annotations

import pytest

from cx_analytics.contracts.errors import NotFound
from cx_analytics.contracts.quoting import quote
from cx_analytics.engine.models import Model, all_paths, load, sql_folder

TEXT = """-- daily: what it is,
-- over two lines.
-- grain   day
-- reads   sessions,
--         units
-- beware  nothing
SELECT @attribute AS value -- not the header
FROM sessions"""


def test_header_by_first_words() -> None:
    assert Model("x", TEXT).header == {
        "model": "daily: what it is, over two lines.",
        "grain": "day",
        "reads": "sessions, units",
        "beware": "nothing",
    }
    assert Model("x", "SELECT 1").header == {}


def test_identifiers_are_quoted() -> None:
    assert quote('a"b') == '"a""b"'
    bound = Model("x", "SELECT @a, @a_b FROM t").bind({"a": 'x"; DROP', "a_b": "y"})
    assert bound == 'SELECT "x""; DROP", "y" FROM t'
    with pytest.raises(KeyError):
        Model("x", "SELECT @a").bind({})


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean quality/intake"):
        load("quality/intakes")


@pytest.mark.parametrize("path", all_paths(), ids=lambda path: path.stem)
def test_every_model_says_what_it_is(path: object) -> None:
    name = str(path).removeprefix(f"{sql_folder()}/").removesuffix(".sql")
    head = load(name).header
    assert head["model"].startswith(f"{name.split('/')[1]}: ")
    assert {"grain", "reads"} <= set(head)
