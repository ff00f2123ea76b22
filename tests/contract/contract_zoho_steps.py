"""Steps that the books at the emulated Zoho Books can take, and what shows them as done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from contract_zoho_documents import BANK, COST, DAY, PRICE, SALES, Keyed

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Item, Organisation, Party, TaxCode
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.base import Connector
from ml_connector.connectors.writing import Action, Step
from ml_connector_sandbox.zoho_books.books import receiving
from ml_connector_sandbox.zoho_books.books.sales_documents import Invoice as Owed

DUE = DAY + dt.timedelta(days=30)
NET, TAX = Decimal("41.10"), Decimal("3.50")
UNUSED = Decimal("5.00")


@dataclass(frozen=True)
class Asked:
    """What a step is made for."""

    keyed: Keyed
    action: Action
    reference: str

    @property
    def creates(self) -> bool:
        return self.action is Action.CREATE

    @property
    def number(self) -> str:
        return f"N-{self.reference}"

    @property
    def bank(self) -> Ref:
        return Ref(self.keyed.account(BANK))

    def marked(self, entity: str) -> dict[str, Any]:
        return self.keyed.marked(entity, self.reference)


def step_of(
    keyed: Keyed, connector: Connector, entity: str, action: Action, reference: str, organisation: Organisation,
    settings: Mapping[str, str],
) -> Step:  # fmt: skip
    """A step that the books as they are can take; what it changes is keyed in first."""
    document = _DOCUMENTS[entity](Asked(keyed, action, reference))
    return made_of(connector, entity, action, document, reference, organisation, settings)


def made_of(
    connector: Connector, entity: str, action: Action, document: Document, reference: str, organisation: Organisation,
    settings: Mapping[str, str],
) -> Step:  # fmt: skip
    """The step of a document, with what the target must show of it."""
    composed = connector.compose(action, document, organisation, reference, settings)
    step = Step(
        entity, action, reference, composed.body, target_id=getattr(document, "id", ""), total=composed.total
    )  # fmt: skip
    return _expecting(step, document)


def _expecting(step: Step, document: Document) -> Step:
    expected: dict[str, Any]
    match document:
        case Party() | Item() | TaxCode():
            expected = {"number": document.name}
        case Payment():
            expected = {"party_id": document.party.id, "date": document.date, "currency": document.currency}
        case Invoice() if step.entity == "allocations":
            # The document of an application is its credit; its own id stands with the part.
            target = document.allocations[0].id if step.action is Action.VOID else ""
            expected = {"party_id": document.customer.id, "date": document.date, "target_id": target}
        case Invoice() | Bill():
            party = document.customer if isinstance(document, Invoice) else document.vendor
            expected = {"party_id": party.id, "number": document.number, "date": document.date}
            expected["currency"] = document.currency
        case _:
            raise AssertionError(f"no step is made of a {type(document).__name__}")
    return msgspec.structs.replace(step, **expected)


# --- documents ---------------------------------------------------------------------------------------------------


def _party(asked: Asked) -> Party:
    kind = "vendor" if asked.creates else "customer"
    if asked.action is Action.SET_STATUS:
        return Party(_contact(asked, kind), kind, f"Before {asked.reference}", active=False)
    name = f"Made for {asked.reference}" if asked.creates else f"Renamed for {asked.reference}"
    before = "" if asked.creates else _contact(asked, kind)
    return Party(before, kind, name, first_name="Ada", last_name="Ott", email="ada@contract.example")


def _contact(asked: Asked, kind: str) -> str:
    made = asked.keyed.books.add_contact(f"Before {asked.reference}", kind, **asked.marked("parties"))
    return made.contact_id


def _bill(asked: Asked) -> Bill:
    keyed, before = asked.keyed, ""
    if not asked.creates:
        before = keyed.books.add_bill(
            keyed.vendor, asked.number, DAY, [keyed.line()], **asked.marked("bills")
        ).document_id  # fmt: skip
    return _bought(asked, before, 1)


def _vendor_credit(asked: Asked) -> Bill:
    keyed, before = asked.keyed, ""
    if not asked.creates:
        more = {"vendor_credit_number": asked.number, **asked.marked("vendor_credits")}
        before = keyed.books.add_vendor_credit(keyed.vendor, DAY, [keyed.line()], **more).document_id
    return _bought(asked, before, -1)


def _bought(asked: Asked, before: str, sign: int) -> Bill:
    amount = sign * (NET if asked.action is Action.UPDATE else PRICE)
    line = BillLine(
        "1", amount, account=Ref(asked.keyed.account(COST)), unit_cost=sign * PRICE, quantity=amount / (sign * PRICE)
    )
    vendor = Ref(asked.keyed.vendor.contact_id)
    return Bill(
        id=before, vendor=vendor, total=amount, number=asked.number, date=DAY, currency="USD", lines=(line,)
    )  # fmt: skip


def _invoice(asked: Asked) -> Invoice:
    more = {} if asked.creates else asked.marked("invoices")
    before = "" if asked.creates else asked.keyed.invoice(asked.number, **more).document_id
    return sale(asked.keyed, asked.number, before, "invoice", due_date=DUE)


def _credit_note(asked: Asked) -> Invoice:
    more = {} if asked.creates else asked.marked("credit_notes")
    before = "" if asked.creates else asked.keyed.credit_note(asked.number, **more).document_id
    return sale(asked.keyed, asked.number, before, "credit note")


def sale(keyed: Keyed, number: str, before: str, kind: str, **more: Any) -> Invoice:
    """Of one line with a tax of 8.525 per cent."""
    tag = next(iter(keyed.books.reporting_tags.values()))
    option = next(iter(tag.options.values()))
    line = InvoiceLine(
        "1", NET, "Replaced the run capacitor", quantity=Decimal(2), unit_price=NET / 2,
        account=Ref(keyed.account(SALES)), tax_code=Ref(keyed.tax.tax_id, number="8.525"), tax=TAX,
        dimensions=(Ref(option.option_id, option.option_name, tag.tag_id),), item=Ref(keyed.item.item_id),
    )  # fmt: skip
    return Invoice(
        before, Ref(keyed.customer.contact_id), NET + TAX, kind, number=number, date=DAY, currency="USD",
        lines=(line,), tax=TAX, memo="Job 52000", state=InvoiceState.AUTHORISED, **more,
    )  # fmt: skip


def _payment(asked: Asked) -> Payment:
    """One payment on two invoices, and a part of it on nothing. An update applies more of what was unused."""
    first, second = (asked.keyed.invoice(f"Paid {n} {asked.reference}") for n in (1, 2))
    amount, before = 2 * PRICE + UNUSED, ""
    if not asked.creates:
        before = asked.keyed.payment(amount, (first, PRICE), **asked.marked("payments")).payment_id
    splits = (_part(first, PRICE), _part(second, PRICE))
    return Payment(
        before, Ref(asked.keyed.customer.contact_id), amount, date=DAY, currency="USD", number="Check 77",
        splits=splits, unapplied=UNUSED, bank_account=asked.bank,
    )  # fmt: skip


def _part(owed: Owed, amount: Decimal, id: str = "") -> Allocation:
    return Allocation(id, Ref(owed.document_id), amount, DAY)


def _refund(asked: Asked) -> Payment:
    """All of a payment that is on nothing, so that a second refund has nothing to give back."""
    made = asked.keyed.payment(PRICE)
    before = ""
    if not asked.creates:
        before = refunded(asked.keyed, made.payment_id, asked.reference)
    return Payment(
        before, Ref(asked.keyed.customer.contact_id), -PRICE, PaymentKind.REFUND, date=DAY, currency="USD",
        number="Sent back", bank_account=asked.bank, refunds=Ref(made.payment_id, "payment"),
    )  # fmt: skip


def refunded(keyed: Keyed, payment_id: str, reference: str) -> str:
    """A refund of a payment as an earlier step of ours left it; its id."""
    made = keyed.books.customer_payments.get(payment_id)
    assert made is not None
    body = {
        "date": DAY.isoformat(), "amount": PRICE, "refund_mode": "Cash", "reference_number": reference,
        "from_account_id": keyed.account(BANK),
    }  # fmt: skip
    return receiving.refund(keyed.books, made, body).refund_id


def _application(asked: Asked) -> Invoice:
    """The whole of a credit note on an invoice, so that there is nothing to apply a second time."""
    keyed = asked.keyed
    note, owed = keyed.credit_note(f"CN {asked.reference}"), keyed.invoice(f"Credited by {asked.reference}")
    applied = "" if asked.creates else keyed.books.apply_credit_note(note, owed, PRICE).creditnote_invoice_id
    return Invoice(
        note.document_id, Ref(keyed.customer.contact_id), PRICE, "credit note", date=DAY,
        allocations=(_part(owed, PRICE, applied),),
    )  # fmt: skip


def _item(asked: Asked) -> Item:
    return Item(
        "", "material", f"Made for {asked.reference}", sku=f"SKU-{asked.reference}", description="For the contract",
        price=PRICE, cost=Decimal("8.10"), income_account=Ref(asked.keyed.account(SALES)),
        expense_account=Ref(asked.keyed.account(COST)), tax_code=Ref(asked.keyed.tax.tax_id),
    )  # fmt: skip


def _tax(asked: Asked) -> TaxCode:
    return TaxCode("", f"Zone {asked.reference}", rate=Decimal("0.0825"))


_DOCUMENTS: Mapping[str, Callable[[Asked], Document]] = {
    "parties": _party,
    "bills": _bill,
    "vendor_credits": _vendor_credit,
    "invoices": _invoice,
    "credit_notes": _credit_note,
    "payments": _payment,
    "refunds": _refund,
    "allocations": _application,
    "items": _item,
    "tax_codes": _tax,
}


# --- answers -----------------------------------------------------------------------------------------------------


def shows(step: Step, document: Document) -> bool:
    """Whether the document shows the step as done."""
    if step.action in (Action.VOID, Action.SET_STATUS):
        return not getattr(document, "active", True)
    if isinstance(document, TaxCode):  # has no place for our reference
        return document.name == step.number and document.active
    if not getattr(document, "active", True) or getattr(document, "reference", "") != step.reference:
        return False
    match document:
        case Party() | Item():
            return document.name == step.number
        case Payment() if step.entity == "refunds":
            return document.amount == step.total
        case Payment():
            return (document.amount, document.unapplied) == (step.total, UNUSED) and len(document.splits) == 2
        case Invoice() if step.entity == "allocations":
            return [one.amount for one in document.allocations] == [step.total]
        case Invoice():
            return document.total == step.total and document.state is InvoiceState.AUTHORISED
        case Bill():
            return document.total == step.total and document.state is not BillState.CANCELED
        case _:
            return False


_OTHER = {"total": 1, "amount": 1, "contact_name": "Another", "name": "Another", "tax_name": "Another"}


def another(answer: Any) -> Any:
    """A write's answer that speaks of something else."""
    return {name: _another(one) for name, one in answer.items()}


def _another(part: Any) -> Any:
    if isinstance(part, list):
        return [_another(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {**part, **{name: _OTHER[name] for name in _OTHER if name in part}}
