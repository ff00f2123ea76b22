"""What a refused document waits for, and what of a list lets it go."""

from __future__ import annotations

import pytest

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, ListEntry, Party
from ml_connector.connectors.writing import Awaited, Rejected
from ml_connector.sync.refusal_waits import numbered, waits_of

REFUSED = Rejected("201", "GL account 06120 not found.", "Check the mapping.", "gl_account_refused")


def test_a_refusal_that_names_nothing_waits_for_a_person_alone() -> None:
    (person,) = waits_of(REFUSED)
    assert (person.kind, person.key, person.code) == ("person", "rejected", "gl_account_refused")
    assert (person.sentence, person.action) == ("GL account 06120 not found.", "Check the mapping.")
    (bare,) = waits_of(Rejected("1", "No."))
    assert "replay" in bare.action


@pytest.mark.parametrize(
    ("entity", "shown", "number"),
    [
        ("accounts", Account("a1", "Travel", number="06120"), "06120"),
        ("dimensions", Dimension("d1", "cost_center", "Tax", number="CC-41"), "cc 41"),
        ("parties", Party("p1", "vendor", "Acme", account_number="V-1"), "V-1"),
        ("legal_entities", ListEntry("l1", "legal_entity", "Halyard", number="1000"), "1000"),
    ],
)
def test_an_entry_of_the_number_lets_it_go(entity: str, shown: Document, number: str) -> None:
    refused = Rejected("201", "Not found.", "", "rejected", awaits=(Awaited(entity, number),))
    person, fact = waits_of(refused)
    assert person.kind == "person" and fact.kind == "fact" and number in fact.sentence and "once a day" in fact.sentence
    assert numbered(entity, [shown]) == [fact.key]
    assert numbered("payment_terms", [shown]) != [fact.key]


def test_an_entry_without_a_number_lets_nothing_go() -> None:
    assert numbered("accounts", [Account("a1", "Travel"), Account("a2", "Meals", number="--")]) == []


def test_what_stands_there_is_waited_for_by_its_id() -> None:
    _, fact = waits_of(Rejected("b", "Left blank.", awaits=(Awaited("bills", id="abc"),)))
    assert (fact.kind, fact.key) == ("fact", "bills:abc")
