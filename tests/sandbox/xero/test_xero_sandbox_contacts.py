"""Contacts: names and numbers, upsert, archive, merge."""

from __future__ import annotations

from typing import Any

import pytest
from xero_world import ZERO, Answer, Sandbox

pytestmark = pytest.mark.anyio
TAKEN = (
    "The contact name Jane Doe is already assigned to another contact. The contact name must be unique across all "
    "active contacts."
)


async def put(sandbox: Sandbox, **body: Any) -> Answer:
    return await sandbox.api("PUT", "/Contacts", {"Contacts": [body]})


async def post(sandbox: Sandbox, **body: Any) -> Answer:
    return await sandbox.api("POST", "/Contacts", {"Contacts": [body]})


async def test_a_contact_comes_back_with_every_part(sandbox: Sandbox) -> None:
    phone = {"PhoneType": "MOBILE", "PhoneNumber": "555-0100"}
    address = {"AddressType": "POBOX", "AddressLine1": "1 Street", "City": "Austin"}
    made = (await put(sandbox, Name="New", Phones=[phone], Addresses=[address], IsCustomer=True)).body["Contacts"][0]
    assert {one["PhoneType"]: one["PhoneNumber"] for one in made["Phones"]} == {
        "DEFAULT": "", "DDI": "", "FAX": "", "MOBILE": "555-0100",
    }  # fmt: skip
    assert [one["City"] for one in made["Addresses"]] == ["", "Austin"]
    assert (made["IsCustomer"], made["HasValidationErrors"]) == (False, False)


async def test_terms_are_shown_where_somebody_has_set_them(sandbox: Sandbox) -> None:
    assert "PaymentTerms" not in (await put(sandbox, Name="New")).body["Contacts"][0]
    terms = {"Bills": {"Day": 30, "Type": "DAYSAFTERBILLDATE"}}
    (made,) = (await post(sandbox, Name="New", PaymentTerms=terms, TaxNumber="98-7654321")).body["Contacts"]
    (listed,) = (await sandbox.api("GET", f"/Contacts?IDs={made['ContactID']}")).body["Contacts"]
    assert listed["PaymentTerms"] == terms and listed["TaxNumber"] == "98-7654321"
    for wrong in ({"Bills": {"Day": 32, "Type": "OFCURRENTMONTH"}}, {"Bills": {"Day": 1, "Type": "SOON"}}, {"X": {}}):
        assert (await post(sandbox, Name="New", PaymentTerms=wrong)).status == 400


async def test_put_refuses_a_name_or_number_that_is_taken(sandbox: Sandbox) -> None:
    answer = await put(sandbox, Name="Jane Doe", EmailAddress="x@example.test")
    element = answer.body["Elements"][0]
    assert (answer.status, answer.messages, element["ContactID"]) == (400, [TAKEN], ZERO)
    assert element["HasValidationErrors"] is True
    number = await put(sandbox, Name="Other", ContactNumber="ST-V-1")
    assert number.messages == ["Another contact has this contact number. Please enter a different contact number."]
    await put(sandbox, Name="A", AccountNumber="7")
    account = await put(sandbox, Name="B", AccountNumber="7")
    assert account.messages == ["The Account Number already exists. Please enter a different Account Number"]


@pytest.mark.parametrize(("order", "found"), [("number,name", "Supplier Ltd"), ("name,number", "Jane Doe")])
async def test_post_finds_by_number_and_name_in_the_order_of_the_switch(
    sandbox: Sandbox, order: str, found: str
) -> None:
    sandbox.switches.contact_match = order
    before = {one.name: one.contact_id for one in sandbox.books.contacts}
    answer = await post(sandbox, Name="Jane Doe", ContactNumber="ST-V-1", FirstName="X")
    element = (answer.body.get("Contacts") or answer.body["Elements"])[0]
    assert element["ContactID"] == before[found]


async def test_post_keeps_what_is_left_out_except_contact_persons(sandbox: Sandbox) -> None:
    persons = [{"FirstName": "Sue", "EmailAddress": "sue@example.test"}]
    first = (await post(sandbox, ContactNumber="ST-C-1", Name="Acme", ContactPersons=persons)).body["Contacts"][0]
    again = (await post(sandbox, ContactNumber="ST-C-1", EmailAddress="a@example.test")).body["Contacts"][0]
    assert (again["ContactID"], again["Name"], again["ContactPersons"]) == (first["ContactID"], "Acme", [])
    assert (await sandbox.get("/Contacts/ST-C-1")).body["Contacts"][0]["EmailAddress"] == "a@example.test"
    sandbox.switches.persons_dropped = False
    await post(sandbox, ContactNumber="ST-C-1", ContactPersons=persons)
    kept = (await post(sandbox, ContactNumber="ST-C-1", FirstName="B")).body["Contacts"][0]
    assert kept["ContactPersons"][0]["FirstName"] == "Sue"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"Name": "a <b>"}, "must not contain"),
        ({"Name": " a"}, "no space at either end"),
        ({"Name": "a  b"}, "twice in a row"),
        ({"Name": "n" * 256}, "too long"),
        ({"Name": "n", "EmailAddress": "nobody"}, "Email address must be valid."),
        ({"Name": "n", "EmailAddress": "jürgen@example.test"}, "Email address must be valid."),
        ({"Name": "n", "ContactNumber": "1" * 51}, "too long"),
        ({"Name": "n", "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "1" * 51}]}, "too long"),
        ({"Name": "n", "ContactPersons": [{}] * 6}, "at most 5"),
        ({"EmailAddress": "a@example.test"}, "must be specified"),
    ],
)
async def test_validation(sandbox: Sandbox, body: dict[str, Any], words: str) -> None:
    answer = await put(sandbox, **body)
    assert answer.status == 400 and words in answer.messages[0]
    assert len(sandbox.books.contacts) == 2


async def test_archiving_is_a_way_of_no_return_through_the_api(sandbox: Sandbox) -> None:
    await sandbox.made()
    contact_id = sandbox.contact.contact_id
    done = await post(sandbox, ContactID=contact_id, ContactStatus="ARCHIVED")
    assert done.body["Contacts"][0]["ContactStatus"] == "ARCHIVED"
    again = await post(sandbox, ContactID=contact_id, ContactStatus="ACTIVE")
    assert again.messages[0].startswith("The specified contact details matched an archived contact.")
    assert [one["Name"] for one in (await sandbox.get("/Contacts")).body["Contacts"]] == ["Supplier Ltd"]
    everyone = await sandbox.get("/Contacts", includeArchived="true", page=1)
    assert everyone.body["pagination"]["itemCount"] == 2
    assert (await put(sandbox, Name="Jane Doe")).status == 200


async def test_merging_by_hand(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    loser, winner = sandbox.contact, sandbox.books.contacts.having("number", "ST-V-1")[0]
    sandbox.clock.move(1)
    sandbox.books.desk.merge_contacts(loser, winner)
    shown = (await sandbox.get(f"/Contacts/{loser.contact_id}")).body["Contacts"][0]
    assert (shown["ContactStatus"], shown["MergedToContactID"]) == ("ARCHIVED", winner.contact_id)
    assert (await sandbox.read(made))["Contact"]["ContactID"] == winner.contact_id


async def test_balances_and_search(sandbox: Sandbox) -> None:
    await sandbox.made()
    (row,) = (await sandbox.get("/Contacts", searchTerm="JANE")).body["Contacts"]
    assert str(row["Balances"]["AccountsReceivable"]["Outstanding"]) == "24.15"
    where = await sandbox.get("/Contacts", where='EmailAddress=="Jane@example.test"')
    assert len(where.body["Contacts"]) == 1
    assert (await sandbox.get("/Contacts", IDs=row["ContactID"])).body["Contacts"][0]["Name"] == "Jane Doe"
    assert (await sandbox.get("/Contacts/nobody")).status == 404
