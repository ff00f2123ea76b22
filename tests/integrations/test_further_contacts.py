"""A customer's further e-mail addresses as contact persons of Zoho Books: added once, followed, and never echoed."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from zoho_sales_world import BOOKS, INVOICE, codes, view

from ml_connector.canonical.master_data import Party, Person
from ml_connector.connectors.zoho_books import compose as zoho
from ml_connector.integrations.decisions import Adopt, Decision, Unchanged, Write
from ml_connector.integrations.further_contacts import changed_since, further, of_new
from ml_connector.integrations.views import Candidate, Linked
from ml_connector.integrations.zoho_parties import ZohoCustomers, ZohoCustomersBack

CONTACT = "460000000026049"
JANE, SHOP = Person("12", "Jane", email="jane@lee.example"), Person("13", email="shop@lee.example")
ANN = Party("c40", "customer", "Ann Lee", email="ann@lee.example", phone="512 555 0100", stamp="2026-06-01T10:00:00Z")
THERE = Party(CONTACT, "customer", "Ann Lee", email="ann@lee.example", phone="512 555 0100", roles="customer")


def having(*persons: Person, **changes: Any) -> Party:
    return msgspec.structs.replace(ANN, persons=persons, **changes)


def planned(
    now: Party, agreed: Party | None = None, there: Party = THERE, *, setting: str = "add", **changes: Any
) -> Decision:
    settings = {"further_contacts": setting, **changes.pop("settings", {})}
    link = Linked("parties", CONTACT, there, agreed, there) if agreed else None
    around = dataclasses.replace(
        view(INVOICE, settings=settings), document=now, source_id=now.id, link=link, links={}, candidates=(),
        compose=lambda action, document, reference: zoho.compose(action, document, BOOKS, reference, {}),
    )  # fmt: skip
    return ZohoCustomers().plan(dataclasses.replace(around, **changes))


def persons(decision: Decision) -> list[dict[str, Any]]:
    assert isinstance(decision, Write)
    sent: list[dict[str, Any]] = msgspec.json.decode(decision.steps[0].body).get("contact_persons", [])
    return [{name: value for name, value in one.items() if name != "is_primary_contact"} for one in sent]


def notes(decision: Decision) -> str:
    assert isinstance(decision, Write)
    return " | ".join(decision.notes)


OF_JANE = {"first_name": "Jane", "email": "jane@lee.example", "department": "ServiceTitan contact 12"}
OF_SHOP = {"email": "shop@lee.example", "department": "ServiceTitan contact 13"}


def test_a_new_customer_goes_with_them_and_tells_it_beforehand() -> None:
    decision = planned(having(JANE, SHOP))
    first = {"email": "ann@lee.example", "phone": "512 555 0100"}
    assert persons(decision) == [first, OF_JANE, OF_SHOP]
    assert "jane@lee.example (Jane) is added; shop@lee.example is added" in notes(decision)
    assert persons(planned(having(JANE, SHOP), setting="leave")) == [first]


def test_what_has_changed_of_them_alone_goes() -> None:
    moved = Person("12", "Jane B.", email="jb@lee.example")
    decision = planned(having(moved, SHOP), having(JANE, SHOP))
    assert persons(decision) == [{**OF_JANE, "first_name": "Jane B.", "email": "jb@lee.example"}]
    assert "jane@lee.example (Jane) becomes jb@lee.example (Jane B.)" in notes(decision)
    assert isinstance(decision, Write) and decision.agreed is not None
    assert decision.agreed.source.persons == (moved, SHOP)


def test_one_that_is_gone_is_taken_away() -> None:
    decision = planned(having(SHOP), having(JANE, SHOP))
    assert persons(decision) == [{"department": "ServiceTitan contact 12"}]
    assert "jane@lee.example (Jane) is taken away" in notes(decision)
    assert isinstance(decision, Write) and decision.agreed is not None and decision.agreed.source.persons == (SHOP,)


def test_what_was_sent_once_is_not_sent_again() -> None:
    assert isinstance(planned(having(JANE), having(JANE)), Unchanged)
    decision = planned(having(JANE, phone="512 555 0111"), having(JANE))
    assert persons(decision) == [{"phone": "512 555 0111"}]


def test_they_go_with_another_change_in_one_step() -> None:
    decision = planned(having(JANE, phone="512 555 0111"), having())
    assert persons(decision) == [{"phone": "512 555 0111"}, OF_JANE]


def test_left_they_go_nowhere_and_what_was_agreed_of_them_stays() -> None:
    assert isinstance(planned(having(), having(JANE), setting="leave"), Unchanged)
    decision = planned(having(phone="512 555 0111"), having(JANE), setting="leave")
    assert persons(decision) == [{"phone": "512 555 0111"}]
    assert isinstance(decision, Write) and decision.agreed is not None
    assert decision.agreed.source.persons == (JANE,)


def test_one_that_is_linked_gets_them_with_its_next_change() -> None:
    candidate = Candidate(THERE, "same e-mail", True, 100.0)
    decision = planned(having(JANE), candidates=(candidate,))
    assert isinstance(decision, Adopt) and decision.agreed is not None
    assert persons(planned(having(JANE, stamp="2026-06-02T10:00:00Z"), decision.agreed.source)) == [OF_JANE]


def test_none_becomes_the_first_person_of_a_contact_that_has_none() -> None:
    bare = Party(CONTACT, "customer", "Ann Lee", roles="customer")
    kept = having(phone="", email="")
    assert isinstance(planned(msgspec.structs.replace(kept, persons=(JANE,)), kept, bare), Unchanged)
    decision = planned(msgspec.structs.replace(kept, persons=(JANE,), email="ann@lee.example"), kept, bare)
    assert persons(decision) == [{"email": "ann@lee.example"}, OF_JANE]


def test_nothing_is_written_while_only_links_are_made() -> None:
    decision = planned(having(JANE), having(), settings={"parties_baseline": "yes"})
    assert codes(decision) == ["parties_baseline"]


def test_customers_are_read_with_them_only_where_they_are_wanted() -> None:
    for setting, options in (("add", {"further_contacts": "add"}), ("leave", {})):
        settings = view(INVOICE, settings={"further_contacts": setting}).settings
        assert ZohoCustomers().reading_options(settings) == options


def test_persons_of_zoho_go_nowhere() -> None:
    there = msgspec.structs.replace(THERE, persons=(Person("71", "Bob", email="bob@lee.example"),))
    link = Linked("customers", ANN.id, ANN, THERE, ANN)
    around = dataclasses.replace(
        view(INVOICE, settings={"further_contacts": "add", "parties_back": "yes"}), document=there, source_id=CONTACT,
        link=link,
    )  # fmt: skip
    assert isinstance(ZohoCustomersBack().plan(around), Unchanged)


@pytest.mark.parametrize(
    "email", ["", "ANN@lee.example", "a@b.example, c@d.example", "n/a", "a@b@c", "@b.example", "a@", f"{'a' * 99}@b"]
)
def test_what_is_no_address_of_its_own_is_left_out(email: str) -> None:
    assert further(having(Person("14", email=email))) == {}
    assert of_new(having(Person("14", email=email))) is None


def test_one_address_is_one_person() -> None:
    twice = having(JANE, Person("15", email="Jane@Lee.example "))
    assert list(further(twice)) == ["12"]
    assert changed_since(having(JANE), twice) is None
