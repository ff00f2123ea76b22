"""Customers and vendors written to ServiceTitan: what it takes, what proves it, and how a lost answer is looked up."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Address
from ml_connector.connectors.servicetitan import CONNECTOR
from ml_connector.connectors.servicetitan.errors import UnexpectedShape
from ml_connector.connectors.writing import (
    AFTER_UNREAD,
    Action,
    Done,
    Later,
    Outcome,
    Rejected,
    Step,
    Uncertain,
    Unread,
)
from ml_connector.errors import BadInput, Refused
from ml_connector.transport.errors import AnswerLost, LeaseLost, NotSent
from ml_connector.transport.messages import Answer
from tests.connectors.servicetitan.servicetitan_script import Script, answer, asked, contact, customer, stamp, vendor

pytestmark = pytest.mark.anyio
GUID = "01234567-89ab-cdef-0123-456789abcdef"
KEYED = {"application_guid": GUID}
HOME = Organisation("1234567", "Acme")
PLACE = Address("12 Main St", "", "Austin", "TX", "78701", "USA")
NATIVE = {"street": "12 Main St", "unit": "", "city": "Austin", "state": "TX", "zip": "78701", "country": "USA"}
ACME = Party("", "customer", "Acme Offices", email="ap@acme.example", phone="(512) 555-0100", address=PLACE)
PARTS = Party("", "vendor", "Parts Supply Co", email="ar@parts.example", first_name="Pat", address=PLACE)
OURS = [{"key": "ml_connector", "value": "ours-1"}]


def body(action: Action, party: Party, **settings: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CONNECTOR.compose(action, party, HOME, "ours-1", settings).body)
    return found


def step(action: Action, party: Party, target: str = "", **settings: str) -> Step:
    composed = CONNECTOR.compose(action, party, HOME, "ours-1", settings)
    return Step(f"{party.kind}s", action, "ours-1", composed.body, target_id=target, number=party.name)


def changed(party: Party, **more: Any) -> Party:
    return msgspec.structs.replace(party, **more)


def sent(script: Script) -> list[tuple[str, str, Any]]:
    """Method, path and body of every write."""
    calls = zip(script.sent, script.paths(), strict=True)
    return [(one.method, path, json.loads(one.body or b"null")) for one, path in calls if one.method != "GET"]


# --- bodies ------------------------------------------------------------------------------------------------------


def test_a_new_customer_has_his_location_contacts_and_our_reference() -> None:
    found = body(Action.CREATE, changed(ACME, private_person=True), **KEYED)
    assert found == {
        "name": "Acme Offices",
        "type": "Residential",
        "address": NATIVE,
        "locations": [{"name": "Acme Offices", "address": NATIVE}],
        "contacts": [
            {"type": "Email", "value": "ap@acme.example"},
            {"type": "Phone", "value": "(512) 555-0100"},
        ],
        "externalData": {"applicationGuid": GUID, "externalData": OURS},
    }
    bare = body(Action.CREATE, changed(ACME, email="", phone=""))
    assert (bare["type"], bare["contacts"], "externalData" in bare) == ("Commercial", [], False)
    assert "location" in CONNECTOR.compose(Action.CREATE, ACME, HOME, "", {}).notes[0]


def test_a_changed_customer_keeps_other_applications_data_and_his_kind() -> None:
    found = body(Action.UPDATE, changed(ACME, active=False, address=Address()), **KEYED)
    assert found == {
        "customer": {
            "name": "Acme Offices",
            "externalData": {"patchMode": "Merge", "applicationGuid": GUID, "externalData": OURS},
        },
        "contacts": [
            {"type": "Email", "value": "ap@acme.example"},
            {"type": "Phone", "value": "(512) 555-0100"},
        ],
    }


def test_a_new_vendor_says_what_servicetitan_demands() -> None:
    found = body(Action.CREATE, PARTS, **KEYED)
    assert found == {
        "name": "Parts Supply Co",
        "active": True,
        "firstName": "Pat",
        "email": "ar@parts.example",
        "isTruckReplenishment": False,
        "taxRate": 0,
        "restrictedMobileCreation": False,
        "address": NATIVE,
        "externalData": {"applicationGuid": GUID, "externalData": OURS},
    }
    assert body(Action.UPDATE, PARTS).keys() == {"name", "firstName", "email", "address"}


def test_whether_one_is_active_goes_by_itself() -> None:
    assert body(Action.SET_STATUS, changed(ACME, active=False)) == {"customer": {"active": False}, "contacts": []}
    assert body(Action.SET_STATUS, changed(PARTS, active=True)) == {"active": True}


@pytest.mark.parametrize("party", [ACME, PARTS])
def test_what_servicetitan_cannot_take_waits_in_words_for_a_bookkeeper(party: Party) -> None:
    with pytest.raises(BadInput, match="has no name"):
        body(Action.CREATE, changed(party, name=" "))
    with pytest.raises(
        BadInput, match=rf"a {party.kind} only with a whole address, and {party.name} has no street, no city"
    ):
        body(Action.CREATE, changed(party, address=Address()))
    homeless = changed(party, address=msgspec.structs.replace(PLACE, country=""))
    with pytest.raises(BadInput, match="has no country: complete"):
        body(Action.CREATE, homeless)
    assert body(Action.CREATE, homeless, country="USA")["address"] == NATIVE
    with pytest.raises(Refused):
        body(Action.VOID, party)


def test_an_address_that_is_not_whole_keeps_no_other_change_waiting() -> None:
    composed = CONNECTOR.compose(Action.UPDATE, changed(ACME, address=Address("1 New St")), HOME, "", {})
    assert "address" not in json.loads(composed.body)["customer"]
    assert "left as it is in ServiceTitan" in composed.notes[0] and "no zip" in composed.notes[0]


# --- customers ---------------------------------------------------------------------------------------------------


def created(**more: Any) -> Answer:
    contacts = [
        {"id": 11, "type": "Email", "value": "AP@acme.example"},
        {"id": 12, "type": "Phone", "value": "5125550100"},
    ]
    shown = customer(77, stamp(9), name="Acme Offices", contacts=contacts, locations=[], externalData=OURS)
    return answer(200, {**shown, **more})


async def test_one_call_creates_a_customer_and_its_answer_proves_it() -> None:
    script = Script(settings=KEYED, instead={"POST customers": created()})
    wanted = step(Action.CREATE, ACME, **KEYED)
    found = await CONNECTOR.write(script, wanted)
    assert isinstance(found, Done) and isinstance(found.document, Party)
    assert (found.target_id, found.document.email, found.document.reference) == ("77", "AP@acme.example", "ours-1")
    assert len(script.sent) == 1 and script.sent[0].body == wanted.body
    assert script.sent[0].path == "/crm/v2/tenant/1234567/customers" and not script.sent[0].safe


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (created(name="Acme"), "name 'Acme' in place of 'Acme Offices'"),
        (created(contacts=[]), "e-mail '' in place of"),
        (created(externalData=[{"key": "ml_connector", "value": "another"}]), "reference 'another'"),
        (answer(200, b""), "not as documented"),
        (answer(500, b""), "500"),
    ],
)
async def test_an_answer_that_shows_otherwise_proves_nothing(reply: Answer, words: str) -> None:
    found = await CONNECTOR.write(Script(instead={"POST customers": reply}), step(Action.CREATE, ACME, **KEYED))
    assert isinstance(found, Uncertain) and words in found.why


async def test_a_customer_that_is_refused() -> None:
    problem = answer(400, {"title": "Validation failed", "errors": {"address.zip": ["is not valid"]}})
    found = await CONNECTOR.write(Script(instead={"POST customers": problem}), step(Action.CREATE, ACME))
    assert isinstance(found, Rejected) and "address.zip: is not valid" in found.sentence
    forbidden = await CONNECTOR.write(Script(instead={"POST customers": answer(403, b"")}), step(Action.CREATE, ACME))
    assert isinstance(forbidden, Later) and "tn.crm.customers:w" in forbidden.why


def known(**more: Any) -> Script:
    """A tenant that has customer 77 with an old e-mail and no phone."""
    script = Script(settings=KEYED)
    script.lists["customers"] = [customer(77, stamp(1), name="Acme", **more)]
    script.lists["customers/contacts"] = [contact(11, 77, "Email", "old@acme.example", stamp(1))]
    script.instead["PATCH customers/77"] = answer(200, customer(77, stamp(9), name="Acme Offices"))
    script.instead["PATCH customers/77/contacts/11"] = answer(
        200, contact(11, 77, "Email", "ap@acme.example", stamp(9))
    )
    script.instead["POST customers/77/contacts"] = answer(200, contact(12, 77, "Phone", "(512) 555-0100", stamp(9)))
    return script


async def update(script: Script, party: Party = ACME) -> Outcome:
    return await CONNECTOR.write(script, step(Action.UPDATE, party, "77", **KEYED))


async def test_a_change_brings_customer_and_contacts_to_what_is_asked() -> None:
    script = known()
    found = await update(script)
    assert isinstance(found, Done) and isinstance(found.document, Party)
    assert (found.document.name, found.document.email, found.document.phone) == (
        "Acme Offices",
        "ap@acme.example",
        "(512) 555-0100",
    )
    first, second, third = sent(script)
    assert first[:2] == ("PATCH", "customers/77")
    assert first[2]["address"] == {**NATIVE, "latitude": 30.26, "longitude": -97.74}
    assert second == ("PATCH", "customers/77/contacts/11", {"type": "Email", "value": "ap@acme.example"})
    assert third == ("POST", "customers/77/contacts", {"type": "Phone", "value": "(512) 555-0100"})


async def test_a_customer_changed_a_moment_ago_is_given_no_contact_that_may_be_there() -> None:
    script = known()
    script.lists["customers"][0]["modifiedOn"] = "2026-06-01T11:57:01.1234567Z"  # less than three minutes before noon
    found = await update(script)
    assert isinstance(found, Uncertain) and "customer 77" in found.why and "Phone" in found.why
    assert [path for _, path, _ in sent(script)] == ["customers/77", "customers/77/contacts/11"]
    script.lists["customers"][0]["modifiedOn"] = "2026-06-01T11:57:00.1234567Z"
    assert isinstance(await update(script), Done)


async def test_contacts_that_are_right_are_left_alone() -> None:
    script = known()
    script.lists["customers/contacts"] = [
        contact(11, 77, "Email", "AP@acme.example", stamp()),
        contact(12, 77, "MobilePhone", "+1 512 555 0100", stamp()),
    ]
    assert isinstance(await update(script), Done)
    assert [path for _, path, _ in sent(script)] == ["customers/77"]


async def test_a_customer_without_a_place_on_the_map_is_never_put_into_the_ocean() -> None:
    script = known(address={**NATIVE, "latitude": None, "longitude": None})
    assert isinstance(await update(script), Done)  # the address is the same
    assert "address" not in sent(script)[0][2]
    for other in ({"street": "1 Old Rd"}, {"city": "Elsewhere"}):
        script = known(address={**NATIVE, **other, "latitude": None, "longitude": None})
        found = await update(script)
        assert isinstance(found, Rejected) and "no place of this customer" in found.sentence and sent(script) == []


async def test_a_changed_address_may_wait_for_a_person() -> None:
    script = known(address={**NATIVE, "street": "1 Old Rd", "latitude": 1.5, "longitude": 2.5})
    script.settings = {**KEYED, "changed_customer_address": "wait"}
    found = await update(script)
    assert isinstance(found, Rejected) and "another address" in found.sentence and sent(script) == []
    script.settings = KEYED
    assert isinstance(await update(script), Done)
    assert sent(script)[0][2]["address"]["latitude"] == 1.5


async def test_a_merged_or_unknown_customer_is_not_changed() -> None:
    script = known(mergedToId=78, active=False)
    found = await update(script)
    assert isinstance(found, Rejected) and "merged customer 77 into customer 78" in found.sentence
    script.lists["customers"] = []
    gone = await update(script)
    assert isinstance(gone, Rejected) and "knows no customer 77" in gone.sentence
    assert sent(script) == []


PAGE = b"<html><title>Scheduled maintenance</title></html>"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answer(200, PAGE), "its text cannot be decoded"),
        (answer(200, b'{"id": 77, "name": "Ac'), "its text cannot be decoded"),
        (answer(200, [{"hello": 1}]), "expected `object`, got `array`"),
        (answer(200, customer(77, stamp(), name=None)), "in field name"),
    ],
)
async def test_an_odd_answer_before_a_change_says_nothing_of_the_change(reply: Answer, words: str) -> None:
    script = known()
    script.instead["GET customers/77"] = reply
    found = await update(script)
    assert isinstance(found, Unread) and words in found.said and found.seconds == AFTER_UNREAD
    assert found.why.startswith("ServiceTitan's customer 77 could not be read: ") and sent(script) == []
    del script.instead["GET customers/77"]
    assert isinstance(await update(script), Done)


async def test_a_first_call_refused_is_a_refusal_and_a_later_one_a_question() -> None:
    script = known()
    script.instead["PATCH customers/77"] = answer(400, {"title": "Bad name"})
    assert isinstance(await update(script), Rejected)
    script = known()
    script.instead["PATCH customers/77/contacts/11"] = answer(400, {"title": "Bad e-mail"})
    found = await update(script)
    assert isinstance(found, Uncertain) and "part of the change only" in found.why and "Bad e-mail" in found.why


@pytest.mark.parametrize(
    ("error", "call", "kind"),
    [
        (AnswerLost("cut"), 1, Later),
        (NotSent("no route"), 2, Later),
        (AnswerLost("cut"), 3, Uncertain),
        (NotSent("no route"), 3, Later),
        (NotSent("no route"), 4, Uncertain),
        (LeaseLost("taken over"), 4, LeaseLost),
    ],
)
async def test_a_wire_that_breaks_in_the_middle(error: Exception, call: int, kind: type) -> None:
    script = known()

    def fail(number: int) -> None:
        if number == call:
            raise error

    script.before = fail
    if kind is LeaseLost:
        with pytest.raises(LeaseLost):
            await update(script)
    else:
        assert type(await update(script)) is kind


async def test_a_lost_customer_is_found_by_our_reference() -> None:
    script = Script(settings=KEYED)
    script.lists["customers"] = [
        customer(1, stamp(), name="Acme Offices"),
        customer(2, stamp(), name="Renamed since", externalData=OURS),
    ]
    script.lists["customers/contacts"] = [contact(11, 2, "Email", "ap@acme.example", stamp())]
    (found,) = await CONNECTOR.find(script, step(Action.CREATE, ACME, **KEYED))
    assert isinstance(found, Party)
    assert (found.id, found.reference, found.email) == ("2", "ours-1", "ap@acme.example")
    assert asked(script, "customers")[0]["externalDataValues"] == "ours-1"
    script.lists["customers"].pop()
    assert await CONNECTOR.find(script, step(Action.CREATE, ACME, **KEYED)) == []


@pytest.mark.parametrize("party", [ACME, PARTS])
async def test_a_look_up_that_is_not_obeyed_proves_no_absence(party: Party) -> None:
    path, row = ("customers", customer(1, stamp())) if party is ACME else ("vendors", vendor(1, stamp()))
    script = Script(settings=KEYED, instead={path: answer(200, {"data": [row], "hasMore": False})})
    with pytest.raises(UnexpectedShape, match="shows others than those"):
        await CONNECTOR.find(script, step(Action.CREATE, party, **KEYED))


async def test_without_an_application_name_and_address_tell() -> None:
    script = Script()
    script.lists["customers"] = [
        customer(1, stamp(), name="Acme Offices", address={**NATIVE, "street": "9 Elm"}),
        customer(2, stamp(), name="ACME Offices"),
        customer(3, stamp(), name="Acme Offices West"),
    ]
    script.lists["vendors"] = [
        vendor(4, stamp(), address=NATIVE),
        vendor(5, stamp(), name="Parts Supply Co.", address=NATIVE),
        vendor(6, stamp(), name=None),
    ]
    (found,) = await CONNECTOR.find(script, step(Action.CREATE, ACME))
    assert found.id == "2" and CONNECTOR.is_ours(found)
    assert asked(script, "customers")[0]["name"] == "Acme Offices"
    assert [one.id for one in await CONNECTOR.find(script, step(Action.CREATE, PARTS))] == ["5"]


async def test_a_lost_change_is_done_only_if_it_shows() -> None:
    script = known()
    wanted = step(Action.UPDATE, ACME, "77", **KEYED)
    assert await CONNECTOR.find(script, wanted) == []
    script.lists["customers"] = [customer(77, stamp(), name="Acme Offices")]
    script.lists["customers/contacts"] = [
        contact(11, 77, "Email", "ap@acme.example", stamp()),
        contact(12, 77, "Phone", "5125550100", stamp()),
    ]
    assert [one.id for one in await CONNECTOR.find(script, wanted)] == ["77"]
    script.lists["vendors"] = [vendor(5, stamp(), name="Parts Supply Co", address=NATIVE)]
    assert await CONNECTOR.find(script, step(Action.UPDATE, PARTS, "5")) == []
    mail = {"email": "ar@parts.example", "firstName": "Pat"}
    script.lists["vendors"] = [vendor(5, stamp(), name="Parts Supply Co", address=NATIVE, contactInfo=mail)]
    assert [one.id for one in await CONNECTOR.find(script, step(Action.UPDATE, PARTS, "5"))] == ["5"]


# --- vendors -----------------------------------------------------------------------------------------------------


def shown(**more: Any) -> Answer:
    contact_info = {"firstName": "Pat", "lastName": None, "phone": None, "email": "ar@parts.example"}
    row = vendor(9, stamp(), name="Parts Supply Co", address=NATIVE, contactInfo=contact_info, externalData=OURS)
    return answer(200, {**row, **more})


async def test_a_vendor_is_created_and_read_back() -> None:
    script = Script(settings=KEYED, instead={"POST vendors": answer(200, {"id": 9}), "GET vendors/9": shown()})
    found = await CONNECTOR.write(script, step(Action.CREATE, PARTS, **KEYED))
    assert isinstance(found, Done) and isinstance(found.document, Party)
    assert (found.target_id, found.document.reference) == ("9", "ours-1")
    assert script.sent[1].query == (("externalDataApplicationGuid", GUID),)


async def test_a_vendor_is_changed_and_read_back() -> None:
    script = Script(instead={"PATCH vendors/9": answer(200, {"id": 9}), "GET vendors/9": shown()})
    assert isinstance(await CONNECTOR.write(script, step(Action.UPDATE, PARTS, "9")), Done)
    assert [call[:2] for call in sent(script)] == [("PATCH", "vendors/9")]


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"POST vendors": answer(200, b"[]")}, "not as documented"),
        ({"POST vendors": answer(200, {"id": 9}), "GET vendors/9": answer(503, b"")}, "has not been seen yet"),
        ({"POST vendors": answer(200, {"id": 9}), "GET vendors/9": shown(address=None)}, "street"),
        ({"POST vendors": answer(200, {"id": 9}), "GET vendors/9": shown(name=None)}, "cannot be read"),
        ({"POST vendors": answer(502, b"")}, "502"),
    ],
)
async def test_what_a_vendors_answer_does_not_prove(instead: dict[str, Answer], words: str) -> None:
    found = await CONNECTOR.write(Script(settings=KEYED, instead=instead), step(Action.CREATE, PARTS, **KEYED))
    assert isinstance(found, Uncertain) and words in found.why


async def test_a_vendor_that_is_not_there_yet_is_looked_up_later() -> None:
    script = Script(instead={"POST vendors": answer(200, {"id": 9}), "GET vendors/9": answer(404, {"title": "None"})})
    assert isinstance(await CONNECTOR.write(script, step(Action.CREATE, PARTS)), Uncertain)
