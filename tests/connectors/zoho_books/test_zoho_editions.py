"""Tax editions: what is missing is told in one list, what is given is sent where it belongs."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from zoho_sales_script import INVOICE, LINE, NOTE, ORG, PAYMENT, asked, ok, scripted

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.connectors.checking import Verdict
from ml_connector.connectors.writing import Action
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.connectors.zoho_books.editions import told

pytestmark = pytest.mark.anyio

BILL = Bill(
    "", Ref("98001"), Decimal(5), "B-1", date=dt.date(2026, 6, 9), lines=(BillLine("1", Decimal(5), account=Ref("400")),)
)  # fmt: skip


async def missing(country: str, entities: list[str], **settings: str) -> tuple[str, list[str]]:
    """The one sentence with its action, and the fields that are shown as not set."""
    organisation = {"organization_id": "927270289", "name": "Co", "currency_code": "EUR", "country_code": country}
    found = await CONNECTOR.preflight(scripted(ok(organizations=[organisation]), settings=settings), entities)
    assert len(found.findings) <= 1
    said = "".join(f"{one.sentence} {one.action}" for one in found.findings if one.verdict is Verdict.MISSING)
    return said, [one.place for one in found.fields if one.verdict is Verdict.MISSING]


@pytest.mark.parametrize(
    ("country", "entities", "fields"),
    [
        ("GB", ["bills"], ["vat_treatment"]),
        ("IN", ["bills"], ["gst_treatment", "source_of_supply", "destination_of_supply", "hsn_or_sac"]),
        ("IN", ["invoices"], ["gst_treatment", "place_of_supply", "hsn_or_sac"]),
        ("AE", ["invoices", "payments"], ["tax_treatment", "place_of_supply"]),
        ("SA", ["parties"], ["tax_treatment"]),
        ("IN", ["parties"], ["gst_treatment", "place_of_contact"]),
        ("MX", ["bills"], ["tax_treatment"]),
        ("MX", ["invoices"], ["tax_treatment", "cfdi_usage", "sat_item_key_code", "unitkey_code"]),
        ("MX", ["payments"], ["payment_form"]),
        ("KE", ["items"], ["hsn_or_sac"]),
        ("ZA", ["credit_notes"], ["tax_treatment", "hsn_or_sac"]),
        ("US", ["bills", "invoices", "parties"], []),
        ("AU", ["bills", "invoices", "parties"], []),
        ("DE", ["bills", "invoices", "parties"], []),
        ("CA", ["invoices"], []),
    ],
)
async def test_what_an_edition_has_must_be_set(country: str, entities: list[str], fields: list[str]) -> None:
    said, places = await missing(country, entities)
    assert [one.split()[0] for one in places] == fields
    assert all(f"--set {one}=..." in said for one in fields) and bool(said) is bool(fields)
    given, _ = await missing(country, entities, **dict.fromkeys(fields, "x"))
    left, _ = await missing(country, entities, edition_fields="contact")
    assert (given, left) == ("", "")


async def test_it_names_the_organisation_and_who_sets_what() -> None:
    said, _ = await missing("GB", ["bills", "parties"])
    assert said == (
        "The tax edition of Co is UK, and these fields of it are not set: VAT treatment (vat_treatment). An owner sets them: "
        "'ml-connector settings --connection 927270289 --set vat_treatment=...' or leave them to each contact with '--set "
        "edition_fields=contact'."
    )


async def test_what_is_given_is_shown_though_nothing_asks_for_it() -> None:
    organisation = {"organization_id": "927270289", "name": "Co", "country_code": "GB"}
    settings = {"edition_fields": "contact", "vat_treatment": "uk"}
    found = await CONNECTOR.preflight(scripted(ok(organizations=[organisation]), settings=settings), ["parties"])
    assert [(one.place, one.told) for one in found.fields] == [("vat_treatment of parties", "always uk")]
    assert found.findings == ()


def test_a_check_tells_what_is_missing_or_given() -> None:
    named = replace(ORG, edition="GCC", name="Souk", id="7")
    assert told(named, ["bills"], {}).verdict is Verdict.MISSING
    good = told(named, ["bills"], {"tax_treatment": "vat_registered", "place_of_supply": "DU"})
    assert (good.verdict, good.sentence) == (
        Verdict.GOOD,
        "The tax edition of Souk is GCC: tax treatment always vat_registered, place of supply always DU.",
    )
    nothing = told(replace(named, edition="US"), ["bills"], {})
    assert nothing.sentence.endswith("is US: nothing more is asked of what is written.")


async def test_an_exemption_is_demanded_only_where_a_setting_says_so() -> None:
    said, places = await missing("US", ["invoices"], exemption_demanded="yes")
    assert "tax_exemption" in said and "edition_fields" not in said
    assert places == ["tax_exemption of each line of invoices"]
    assert (await missing("US", ["payments"], exemption_demanded="yes"))[0] == ""
    assert (await missing("GB", ["invoices"], exemption_demanded="yes", vat_treatment="uk"))[0] == ""


async def test_what_has_no_such_fields_asks_nothing() -> None:
    session = scripted()
    assert (await CONNECTOR.preflight(session, ["tax_codes", "allocations"])).findings == ()
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


def test_documents_left_to_their_contacts_name_no_treatment() -> None:
    given = {"edition_fields": "contact", "tax_treatment": "vat_registered", "place_of_supply": "DU"}
    assert sent(Party("", "customer", "Acme"), "GCC", **given)["tax_treatment"] == "vat_registered"
    for one in (BILL, INVOICE, NOTE):
        body = sent(one, "GCC", **given)
        assert "tax_treatment" not in body and body["place_of_supply"] == "DU"


def test_a_change_leaves_what_the_head_has() -> None:
    changed = replace(BILL, id="77", lines=(replace(BILL.lines[0], id="460000000012834"),))
    body = sent(changed, "IN", Action.UPDATE, **INDIA)
    assert not body.keys() & {"gst_treatment", "source_of_supply", "destination_of_supply"}
    assert body["line_items"][0]["hsn_or_sac"] == "995461", "lines are replaced whole"
    assert "gst_treatment" not in sent(replace(INVOICE, id="78"), "IN", Action.UPDATE, **INDIA)


def test_south_african_sales_say_whether_the_charge_is_reversed() -> None:
    assert sent(INVOICE, "ZA")["is_reverse_charge_applied"] is False
    assert sent(NOTE, "ZA", reverse_charge="yes")["is_reverse_charge_applied"] is True
    assert "is_reverse_charge_applied" not in sent(BILL, "ZA")


def test_mexican_fields_go_where_they_belong() -> None:
    given = {
        "cfdi_usage": "general_expense",
        "payment_form": "cash",
        "sat_item_key_code": "71121206",
        "unitkey_code": "E48",
    }
    invoice, note, bill = (sent(one, "MX", **given) for one in (INVOICE, NOTE, BILL))
    assert (invoice["cfdi_usage"], invoice.get("payment_form")) == ("general_expense", None)
    assert (note["payment_form"], sent(PAYMENT, "MX", **given)["payment_form"]) == ("cash", "cash")
    assert invoice["line_items"][0]["unitkey_code"] == note["line_items"][0]["unitkey_code"] == "E48"
    assert not {"cfdi_usage", "payment_form"} & bill.keys() and "unitkey_code" not in bill["line_items"][0]


def test_an_untaxed_line_names_the_exemption_and_a_taxed_one_does_not() -> None:
    taxed = replace(LINE, tax_code=Ref("t", "CA", "8.25"))
    lines = sent(replace(INVOICE, lines=(LINE, taxed)), "US", tax_exemption="77")["line_items"]
    assert [one.get("tax_exemption_id") for one in lines] == ["77", None]
    assert "tax_exemption_id" not in sent(BILL, "UK", tax_exemption="77")["line_items"][0]
    assert sent(BILL, "AU", tax_exemption="77")["line_items"][0]["tax_exemption_id"] == "77"
