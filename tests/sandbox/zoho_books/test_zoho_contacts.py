"""Contacts."""

from __future__ import annotations

import pytest
from zoho_world import Answer, Sandbox

pytestmark = pytest.mark.anyio


async def post(sandbox: Sandbox, name: str = "New", **more: object) -> Answer:
    return await sandbox.api("POST", "/contacts", {"contact_name": name, **more})


async def test_email_comes_from_the_primary_person(sandbox: Sandbox) -> None:
    persons = [
        {"first_name": "Ann", "email": "ann@x.test"},
        {"first_name": "Bob", "is_primary_contact": True},
    ]
    made = await post(sandbox, contact_type="vendor", email="top@x.test", contact_persons=persons)
    contact = made.body["contact"]
    assert (contact["first_name"], contact["email"], contact["payment_terms_label"]) == (
        "Bob",
        "",
        "Due on Receipt",
    )
    path = f"/contacts/{contact['contact_id']}"
    kept = [{"contact_person_id": contact["contact_persons"][0]["contact_person_id"], "email": "a@x.test"}]
    changed = await sandbox.api("PUT", path, {"contact_persons": kept})
    assert changed.body["contact"]["email"] == "a@x.test"
    assert len(changed.body["contact"]["contact_persons"]) == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [({"contact_name": ""}, 2), ({"contact_name": "x" * 201}, 15), ({"contact_type": "firm"}, 2),
     ({"currency_id": "1"}, 2), ({"billing_address": {"zip": "1" * 51}}, 15), ({"tax_id_type": "VAT"}, 2)],
)  # fmt: skip
async def test_refused(sandbox: Sandbox, more: dict[str, object], code: int) -> None:
    answer = await sandbox.api("POST", "/contacts", {"contact_name": "N", **more})
    assert (answer.status, answer.body["code"]) == (400, code)


async def test_duplicate_names(sandbox: Sandbox) -> None:
    made = await post(sandbox, "acme corp")
    assert made.status == 201
    assert len((await sandbox.get("/contacts", filter_by="Status.Duplicate")).body["contacts"]) == 2
    sandbox.switches.duplicate_contact_names = False
    refused = await post(sandbox, "Acme Corp")
    assert (refused.status, refused.body["code"]) == (400, 3062)
    assert '"Acme Corp" already exists' in refused.body["message"]
    renamed = await sandbox.api("PUT", f"/contacts/{made.body['contact']['contact_id']}", {"contact_name": "ACME CORP"})
    assert renamed.body["code"] == 3062


async def test_list_filters_and_order(sandbox: Sandbox) -> None:
    async def names(**query: str) -> list[str]:
        return [one["contact_name"] for one in (await sandbox.get("/contacts", **query)).body["contacts"]]

    assert await names() == ["Acme Corp", "Beta Supplies Ltd", "Gamma Partners"]
    assert await names(contact_type="vendor") == ["Beta Supplies Ltd", "Gamma Partners"]
    assert await names(contact_name_contains="SUPPL") == ["Beta Supplies Ltd"]
    beta = sandbox.books.contacts.having("name", "beta supplies ltd")[0]
    sandbox.clock.move(5)
    await sandbox.api("PUT", f"/contacts/{beta.contact_id}", {"notes": "x"})
    newest = {"sort_column": "last_modified_time", "sort_order": "D"}
    assert (await names(**newest))[0] == "Beta Supplies Ltd"
    sandbox.switches.contacts_sort_descending = False
    assert (await names(**newest))[-1] == "Beta Supplies Ltd"
    assert (await sandbox.get("/contacts", **newest)).body["page_context"]["sort_order"] == "A"


async def test_status_delete_and_merge(sandbox: Sandbox) -> None:
    made = (await sandbox.api("POST", "/bills", sandbox.bill())).body["bill"]
    path = f"/contacts/{made['vendor_id']}"
    assert (await sandbox.get(path)).body["contact"]["outstanding_payable_amount"] == 100
    assert (await sandbox.api("DELETE", path)).body["code"] == 36
    gamma = sandbox.books.contacts.having("name", "gamma partners")[0].contact_id
    assert (await sandbox.api("POST", f"{path}/merge", merge_contact_id="1")).status == 400
    assert (await sandbox.api("POST", f"{path}/merge", merge_contact_id=gamma)).status == 200
    assert (await sandbox.get(path)).status == 404
    assert (await sandbox.get(f"/bills/{made['bill_id']}")).body["bill"]["vendor_id"] == gamma
    assert (await sandbox.get("/contacts", filter_by="Status.Inactive")).body["contacts"] == []
    assert (await sandbox.api("POST", f"/contacts/{gamma}/inactive")).status == 200
    assert len((await sandbox.get("/contacts", filter_by="Status.Inactive")).body["contacts"]) == 1
    assert (await sandbox.api("POST", f"/contacts/{gamma}/active")).status == 200
    assert sandbox.books.payable_to(gamma) == 100


async def test_delete_says_customer(sandbox: Sandbox) -> None:
    made = (await post(sandbox, contact_type="vendor")).body["contact"]["contact_id"]
    answer = await sandbox.api("DELETE", f"/contacts/{made}")
    assert answer.body == {"code": 0, "message": "The customer has been deleted."}


async def test_contacts_upsert(sandbox: Sandbox) -> None:
    sandbox.books.add_unique_field("contact", "ST Id")
    sandbox.extra = {
        "X-Unique-Identifier-Key": "cf_st_id",
        "X-Unique-Identifier-Value": "7",
        "X-Upsert": "true",
    }
    body = {"contact_name": "Upserted", "contact_type": "vendor"}
    first = await sandbox.api("PUT", "/contacts", body)
    second = await sandbox.api("PUT", "/contacts", body | {"company_name": "Co"})
    assert first.body["contact"]["contact_id"] == second.body["contact"]["contact_id"]
    assert second.body["contact"]["custom_field_hash"] == {"cf_st_id": "7"}
