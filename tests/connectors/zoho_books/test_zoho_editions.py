"""Tax editions: what is missing is told in one list, what is given is sent where it belongs."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from zoho_sales_script import INVOICE, LINE, NOTE, ORG, asked, ok, scripted

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.connectors.checking import Verdict
from ml_connector.connectors.writing import Action
from ml_connector.connectors.zoho_books import CONNECTOR

pytestmark = pytest.mark.anyio

BILL = Bill(
    "", Ref("98001"), Decimal(5), "B-1", date=dt.date(2026, 6, 9), lines=(BillLine("1", Decimal(5), account=Ref("400")),)
)  # fmt: skip


async def missing(country: str, entities: list[str], **settings: str) -> tuple[str, list[str]]:
    """The one sentence with its action, and the fields that are shown as not set."""
    organisation = {"organization_id": "927270289", "name": "Co", "currency_code": "EUR", "country_code": country}
    found = await CONNECTOR.preflight(scripted(ok(organizations=[organisation]), settings=settings), entities)
    assert len(found.findings) <= 1
    told = "".join(f"{one.sentence} {one.action}" for one in found.findings if one.verdict is Verdict.MISSING)
    return told, [one.place for one in found.fields if one.verdict is Verdict.MISSING]


@pytest.mark.parametrize(
    ("country", "entities", "fields"),
    [
        ("GB", ["bills"], ["vat_treatment"]),
        ("IN", ["bills"], ["gst_treatment", "source_of_supply", "destination_of_supply", "hsn_or_sac"]),
        ("IN", ["invoices"], ["gst_treatment", "place_of_supply", "hsn_or_sac"]),
        ("AE", ["invoices", "payments"], ["tax_treatment", "place_of_supply"]),
        ("SA", ["parties"], ["tax_treatment"]),
        ("MX", ["bills"], ["tax_treatment"]),
        ("KE", ["items"], ["hsn_or_sac"]),
        ("ZA", ["credit_notes"], ["tax_treatment", "hsn_or_sac"]),
        ("US", ["bills", "invoices", "parties"], []),
        ("DE", ["bills", "invoices", "parties"], []),
        ("CA", ["invoices"], []),
    ],
)
async def test_what_an_edition_has_must_be_set(country: str, entities: list[str], fields: list[str]) -> None:
    told, places = await missing(country, entities)
    assert [one.split()[0] for one in places] == fields
    assert all(f"--set {one}=..." in told for one in fields) and bool(told) is bool(fields)
    given, _ = await missing(country, entities, **dict.fromkeys(fields, "x"))
    left, _ = await missing(country, entities, edition_fields="contact")
    assert (given, left) == ("", "")


async def test_an_exemption_is_demanded_only_where_a_setting_says_so() -> None:
    told, places = await missing("US", ["invoices"], exemption_demanded="yes")
    assert "tax_exemption" in told and "edition_fields" not in told
    assert places == ["tax_exemption of each line of invoices"]
    assert (await missing("US", ["payments"], exemption_demanded="yes"))[0] == ""
    assert (await missing("GB", ["invoices"], exemption_demanded="yes", vat_treatment="uk"))[0] == ""


async def test_what_has_no_such_fields_asks_nothing() -> None:
    session = scripted()
    assert (await CONNECTOR.preflight(session, ["payments", "allocations"])).findings == ()
    assert asked(session) == []


def sent(document: Document, edition: str, action: Action = Action.CREATE, **settings: str) -> Any:
    organisation = replace(ORG, edition=edition)
    return json.loads(CONNECTOR.compose(action, document, organisation, "T-42", settings).body)


INDIA = {"gst_treatment": "business_gst", "source_of_supply": "AP", "destination_of_supply": "TN", "place_of_supply": "TN",
         "hsn_or_sac": "995461"}  # fmt: skip


def test_indian_fields_go_where_they_belong() -> None:
    bill, invoice = sent(BILL, "IN", **INDIA), sent(INVOICE, "IN", **INDIA)
    assert (bill["source_of_supply"], bill["destination_of_supply"]) == ("AP", "TN") and "place_of_supply" not in bill
    assert invoice["place_of_supply"] == "TN" and "source_of_supply" not in invoice
    assert bill["line_items"][0]["hsn_or_sac"] == invoice["line_items"][0]["hsn_or_sac"] == "995461"
    assert sent(NOTE, "IN", **INDIA)["line_items"][0]["hsn_or_sac"] == INDIA["hsn_or_sac"]


def test_treatments_go_with_documents_and_new_contacts() -> None:
    contact = Party("", "customer", "Acme")
    for edition, name in (("UK", "vat_treatment"), ("GCC", "tax_treatment"), ("IN", "gst_treatment")):
        given = {name: "x"}
        assert all(sent(one, edition, **given)[name] == "x" for one in (BILL, INVOICE, NOTE, contact))
        assert name not in sent(contact, edition, Action.UPDATE, **given)
        assert not {name} & sent(INVOICE, "US", **given).keys()


def test_an_untaxed_line_names_the_exemption_and_a_taxed_one_does_not() -> None:
    taxed = replace(LINE, tax_code=Ref("t", "CA", "8.25"))
    lines = sent(replace(INVOICE, lines=(LINE, taxed)), "US", tax_exemption="77")["line_items"]
    assert [one.get("tax_exemption_id") for one in lines] == ["77", None]
    assert "tax_exemption_id" not in sent(BILL, "UK", tax_exemption="77")["line_items"][0]
    assert sent(BILL, "AU", tax_exemption="77")["line_items"][0]["tax_exemption_id"] == "77"
