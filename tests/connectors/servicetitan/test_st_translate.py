"""Payloads become canonical documents; what cannot be understood becomes a row with a sentence."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillState, LineKind
from ml_connector.canonical.tie_out import difference
from ml_connector.connectors.reading import Row
from ml_connector.connectors.servicetitan import payloads, translate, translate_bills
from ml_connector.connectors.servicetitan.translate import plain_text, understood
from ml_connector.connectors.servicetitan.translate_bills import Around, Choices
from tests.connectors.servicetitan.servicetitan_script import ap_bill, bill, stamp

EXAMPLES = Path(__file__).parents[4] / "shared" / "vendors" / "servicetitan" / "examples" / "synthetic"
PLAIN = Choices()
GRANTED = Choices(granted=True)


def read(shown: dict[str, Any], detail: dict[str, Any] | None = None, choices: Choices = PLAIN, **more: Any) -> Bill:
    first = understood(json.dumps(shown).encode(), payloads.Bill)
    second = understood(json.dumps(detail).encode(), payloads.Bill) if detail else None
    return translate_bills.bill(first, second, choices, **more)


def row(shown: dict[str, Any]) -> Row:
    return translate.row(
        "bill", json.dumps(shown).encode(), payloads.Bill, lambda one: translate_bills.bill(one, None, Choices())
    )


def item(id: int, quantity: str | None, cost: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "order": 1,
        "skuId": 1,
        "skuType": "Material",
        "skuCode": "X",
        "quantity": quantity,
        "cost": cost,
        **more,
    }


def test_bill_header() -> None:
    found = read(
        bill(
            5,
            stamp(3, "2876004"),
            billDate="2026-05-03T00:00:00Z",
            dueDate="2026-06-02T23:30:00Z",
            postDate=None,
            businessUnit={"id": 9, "name": "HVAC"},
            jobId=77,
            jobNumber="J-77",
            termName="Net 30",
            surprise={"new": [1]},
        )
    )
    assert (found.id, found.number, found.own_number) == ("5", "INV-5", "R-5")
    assert (found.date, found.due_date, found.post_date) == (dt.date(2026, 5, 3), dt.date(2026, 6, 2), None)
    assert found.business_unit == Ref("9", "HVAC")
    assert found.job == Ref("77", number="J-77")
    assert (found.terms, found.currency, found.stamp) == ("Net 30", "", stamp(3, "2876004"))
    assert (found.total, difference(found), found.complete) == (Decimal(20), ZERO, True)
    assert decode(encode(found)) == found


def test_lines_of_ten_decimals_tie_to_the_bill() -> None:
    shown = bill(5, stamp(), billAmount="12.07", taxAmount="1.07", shippingAmount="1.00")
    shown["items"] = [item(n, "1.0000000000000000000", "3.3333333333") for n in (1, 2, 3)]
    found = read(shown)
    assert [line.amount for line in found.lines] == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    assert found.lines[0].unit_cost == Decimal("3.3333333333")
    assert difference(found) == 0


def test_real_difference_names_the_scope() -> None:
    found = read(bill(5, stamp(), billAmount="95.00"))
    assert not found.complete
    assert "tn.acc.apbills:r" in found.hidden_reason
    assert difference(found) == 75
    granted = read(bill(5, stamp(), billAmount="95.00"), choices=GRANTED)
    assert not granted.complete
    assert "no AP bill" in granted.hidden_reason


def test_expense_lines_of_the_ap_bill() -> None:
    expense = {
        "id": 3,
        "amount": "75.00",
        "description": "Crane",
        "generalLedgerAccount": {"id": 61, "name": "Rental", "number": "6100"},
        "job": {"id": 8, "name": "J-8"},
        "businessUnit": {"id": 4, "name": "Plumbing"},
    }
    detail = ap_bill(5, stamp(9), billAmount="95.00", expenseItems=[expense], status="Reconciled", doNotPay=True)
    found = read(bill(5, stamp(), billAmount="95.00"), detail, GRANTED)
    assert difference(found) == 0
    assert found.complete
    line = found.lines[1]
    assert (line.kind, line.amount) == (LineKind.EXPENSE, Decimal(75))
    assert (line.account, line.job, line.business_unit) == (
        Ref("61", "Rental", "6100"),
        Ref("8", "J-8"),
        Ref("4", "Plumbing"),
    )
    assert (found.state, found.do_not_pay, found.stamp) == (BillState.RECONCILED, True, stamp(9))


def test_discounts_charges_and_allocations_of_the_later_api() -> None:
    shown = bill(5, stamp(), landedCostMethod="ByValue", otherAmount="4.00")
    shown["items"] = [item(1, "2", "10", allocatedTax="1.60", allocatedShipping=3)]
    detail = ap_bill(
        5,
        stamp(),
        billAmount="27.10",
        taxAmount="1.60",
        shippingAmount="3.00",
        preTaxDiscountAmount="2.00",
        postTaxDiscountAmount="0.50",
        preTaxCharge="1.00",
        postTaxCharge=None,
    )
    detail["items"] = [item(1, "2", "10")]
    found = read(shown, detail, GRANTED)
    assert (found.discount, found.other, found.landed_by_value) == (Decimal("2.5"), Decimal(5), True)
    assert (found.lines[0].tax, found.lines[0].freight) == (Decimal("1.6"), Decimal(3))
    assert difference(found) == 0


def test_net_bill_amount_is_a_choice() -> None:
    shown = bill(5, stamp(), billAmount="20.00", taxAmount="1.65", shippingAmount="2.00")
    assert read(shown).hidden_reason
    net = read(shown, choices=Choices(gross=False))
    assert (net.total, difference(net)) == (Decimal("23.65"), ZERO)


@pytest.mark.parametrize(
    ("asset", "accounts", "expected"),
    [
        (
            False,
            {"costOfSaleAccount": {"id": 51}, "generalLedgerAccount": {"id": 40}, "assetAccount": {"id": 13}},
            "51",
        ),
        (False, {"costOfSaleAccount": None, "generalLedgerAccount": {"id": 40}, "assetAccount": {"id": 13}}, "40"),
        (True, {"costOfSaleAccount": {"id": 51}, "assetAccount": {"id": 13}}, "13"),
        (True, {"costOfSaleAccount": {"id": 51}, "assetAccount": None}, "51"),
        (False, {"assetAccount": {"id": 13}}, ""),
    ],
)
def test_line_account(asset: bool, accounts: dict[str, Any], expected: str) -> None:
    shown = bill(5, stamp())
    shown["items"] = [item(1, "2", "10", **accounts)]
    assert read(shown, choices=Choices(asset=asset)).lines[0].account.id == expected


@pytest.mark.parametrize(
    ("status", "sync", "expected"),
    [
        ("Unreconciled", "Pending", BillState.RECEIVED),
        ("Reconciled", "Pending", BillState.RECONCILED),
        ("Reconciled", "Posted", BillState.POSTED),
        ("Discrepancy", "Posted", BillState.DISCREPANCY),
        ("Canceled", "Exported", BillState.CANCELED),
        (None, "Exported", BillState.POSTED),
        (None, None, BillState.UNKNOWN),
    ],
)
def test_state(status: str | None, sync: str | None, expected: BillState) -> None:
    found = read(bill(5, stamp()), ap_bill(5, stamp(), status=status, syncStatus=sync), GRANTED)
    assert found.state is expected
    assert found.exported is (sync == "Exported")


@pytest.mark.parametrize(("choices", "says"), [(Choices(), translate_bills.AP_BILLS), (GRANTED, "no AP bill")])
def test_an_inventory_bill_alone_tells_no_status(choices: Choices, says: str) -> None:
    found = read(bill(5, stamp()), choices=choices)
    assert (found.state, found.complete) == (BillState.UNKNOWN, True)
    assert says in found.hidden_reason and "do not pay" in found.hidden_reason
    assert read(bill(5, stamp(), syncStatus="Posted"), choices=choices).state is BillState.POSTED


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"billAmount": "NaN"}, "billAmount is NaN"),
        ({"billAmount": None}, "field billAmount"),
        ({"billAmount": "1E+400000"}, "not an amount"),
        ({"taxAmount": "eight"}, "field taxAmount"),
        ({"vendor": None}, "names no vendor"),
        ({"billDate": "soon"}, "field billDate is 'soon'"),
        ({"items": [item(1, None, "3")]}, "quantity of item 1"),
        ({"items": [item(1, "2", "-Infinity")]}, "cost is -Infinity"),
        ({"items": "none"}, "field items"),
        ({"status": "Frozen"}, "status is 'Frozen'"),
    ],
)
def test_what_cannot_be_understood_is_a_problem_row(wrong: dict[str, Any], words: str) -> None:
    found = row(bill(5, stamp(2), **wrong))
    assert found.document is None
    assert found.problem.startswith("ServiceTitan bill 5: ")
    assert words in found.problem
    assert (found.id, found.stamp) == ("5", stamp(2))


def test_row_without_an_id_keeps_a_key_of_its_own() -> None:
    first, second = row({"billAmount": "1"}), row({"billAmount": "2"})
    assert first.id != second.id
    assert "required field `id`" in first.problem


def test_text_line_without_quantity_and_cost_is_worth_nothing() -> None:
    shown = bill(5, stamp())
    shown["items"] = [item(1, "2", "10"), item(2, None, None, description="delivered late")]
    assert [line.amount for line in read(shown).lines] == [Decimal(20), Decimal(0)]


def test_two_vendors_under_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="different vendors"):
        read(bill(5, stamp()), ap_bill(5, stamp(), vendor={"id": 42, "name": "Other"}), GRANTED)


def test_deleted_and_negative_bills() -> None:
    assert not read(bill(5, stamp(), active=False)).active
    assert not read(bill(5, stamp()), ap_bill(5, stamp()), GRANTED, deleted=True).active
    shown = bill(5, stamp(), billAmount="-6.67")
    shown["items"] = [item(1, "-2", "3.3333333333")]
    assert difference(read(shown)) == 0


def test_receipt_takes_job_and_unit_from_its_order() -> None:
    shown = {
        "id": 460,
        "active": True,
        "number": "R-1",
        "vendorInvoiceNumber": " INV-88 ",
        "purchaseOrderId": 440,
        "vendorId": 41,
        "receiptAmount": 231.65,
        "taxAmount": 16.65,
        "shippingAmount": 15.0,
        "receivedOn": "2026-05-03T00:00:00Z",
        "syncStatus": "Pending",
        "modifiedOn": stamp(),
        "items": [
            {"id": 1, "skuId": 2, "name": "Capacitor", "code": "CAP", "description": "", "quantity": 10, "cost": 20.0,
             "generalLedgerAccount": {"name": "Materials", "number": "5100"}}
        ],
    }  # fmt: skip
    order = payloads.PurchaseOrder(
        id=440, number="PO-440", vendor_id=41, total=Decimal(400), status="Exported", job_id=8, business_unit_id=9
    )
    payload = understood(json.dumps(shown).encode(), payloads.Receipt)
    found = translate_bills.receipt(payload, Around({440: order}, {41: "Parts"}, {8: "J-8"}), Choices())
    assert (found.source_kind, found.number, found.own_number) == ("receipt", "INV-88", "R-1")
    assert found.purchase_order == Ref("440", number="PO-440")
    assert (found.job, found.business_unit, found.vendor) == (Ref("8", number="J-8"), Ref("9"), Ref("41", "Parts"))
    assert found.lines[0].account == Ref("", "Materials", "5100")
    assert (found.date, difference(found)) == (dt.date(2026, 5, 3), ZERO)
    alone = translate_bills.receipt(payload, Around({}, {}, {}), Choices())
    assert alone.purchase_order == Ref("440")
    billed = understood(json.dumps({**shown, "billId": 461}).encode(), payloads.Receipt)
    assert (found.own_bill, translate_bills.receipt(billed, Around({}, {}, {}), Choices()).own_bill.id) == (
        Ref(),
        "461",
    )
    canceled = understood(json.dumps({**shown, "active": False}).encode(), payloads.Receipt)
    assert translate_bills.receipt(canceled, Around({}, {}, {}), Choices()).state is BillState.CANCELED


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    assert "\n\n" not in plain_text(text)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<![weird[ x", "<![weird[ x"),
        ("3 < 4 & 5 > 2", "3 < 4 & 5 > 2"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<p>Two <b>units</b></p><br>back&nbsp;door &amp; shed", "Two units\nback door & shed"),
        ("a<!-- <b>hidden</b> -->b", "ab"),
        (None, ""),
    ],
)
def test_plain_text(html: str | None, text: str) -> None:
    assert plain_text(html) == text


def test_lists() -> None:
    vendor = payloads.Vendor(
        id=1,
        name=" Parts ",
        active=False,
        contact_info=payloads.ContactInfo("Pat", "Lee", "512", "ar@example.com"),
        address=payloads.Address("12 Main St", None, "Austin", "TX", "78701", "USA"),
        external_data=[payloads.ExternalData("other", "9"), payloads.ExternalData("ml_connector", "v-1")],
    )
    party = translate.vendor(vendor)
    assert (party.kind, party.name, party.active, party.reference) == ("vendor", "Parts", False, "v-1")
    assert (party.address.street, party.address.street2, party.email) == ("12 Main St", "", "ar@example.com")
    assert not translate.account(payloads.GlAccount(id=1, active=True, is_intacct_group=True)).postable
    unit = translate.business_unit(payloads.BusinessUnit(1, "HVAC", True, "usd", "HVAC:Service"))
    assert (unit.kind, unit.currency, unit.number) == ("business_unit", "USD", "HVAC:Service")
    rates = [payloads.TaxRate(Decimal("0.0625"), ["Subtotal"]), payloads.TaxRate(Decimal("0.02"), ["Subtotal"])]
    assert translate.tax_zone(payloads.TaxZone(1, True, rates)).rate == Decimal("0.0825")
    labour = [payloads.TaxRate(Decimal("0.0625"), ["Labor"])]
    assert translate.tax_zone(payloads.TaxZone(1, True, labour)).rate is None
    both = [*labour, payloads.TaxRate(Decimal("0.02"), ["Subtotal"]), payloads.TaxRate(Decimal("0.01"), ["Material"])]
    zone = translate.tax_zone(payloads.TaxZone(1, True, both))
    assert (zone.rate, zone.labor_rate, zone.material_rate) == (None, Decimal("0.0825"), Decimal("0.03"))
    whole = translate.tax_zone(payloads.TaxZone(1, True, rates))
    assert (whole.labor_rate, whole.material_rate) == (None, None)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "shape"),
    [
        ("vendors-page.json", payloads.Vendor),
        ("gl-accounts-page.json", payloads.GlAccount),
        ("business-unit.json", payloads.BusinessUnit),
        ("tax-zone.json", payloads.TaxZone),
        ("purchase-orders-page.json", payloads.PurchaseOrder),
        ("receipt.json", payloads.Receipt),
        ("export-inventory-bills-page.json", payloads.Bill),
        ("inventory-bills-paginated-page.json", payloads.Bill),
    ],
)
def test_published_shapes_are_understood(file: str, shape: type[payloads.Payload]) -> None:
    if not EXAMPLES.is_dir():
        pytest.skip("the vendors' published shapes are not beside this checkout")
    body = json.loads((EXAMPLES / file).read_text())["body"]
    for document in body.get("data", [body]) if isinstance(body, dict) else body:
        understood(json.dumps(document).encode(), shape)
