"""Contacts: what a change keeps, the currency by its id, terms, limits and exemptions."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from zoho_sales_script import GONE, ORG, asked, body, ok, page, refused, scripted

from ml_connector.canonical.master_data import Organisation, Party, Person
from ml_connector.connectors.writing import Action, Composed, Done, Later, Rejected, Step, Uncertain
from ml_connector.connectors.zoho_books import CONNECTOR, translate, translate_source
from ml_connector.errors import BadInput
from ml_connector.transport.errors import AnswerLost, LeaseLost, Throttled
from ml_connector.transport.messages import Answer

pytestmark = pytest.mark.anyio

ID = "260815000000097001"
ANN = {"contact_person_id": "71", "first_name": "Ann", "last_name": "Lee", "email": "ann@acme.example", "phone": "555 1",
       "mobile": "", "designation": "Owner", "is_primary_contact": True, "is_added_in_portal": False}  # fmt: skip
BOB = {"contact_person_id": "72", "first_name": "Bob", "mobile": "555 2", "is_primary_contact": False}
ACME = Party(ID, "customer", "Acme Corp", first_name="Ann", last_name="Lee", email="new@acme.example", phone="555 1")


def contact(*persons: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"contact_id": ID, "contact_name": "Acme Corp", "contact_type": "customer", "status": "active",
            "billing_address": {}, "contact_persons": list(persons), **more}  # fmt: skip


def compose(party: Party, action: Action = Action.CREATE, org: Organisation = ORG, **settings: str) -> Composed:
    return CONNECTOR.compose(action, party, org, "T-42", settings)


def sent(composed: Composed) -> Any:
    return json.loads(composed.body, parse_float=Decimal)


def change(party: Party = ACME) -> Step:
    return Step("parties", Action.UPDATE, "T-42", compose(party, Action.UPDATE).body, ID, number=party.name)


async def test_a_change_keeps_every_person_with_its_id() -> None:
    session = scripted(ok(contact=contact(ANN, BOB)), ok(contact=contact(ANN, BOB)))
    assert isinstance(await CONNECTOR.write(session, change()), Done)
    assert asked(session) == [("GET", f"/contacts/{ID}"), ("PUT", f"/contacts/{ID}")]
    first, second = body(session.requests[1])["contact_persons"]
    assert first == {
        "contact_person_id": "71", "first_name": "Ann", "last_name": "Lee", "email": "new@acme.example", "phone": "555 1",
        "designation": "Owner", "is_primary_contact": True,
    }  # fmt: skip
    assert second == {"contact_person_id": "72", "first_name": "Bob", "mobile": "555 2"}


async def test_a_change_of_a_contact_that_was_made_for_another_party_is_done_and_leaves_its_reference() -> None:
    told = contact(ANN, custom_field_hash={"cf_ml_connector_ref": "T-41"})
    session = scripted(ok(contact=told), ok(contact=told))
    composed = CONNECTOR.compose(Action.UPDATE, ACME, ORG, "", {})
    assert isinstance(await CONNECTOR.write(session, Step("parties", Action.UPDATE, "T-42", composed.body, ID)), Done)
    assert "custom_fields" not in body(session.requests[1])


async def test_the_first_person_is_also_told_by_the_contact() -> None:
    unmarked = {name: value for name, value in ANN.items() if name != "is_primary_contact"}
    session = scripted(ok(contact=contact(BOB, unmarked, primary_contact_id="71")), ok(contact=contact()))
    await CONNECTOR.write(session, change())
    persons = body(session.requests[1])["contact_persons"]
    assert [one.get("email") for one in persons] == [None, "new@acme.example"]


async def test_where_there_is_no_first_person_ours_is_added() -> None:
    session = scripted(ok(contact=contact(BOB)), ok(contact=contact(BOB)))
    await CONNECTOR.write(session, change())
    ours, theirs = body(session.requests[1])["contact_persons"]
    assert ours["email"] == "new@acme.example" and "contact_person_id" not in ours and theirs["first_name"] == "Bob"


async def test_a_mobile_number_is_not_written_as_a_telephone_too() -> None:
    mobile = {**ANN, "phone": "", "mobile": "555 1"}
    assert translate.party(contact(phone="", mobile="555 1"), "").phone == "555 1"
    session = scripted(ok(contact=contact(mobile)), ok(contact=contact(mobile)))
    await CONNECTOR.write(session, change())
    (first,) = body(session.requests[1])["contact_persons"]
    assert "phone" not in first and first["mobile"] == "555 1"


async def test_a_change_that_is_not_of_a_person_reads_nothing() -> None:
    session = scripted(ok(contact=contact(ANN)))
    await CONNECTOR.write(session, change(Party(ID, "customer", "Acme Corp")))
    assert asked(session) == [("PUT", f"/contacts/{ID}")]
    assert "contact_persons" not in body(session.requests[0])


OURS = {"contact_person_id": "73", "first_name": "Jane", "email": "jane@acme.example", "phone": "555 3",
        "department": "ServiceTitan contact 9"}  # fmt: skip
ADDED = Party(ID, "customer", "Acme Corp", persons=(Person("9", "Jane", email="jane@acme.example"),))


async def put(party: Party, *there: dict[str, Any]) -> list[dict[str, Any]]:
    """The persons that a change of a contact with those persons is sent with."""
    session = scripted(ok(contact=contact(*there)), ok(contact=contact(*there)))
    assert isinstance(await CONNECTOR.write(session, change(party)), Done)
    return list(body(session.requests[1])["contact_persons"])


async def test_a_further_person_is_added_behind_those_that_are_there() -> None:
    first, second, third = await put(ADDED, ANN, BOB)
    assert (first["contact_person_id"], first["email"], first["is_primary_contact"]) == ("71", "ann@acme.example", True)
    assert second == {"contact_person_id": "72", "first_name": "Bob", "mobile": "555 2"}
    assert third == {"first_name": "Jane", "email": "jane@acme.example", "department": "ServiceTitan contact 9"}


async def test_one_whose_address_a_person_of_theirs_has_is_not_added() -> None:
    theirs = {"contact_person_id": "74", "first_name": "J.", "email": "JANE@acme.example"}
    assert [one["contact_person_id"] for one in await put(ADDED, ANN, theirs)] == ["71", "74"]
    first = {**ANN, "email": "jane@acme.example"}
    assert [one["contact_person_id"] for one in await put(ADDED, first, BOB)] == ["71", "72"]


async def test_a_further_person_is_changed_where_it_is_ours_and_keeps_what_people_have_added() -> None:
    moved = replace(ADDED, persons=(Person("9", "Jane B.", email="jb@acme.example"),))
    _, ours, theirs = await put(moved, ANN, OURS, BOB)
    assert ours == {**OURS, "first_name": "Jane B.", "email": "jb@acme.example"}
    assert theirs["contact_person_id"] == "72"


async def test_one_that_goes_takes_nobody_else_with_it() -> None:
    gone = replace(ADDED, persons=(Person("9"),))
    assert [one["contact_person_id"] for one in await put(gone, ANN, OURS, BOB)] == ["71", "72"]
    freed = {name: value for name, value in OURS.items() if name != "department"}  # people have made it theirs
    assert [one["contact_person_id"] for one in await put(gone, ANN, freed)] == ["71", "73"]
    first = {**OURS, "is_primary_contact": True}
    assert [one["contact_person_id"] for one in await put(gone, first, BOB)] == ["73", "72"]


async def test_the_first_and_further_ones_change_in_one_call() -> None:
    both = replace(ACME, persons=(Person("9", email="jane@acme.example"), Person("8")))
    other = {**OURS, "contact_person_id": "75", "department": "ServiceTitan contact 8", "email": "b@acme.example"}
    first, last = await put(both, ANN, other)
    assert first["email"] == "new@acme.example"
    assert last == {"email": "jane@acme.example", "department": "ServiceTitan contact 9"}


async def test_none_becomes_the_first_one_of_a_contact_that_has_lost_it() -> None:
    session = scripted(ok(contact=contact()))
    outcome = await CONNECTOR.write(session, change(ADDED))
    assert isinstance(outcome, Rejected) and "primary" in outcome.action and len(session.requests) == 1


@pytest.mark.parametrize(
    "given", [AnswerLost("cut"), Throttled("slow", 7.0), refused(57, "no", 401), refused(2, "odd")]
)
async def test_what_cannot_be_read_first_is_not_written(given: Answer | Exception) -> None:
    session = scripted(given)
    outcome = await CONNECTOR.write(session, change())
    assert isinstance(outcome, Later) and len(session.requests) == 1
    assert outcome.forbidden is (isinstance(given, Answer) and given.status == 401)  # of this alone; others go on


async def test_a_contact_that_is_gone_is_refused_with_what_to_do() -> None:
    outcome = await CONNECTOR.write(scripted(GONE), change())
    assert isinstance(outcome, Rejected) and "merged or deleted" in outcome.action
    with pytest.raises(LeaseLost):
        await CONNECTOR.write(scripted(LeaseLost("taken over")), change())


# --- currencies --------------------------------------------------------------------------------------------------

EUR = {"currency_id": "93", "currency_code": "EUR", "exchange_rate": 0, "auto_exchange_rate_enabled": True}


async def test_a_foreign_contact_is_made_in_its_currency_and_no_rate_is_looked_at() -> None:
    composed = compose(Party("", "vendor", "Beta", currency="EUR"))
    step = Step("parties", Action.CREATE, "T-42", composed.body, number="Beta")
    session = scripted(page(currencies=[{"currency_id": "97", "currency_code": "USD"}, EUR]),
                       ok(201, contact=contact(contact_name="Beta")))  # fmt: skip
    await CONNECTOR.write(session, step)
    made = body(session.requests[1])
    assert made["currency_id"] == "93" and not {"currency_code", "exchange_rate"} & made.keys()


async def test_a_currency_that_zoho_does_not_have_is_refused_before_anything_is_written() -> None:
    step = Step("parties", Action.CREATE, "T-42", compose(Party("", "vendor", "Beta", currency="CHF")).body)
    session = scripted(page(currencies=[EUR]))
    outcome = await CONNECTOR.write(session, step)
    assert isinstance(outcome, Rejected) and outcome.reason == "currency_refused" and "CHF" in outcome.sentence
    assert len(session.requests) == 1


def test_the_currency_of_a_contact_is_given_once() -> None:
    assert "currency_code" not in sent(compose(replace(ACME, currency="EUR"), Action.UPDATE))
    assert "currency_code" not in sent(compose(replace(ACME, currency="USD")))
    assert sent(compose(replace(ACME, currency="USD"), currency_sent="always"))["currency_code"] == "USD"


# --- terms, limits, exemptions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "days"), [("Net 30", 30), ("45 days", 45), ("Due on Receipt", 0), ("net60", 60)]
)  # fmt: skip
def test_terms_are_days_and_a_label(words: str, days: int) -> None:
    found = sent(compose(replace(ACME, terms=words)))
    assert (found["payment_terms"], found["payment_terms_label"]) == (days, words)


def test_other_terms_are_left_and_that_is_said() -> None:
    composed = compose(replace(ACME, terms="End of next month"))
    assert "payment_terms" not in sent(composed) and "End of next month" in composed.notes[0]


def test_only_customers_have_a_limit_and_an_exemption() -> None:
    limited = replace(ACME, credit_limit=Decimal("5000.50"), tax_exempt=False)
    found = sent(compose(limited))
    assert (found["credit_limit"], found["is_taxable"]) == (Decimal("5000.5"), True)
    vendor = sent(compose(replace(limited, kind="vendor")))
    assert "credit_limit" not in vendor and "is_taxable" not in vendor
    assert "is_taxable" not in sent(compose(limited, org=replace(ORG, edition="GLOBAL")))


def test_who_is_exempt_names_an_exemption_or_is_not_made() -> None:
    exempt = replace(ACME, tax_exempt=True)
    with pytest.raises(BadInput, match="exempt_contact"):
        compose(exempt)
    found = sent(compose(exempt, exempt_contact="8"))
    assert (found["is_taxable"], found["tax_exemption_id"]) == (False, "8")
    left = compose(exempt, Action.UPDATE)
    assert "is_taxable" not in sent(left) and "left as it is" in left.notes[0]


def test_other_persons_go_with_a_new_contact() -> None:
    new = replace(ACME, persons=(Person("9", "Bob", email="bob@acme.example"),))
    known = {"first_name": "Bob", "email": "bob@acme.example", "department": "ServiceTitan contact 9"}
    assert sent(compose(new))["contact_persons"][1] == known
    first, added = sent(compose(new, Action.UPDATE))["contact_persons"]
    assert first["is_primary_contact"] and added == known


def test_a_customer_is_read_with_limit_and_exemption_and_every_contact_with_its_role() -> None:
    found = translate.party(contact(ANN, BOB, credit_limit=5000, is_taxable=False), "")
    assert (found.roles, found.credit_limit, found.tax_exempt, found.in_full) == ("customer", 5000, True, True)
    assert translate.party(contact(credit_limit=0), "").credit_limit is None
    vendor = translate.party({**contact(), "contact_type": "vendor", "is_taxable": True, "credit_limit": 5}, "")
    assert (vendor.roles, vendor.credit_limit, vendor.tax_exempt) == ("vendor", None, None)
    row = {name: value for name, value in contact().items() if name != "billing_address"}
    assert not translate.party(row, "").in_full
    told = translate_source.party(contact(ANN, BOB, payment_terms_label="Net 30"), "")
    assert [one.first_name for one in told.persons] == ["Bob"] and told.terms == "Net 30"


# --- active and inactive -----------------------------------------------------------------------------------------------


def status(*, active: bool) -> Step:
    party = replace(ACME, active=active)
    return Step("parties", Action.SET_STATUS, "T-42", compose(party, Action.SET_STATUS).body, ID, number=party.name)


async def test_one_is_made_inactive_by_a_call_of_its_own_once_nothing_is_open_and_read_again() -> None:
    session = scripted(ok(contact=contact()), ok(), ok(contact=contact(status="inactive")))
    outcome = await CONNECTOR.write(session, status(active=False))
    assert isinstance(outcome, Done) and isinstance(outcome.document, Party) and not outcome.document.active
    one = f"/contacts/{ID}"
    assert asked(session) == [("GET", one), ("POST", f"{one}/inactive"), ("GET", one)]
    session = scripted(ok(), ok(contact=contact()))
    assert isinstance(await CONNECTOR.write(session, status(active=True)), Done)
    assert asked(session) == [("POST", f"{one}/active"), ("GET", one)]


@pytest.mark.parametrize(
    "name",
    [
        "outstanding_receivable_amount", "outstanding_payable_amount", "unused_credits_receivable_amount",
        "unused_credits_payable_amount",
    ],
)  # fmt: skip
async def test_one_with_anything_open_is_not_made_inactive(name: str) -> None:
    session = scripted(ok(contact=contact(**{name: 12.5, "currency_code": "USD"})))
    outcome = await CONNECTOR.write(session, status(active=False))
    assert isinstance(outcome, Rejected) and outcome.reason == "status_refused" and "12.5 USD" in outcome.sentence
    assert len(session.requests) == 1


async def test_a_refused_status_is_told_in_zohos_words() -> None:
    session = scripted(ok(contact=contact()), refused(36, "The contact has open transactions."))
    outcome = await CONNECTOR.write(session, status(active=False))
    assert isinstance(outcome, Rejected) and outcome.reason == "status_refused"
    assert "has open transactions" in outcome.sentence
    gone = await CONNECTOR.write(scripted(ok(contact=contact()), GONE), status(active=False))
    assert isinstance(gone, Rejected) and gone.reason != "status_refused"


@pytest.mark.parametrize("seen", [ok(contact=contact()), refused(2, "odd"), GONE, AnswerLost("cut")])
async def test_a_status_that_is_not_shown_is_not_proven(seen: Answer | Exception) -> None:
    session = scripted(ok(contact=contact()), ok(), seen)
    assert isinstance(await CONNECTOR.write(session, status(active=False)), Uncertain)
