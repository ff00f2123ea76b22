"""Payloads of contacts, payments and credits."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from xero_documents import (
    DAY,
    INVOICE,
    PARTY,
    PAYMENT,
    body,
    composed,
)
from xero_script import guid

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.connectors.writing import Action
from ml_connector.errors import BadInput


def test_a_contact_carries_our_reference_as_its_number() -> None:
    assert body(PARTY) == {
        "Name": "Jane Doe",
        "ContactNumber": "servicetitan-1-invoices-1",
        "AccountNumber": "77",
        "FirstName": "Jane",
        "EmailAddress": "jane@example.test",
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "555-0100"}],
        "Addresses": [
            {
                "AddressType": "POBOX", "AddressLine1": "1 Main St", "City": "Town", "Region": "NY",
                "PostalCode": "10101", "Country": "US",
            }
        ],
    }  # fmt: skip
    assert body(PARTY, address="street")["Addresses"][0]["AddressType"] == "STREET"


def test_an_update_leaves_the_number_alone_unless_it_is_given() -> None:
    known = replace(PARTY, id=guid(1, 2))
    assert "ContactNumber" not in body(known, Action.UPDATE)
    assert body(replace(known, reference="R-1"), Action.UPDATE)["ContactNumber"] == "R-1"
    assert body(replace(known, active=False), Action.UPDATE) == {"ContactID": guid(1, 2), "ContactStatus": "ARCHIVED"}


def test_names_are_made_what_xero_takes_and_it_is_said() -> None:
    made = composed(replace(PARTY, name="  Jane   <Doe> "))
    assert json.loads(made.body)["Name"] == "Jane (Doe)" and "as Xero takes it" in made.notes[0]
    assert len(body(replace(PARTY, name="x" * 300))["Name"]) == 255
    with pytest.raises(BadInput, match="no name"):
        composed(replace(PARTY, name="  "))


def test_what_does_not_fit_is_left_out_and_it_is_said() -> None:
    made = composed(
        replace(PARTY, email="jürgen@example.test", phone="5" * 51, account_number="7" * 51), reference="r" * 51
    )
    assert not {"EmailAddress", "Phones", "AccountNumber", "ContactNumber"} & set(json.loads(made.body))
    assert len(made.notes) == 4


def test_a_contact_is_archived_and_never_voided() -> None:
    with pytest.raises(BadInput, match="archived"):
        composed(replace(PARTY, id=guid(1, 2)), Action.VOID)


def test_a_payment_is_on_one_invoice_with_the_cheque_number_first() -> None:
    made = composed(PAYMENT)
    assert json.loads(made.body) == {
        "Invoice": {"InvoiceID": guid(1)},
        "Account": {"AccountID": guid(90, 3)},
        "Date": "2026-09-14",
        "Amount": 10,
        "Reference": "4711 [ref servicetitan-1-invoices-1]",
    }
    assert made.total == 10
    assert body(replace(PAYMENT, bank_account=Ref("090")))["Account"] == {"Code": "090"}
    assert body(replace(PAYMENT, id=guid(1, 7)), Action.VOID) == {"Status": "DELETED"}


def test_one_that_is_booked_on_another_day_shows_its_own_whole_in_front_of_our_reference() -> None:
    moved = replace(PAYMENT, original_date=dt.date(2026, 8, 31))
    ending = "(dated 2026-08-31) [ref servicetitan-1-invoices-1]"
    assert body(moved)["Reference"] == f"4711 {ending}"
    assert body(replace(moved, number=""))["Reference"] == ending
    long = composed(replace(moved, number="9" * 255))
    text = json.loads(long.body)["Reference"]
    assert len(text) == 255 and text.endswith(f"... {ending}") and len(long.notes) == 1
    exact = composed(replace(moved, number="9" * (254 - len(ending))))
    assert exact.notes == () and len(json.loads(exact.body)["Reference"]) == 255
    advance = replace(moved, kind=PaymentKind.OVERPAYMENT, splits=(), party=Ref(guid(1, 2)))
    assert body(advance)["LineItems"][0]["Description"] == f"Overpayment 4711 {ending}"


@pytest.mark.parametrize(
    ("name", "key", "id_name"),
    [
        ("credit note", "CreditNote", "CreditNoteID"),
        ("overpayment", "Overpayment", "OverpaymentID"),
        ("prepayment", "Prepayment", "PrepaymentID"),
    ],
)
def test_a_refund_gives_back_a_credit(name: str, key: str, id_name: str) -> None:
    refund = replace(PAYMENT, kind=PaymentKind.REFUND, amount=Decimal(-10), splits=(), refunds=Ref(guid(3), name))
    sent = body(refund)
    assert sent[key] == {id_name: guid(3)} and sent["Amount"] == 10 and "Invoice" not in sent


@pytest.mark.parametrize(
    ("kind", "type_"),
    [(PaymentKind.OVERPAYMENT, "RECEIVE-OVERPAYMENT"), (PaymentKind.PREPAYMENT, "RECEIVE-PREPAYMENT")],
)
def test_money_without_an_invoice_is_a_bank_transaction(kind: PaymentKind, type_: str) -> None:
    made = replace(PAYMENT, kind=kind, splits=(), currency="NZD")
    sent = body(made, prepayment_account="835")
    assert (sent["Type"], sent["LineAmountTypes"], sent["Contact"]) == (type_, "NoTax", {"ContactID": guid(1, 2)})
    (line,) = sent["LineItems"]
    assert (line["UnitAmount"], line.get("AccountCode")) == (10, "835" if kind is PaymentKind.PREPAYMENT else None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"date": None}, "no date"),
        ({"bank_account": Ref()}, "mapping of payment types"),
        ({"splits": ()}, "exactly one invoice"),
        ({"splits": PAYMENT.splits * 2}, "exactly one invoice"),
        ({"splits": (Allocation("", Ref(guid(1)), Decimal(9)),)}, "a payment of its own"),
        ({"amount": Decimal(-10)}, "is a refund"),
        ({"amount": Decimal(0)}, "nothing to book"),
        ({"amount": Decimal("1.005")}, "two decimals"),
        ({"kind": PaymentKind.REFUND, "amount": Decimal(-10)}, "name it"),
        ({"kind": PaymentKind.OVERPAYMENT, "splits": (), "party": Ref()}, "no customer"),
    ],
)
def test_payments_that_cannot_be_booked(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        composed(replace(PAYMENT, **change))


def test_what_cannot_be_changed_is_said_so() -> None:
    with pytest.raises(BadInput, match="enter it anew"):
        composed(replace(PAYMENT, id=guid(1, 7)), Action.UPDATE)
    with pytest.raises(BadInput, match="refund it in Xero"):
        composed(replace(PAYMENT, id=guid(1, 7), kind=PaymentKind.OVERPAYMENT, splits=()), Action.VOID)
    with pytest.raises(BadInput, match="which document"):
        composed(replace(INVOICE, id=""), Action.UPDATE)


def test_a_credit_is_applied_and_taken_back() -> None:
    part = Allocation("", Ref(guid(1)), Decimal("5.50"), DAY)
    note = Invoice(guid(8), Ref(guid(1, 2)), Decimal(20), "credit note", allocations=(part,))
    made = composed(note)
    assert json.loads(made.body) == {
        "credit": "credit_notes",
        "id": guid(8),
        "allocation": {"Amount": 5.5, "Date": "2026-09-14", "Invoice": {"InvoiceID": guid(1)}},
    }
    assert made.total == Decimal("5.50")
    over = Payment(guid(9), Ref(guid(1, 2)), Decimal(20), PaymentKind.OVERPAYMENT, splits=(part,))
    assert body(over)["credit"] == "overpayments"
    assert body(replace(over, kind=PaymentKind.PREPAYMENT))["credit"] == "prepayments"
    gone = replace(over, splits=(replace(part, id=guid(5, 8)),))
    removed = {"credit": "overpayments", "id": guid(9), "allocation_id": guid(5, 8)}
    assert body(gone, Action.VOID) == {**removed, "invoice": guid(1)}
    nowhere = replace(gone, splits=(replace(part, id=guid(5, 8), document=Ref()),))
    assert body(nowhere, Action.VOID) == removed
    with pytest.raises(BadInput, match="read the credit"):
        composed(over, Action.VOID)
    with pytest.raises(BadInput, match="apply it anew"):
        composed(over, Action.UPDATE)
    with pytest.raises(BadInput, match="above zero"):
        composed(replace(over, splits=(replace(part, amount=Decimal(0)),)))


def test_a_credit_that_is_still_to_be_made_is_applied_in_plans() -> None:
    part = Allocation("", Ref("new: invoices 7"), Decimal("5.50"), DAY)
    note = Invoice("new: servicetitan-1-invoices-9", Ref(guid(1, 2)), Decimal(20), "credit note", allocations=(part,))
    assert body(note)["id"] == note.id
    assert body(note)["allocation"]["Invoice"] == {"InvoiceID": "new: invoices 7"}
