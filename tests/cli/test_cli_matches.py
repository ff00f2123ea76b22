"""``matches`` as a person meets it."""

from __future__ import annotations

import io

from rich.console import Console

from ml_connector.cli.matches import show_matches
from ml_connector.service.matches import Match, Matches


def shown(found: Matches) -> str:
    console = Console(file=io.StringIO(), width=160)
    show_matches(console, found)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_each_pair_stands_in_a_line_and_the_lists_are_counted() -> None:
    pair = Match(7, "v1", "Acme", "p1", "Acme Ltd", "same e-mail", 91.0, True, True, "", ())
    other = Match(8, "v2", "Akme", "p1", "Acme Ltd", "name 90 % alike", 90.0, False, False, "v9", ("Acme (v1)",))
    told = shown(Matches("vendors", (pair, other), 3, 1, 4, left=2))
    assert "Acme (v1)" in told and "Acme Ltd (p1)" in told and "same e-mail (proof)" in told
    assert "linked to v9, Acme (v1)" in told and "2 more matches, not shown: --at-most tells more." in told
    assert "vendors: 3 linked, 1 suggested, 1 like nobody there, 4 there like nobody here." in told
    assert "'ml-connector map set vendors KEY ID' takes one over" in told


def test_where_nothing_is_alike_only_the_lists_are_counted() -> None:
    linked_by = {"same e-mail": 1_200, "a person": 1}
    assert shown(Matches("customers", (), 5, 0, 0, linked_by=linked_by)).splitlines() == [
        "customers: 5 linked, 0 suggested, 0 like nobody there, 0 there like nobody here.",
        "Linked with what was there: 1,200 by same e-mail, 1 by a person.",
    ]
