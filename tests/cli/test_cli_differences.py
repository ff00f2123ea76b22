"""``map differences`` as it is read: a row for each entry that differs, and what to do about one that is gone."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from ml_connector.cli.differing import _differences
from ml_connector.service.differing import Differences, Differing


def shown(found: Differences) -> str:
    console = Console(file=StringIO(), width=160)
    _differences(console, found)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_what_differs_and_what_is_gone_is_listed() -> None:
    apart = Differing("1001", "Compressor", "z1", "Compressor 2 t", ("price (900 in ServiceTitan, 850 there)",))
    gone = Differing("1002", "Fan motor", "z2", "", ())
    text = shown(Differences("items", 3, (apart, gone)))
    assert "Compressor 2 t" in text and "price (900 in ServiceTitan, 850 there)" in text
    assert "z2 is gone there: a row of the mapping table names another" in text
    assert "2 of 3 linked entries differ." in text


def test_that_nothing_differs_is_said() -> None:
    assert shown(Differences("tax_zones", 1, ())).strip() == "1 entry linked in tax_zones, and none differs."
