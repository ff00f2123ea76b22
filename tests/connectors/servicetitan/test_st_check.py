"""What a connection lacks is named, with who changes it; lists are read and joined."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.purchases import Bill
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan import CONNECTOR, resources, write
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotSent, Reconnect
from tests.connectors.servicetitan.servicetitan_script import ALL_SCOPES, NOON, Script, answer, pages, stamp, vendor

pytestmark = pytest.mark.anyio


def by_subject(findings: object) -> dict[str, Finding]:
    assert isinstance(findings, list)
    return {found.subject: found for found in findings}


async def test_all_is_well() -> None:
    found = by_subject(await CONNECTOR.check(Script(), ["bills", "receipts", "vendors"]))
    assert {one.verdict for one in found.values()} == {Verdict.GOOD}
    assert found.keys() >= {"credentials", "clock", "limits", "right tn.inv.receipts:r", "expense lines"}


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(401, b"", "App Key"), (403, {"title": "Resource owner validation failed, please check 'tenant'"}, "tenant id")],
)
async def test_wrong_credentials_end_the_check(status: int, body: object, words: str) -> None:
    script = Script(instead={"business-units": answer(status, body)})
    found = by_subject(await CONNECTOR.check(script, ["vendors"]))
    assert found["credentials"].verdict is Verdict.MISSING
    assert words in found["credentials"].sentence
    assert len(script.sent) == 1


async def test_missing_rights() -> None:
    script = Script(scopes=ALL_SCOPES - {"tn.inv.vendors:r", "tn.acc.apbills:r"})
    script.instead["receipts"] = answer(403, b"")
    found = by_subject(await CONNECTOR.check(script, ["vendors", "receipts", "bills"]))
    assert "token lacks tn.inv.vendors:r" in found["right tn.inv.vendors:r"].sentence
    assert found["right tn.inv.receipts:r"].verdict is Verdict.MISSING
    assert "administrator accepts" in found["right tn.inv.receipts:r"].action
    assert found["expense lines"].verdict is Verdict.WARNING
    assert "vendors" not in script.paths()


@pytest.mark.parametrize("lacking", sorted(ALL_SCOPES - {"tn.acc.inventorybills:r", "tn.stt.businessunits:r"}))
async def test_every_right_that_the_token_lacks_is_named_with_its_flows_and_the_remedy(lacking: str) -> None:
    script = Script(scopes=ALL_SCOPES - {lacking})
    found = by_subject(await CONNECTOR.check(script, ["bills"]))[f"right {lacking}"]
    why = next(scope.why for scope in CONNECTOR.scopes if scope.name == lacking)
    assert found.verdict is Verdict.WARNING  # the flow of the bills does without
    assert why in found.sentence
    assert lacking in found.action and "administrator accepts" in found.action


async def test_ap_bills_are_asked_for_in_earnest() -> None:
    script = Script()
    await CONNECTOR.check(script, ["bills"])
    assert [dict(one.query)["pageSize"] for one in script.sent if one.path.endswith("/ap-bills")] == ["1"]
    for status in (403, 404):
        script.instead["ap-bills"] = answer(status, b"")
        found = by_subject(await CONNECTOR.check(script, ["bills"]))["expense lines"]
        assert found.verdict is Verdict.WARNING and "Accounts Payable module" in found.sentence
    script.instead["ap-bills"] = answer(500, b"")
    assert "500" in by_subject(await CONNECTOR.check(script, ["bills"]))["expense lines"].sentence


async def test_recurring_bills_that_are_refused_are_told() -> None:
    refused = answer(400, {"title": "billType is invalid."})
    script = Script(instead={"inventory-bills/paginated": refused})
    found = await CONNECTOR.check(script, ["bills"])
    assert any("RecurringBill" in one.sentence and one.verdict is Verdict.WARNING for one in found)


def test_every_list_that_is_read_and_every_write_has_its_right_declared() -> None:
    used = {one.scope for lists in resources.CHECKED.values() for one in lists}
    used |= {scope for one in resources.READABLE.values() for scope in one.scopes}
    used |= {*write.RIGHTS, resources.JOBS.scope}
    used |= {one.scope for one in resources.AP_BILLS.values()}
    assert used <= ALL_SCOPES
    assert len(ALL_SCOPES) == len(CONNECTOR.scopes)


@pytest.mark.shared
def test_the_declared_rights_are_names_that_servicetitan_has() -> None:
    file = Path(__file__).parents[4] / "shared/vendors/servicetitan/openapi/scopes.json"
    if not file.exists():
        pytest.skip("the vendor's published list of rights is not here")
    known = {name for names in json.loads(file.read_text()).values() if isinstance(names, list) for name in names}
    assert {name.rpartition(":")[0] for name in ALL_SCOPES} <= known
    only_read = ("paymentterms", "paymenttypes", "taxzones")
    assert not [name for name in ALL_SCOPES if name.endswith(":w") and any(one in name for one in only_read)]


async def test_clock_limits_and_outage() -> None:
    busy = replace(answer(429, b""), at=NOON.replace(minute=10))
    found = by_subject(await CONNECTOR.check(Script(instead={"business-units": busy}), []))
    assert "600 seconds" in found["clock"].sentence
    assert found["limits"].verdict is Verdict.WARNING
    assert found["credentials"].verdict is Verdict.WARNING
    silent = replace(answer(200, {"data": [], "hasMore": False}), headers={})
    assert (
        by_subject(await CONNECTOR.check(Script(instead={"business-units": silent}), []))["clock"].verdict
        is Verdict.WARNING
    )


async def test_a_vendor_that_cannot_be_reached_lacks_no_right() -> None:
    def fail(number: int) -> None:
        raise NotSent("no route to ServiceTitan")

    with pytest.raises(NotSent, match="no route"):
        await CONNECTOR.check(Script(before=fail), ["vendors"])


async def test_unknown_entity() -> None:
    with pytest.raises(BadInput, match="payroll"):
        await CONNECTOR.check(Script(), ["payroll"])
    with pytest.raises(BadInput, match="payroll"):
        await pages(Script(), Reading("payroll"))


async def test_organisation() -> None:
    units = [
        {"id": 1, "name": "HVAC", "active": True, "currency": "usd", "tenant": {"id": 5, "name": "Polar Air"}},
        {"id": 2, "name": "Old", "active": False, "currency": "CAD"},
        {"id": 3, "name": "Plumbing", "active": True},
    ]
    script = Script(lists={"business-units": units}, settings={"environment": "integration"})
    (found,) = await CONNECTOR.organisations(script)
    assert (found.id, found.name, found.currency, found.zone, found.sandbox) == (
        "1234567",
        "Polar Air",
        "USD",
        "",
        True,
    )
    units[2]["currency"] = "CAD"
    assert (await CONNECTOR.organisation(script)).currency == ""
    script.settings = {"currency": "cad"}
    assert (await CONNECTOR.organisation(script)).currency == "CAD"


async def test_organisation_needs_a_tenant_and_its_rights() -> None:
    with pytest.raises(BadInput, match="no tenant id"):
        await CONNECTOR.organisation(Script(organisation=""))
    with pytest.raises(Reconnect, match=r"tn\.stt\.businessunits:r"):
        await CONNECTOR.organisation(Script(instead={"business-units": answer(403, b"")}))


async def test_external_data_is_asked_for_with_the_application() -> None:
    script = Script(settings={"application_guid": "01234567-89ab-cdef-0123-456789abcdef"})
    script.lists["vendors"] = [vendor(1, stamp(), externalData=[{"key": "ml_connector", "value": "v-1"}])]
    (page,) = await pages(script, Reading("vendors"))
    assert isinstance(page.rows[0].document, Party)
    assert page.rows[0].document.reference == "v-1"
    assert ("externalDataApplicationGuid", "01234567-89ab-cdef-0123-456789abcdef") in script.sent[0].query


async def test_receipts_are_joined_in_batches() -> None:
    def receipt(id: int, **more: object) -> dict[str, object]:
        shown = {"id": id, "active": True, "purchaseOrderId": 1000 + id, "vendorId": 41, "receiptAmount": 20.0}
        item = {"id": id, "quantity": 2, "cost": 10.0}
        return {**shown, "taxAmount": 0, "shippingAmount": 0, "items": [item], "modifiedOn": stamp(id), **more}

    script = Script()
    script.lists["receipts"] = [receipt(id) for id in range(1, 121)] + [receipt(121, taxAmount="NaN")]
    script.lists["purchase-orders"] = [
        {
            "id": 1000 + id,
            "number": f"PO-{id}",
            "vendorId": 41,
            "total": 20,
            "status": "Received",
            "jobId": 8,
            "modifiedOn": stamp(),
        }
        for id in range(1, 121)
    ]
    script.lists["vendors"] = [vendor(41, stamp())]
    script.lists["jobs"] = [{"id": 8, "jobNumber": "J-8", "modifiedOn": stamp()}]
    (page,) = await pages(script, Reading("receipts"))
    documents = [row.document for row in page.rows if isinstance(row.document, Bill)]
    assert len(documents) == 120
    assert {(one.job.number, one.vendor.name) for one in documents} == {("J-8", "Vendor 41")}
    assert {one.purchase_order.number for one in documents} == {f"PO-{id}" for id in range(1, 121)}
    assert "taxAmount" in page.rows[120].problem
    assert script.paths() == ["receipts", *["purchase-orders"] * 3, "vendors", "jobs"]
    assert msgspec.json.decode(page.rows[0].raw).keys() == {"receipt", "purchase_order"}
    script.scopes = ALL_SCOPES - {"tn.jpm.jobs:r"}
    (page,) = await pages(script, Reading("receipts"))
    assert isinstance(page.rows[0].document, Bill)
    assert page.rows[0].document.job.label() == "8"


async def test_whole_lists_are_complete() -> None:
    script = Script()
    script.lists["gl-accounts"] = [{"id": 1, "active": True, "name": "Rent", "number": "6100", "modifiedOn": stamp()}]
    (page,) = await pages(script, Reading("accounts"))
    assert (page.complete, page.last, len(page.rows)) == (True, True, 1)
    assert ("active", "Any") in script.sent[0].query
    assert not CONNECTOR.readable["accounts"].incremental
