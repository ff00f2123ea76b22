"""Steps that the books at the emulated Xero can take, and what shows them as done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from contract_xero_documents import COST, DAY, SALES, Keyed

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import BillLine, OrderState, PurchaseOrder
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.base import Connector
from ml_connector.connectors.writing import Action, Step

DUE = DAY + dt.timedelta(days=30)
NET, TAX = Decimal("41.10"), Decimal("3.50")
# A rate of the company's own, 8.525 per cent, which gives just that tax.
TAX_TYPE = "TAX001"


@dataclass(frozen=True)
class Asked:
    """What a step is made for."""

    keyed: Keyed
    action: Action
    reference: str
    number: str

    @property
    def creates(self) -> bool:
        return self.action is Action.CREATE

    @property
    def marked(self) -> str:
        """A reference as an earlier step of ours left it."""
        return f"before [ref {self.reference}]"

    @property
    def bank(self) -> Ref:
        return Ref(self.keyed.bank.account_id)


def step_of(
    keyed: Keyed,
    connector: Connector,
    entity: str,
    action: Action,
    reference: str,
    organisation: Organisation,
    settings: Mapping[str, str],
    number: str = "",
) -> Step:
    """A step that the books as they are can take; what it changes is keyed in first."""
    document = _DOCUMENTS[entity](Asked(keyed, action, reference, number or f"N-{reference}"))
    composed = connector.compose(action, document, organisation, reference, settings)
    step = Step(entity, action, reference, composed.body, target_id=getattr(document, "id", ""), total=composed.total)
    return _expecting(step, document)


def _expecting(step: Step, document: Document) -> Step:
    """With what the target must show of it."""
    match document:
        case Party():
            return _with(step, number=document.name)
        case Payment():
            return _with(step, party_id=document.party.id, date=document.date, currency="USD")
        case Invoice():
            return _with(
                step, party_id=document.customer.id, number=document.number, date=document.date, currency="USD"
            )
        case PurchaseOrder():
            return _with(step, party_id=document.vendor.id, number=document.number, date=document.date, currency="USD")
        case _:
            raise AssertionError(f"no step is made of a {type(document).__name__}")


def _with(step: Step, **expected: Any) -> Step:
    if step.entity == "allocations":
        expected.pop("number", None)
    return msgspec.structs.replace(step, **expected)


# --- documents ---------------------------------------------------------------------------------------------------


def _party(asked: Asked) -> Party:
    if asked.creates:
        return Party("", "customer", f"Made for {asked.reference}", first_name="Ada", email="ada@contract.example")
    before = asked.keyed.books.desk.add_contact(f"Before {asked.reference}", ContactNumber=asked.reference)
    name = f"Renamed for {asked.reference}"
    return Party(before.contact_id, "customer", name, reference=asked.reference, phone="320-555-0199")


def _invoice(asked: Asked) -> Invoice:
    before = "" if asked.creates else asked.keyed.invoice(asked.number, Reference=asked.marked).document_id
    return _sale(asked, before, "invoice", due_date=DUE)


def _credit_note(asked: Asked) -> Invoice:
    before = "" if asked.creates else asked.keyed.credit_note(asked.number, Reference=asked.marked).document_id
    return _sale(asked, before, "credit note")


def _sale(asked: Asked, before: str, kind: str, **more: Any) -> Invoice:
    category = next(iter(asked.keyed.books.tracking.values()))
    option = Ref(category.options[0].option_id, category.options[0].name, category.category_id)
    line = InvoiceLine(
        "1", NET, "Replaced the run capacitor", quantity=Decimal(2), unit_price=NET / 2,
        account=Ref(asked.keyed.account(SALES).account_id), tax_code=Ref(TAX_TYPE), tax=TAX, dimensions=(option,),
    )  # fmt: skip
    return Invoice(
        before, Ref(asked.keyed.customer.contact_id), NET + TAX, kind, number=asked.number, date=DAY, currency="USD",
        lines=(line,), tax=TAX, memo="Job 52000", state=InvoiceState.AUTHORISED, **more,
    )  # fmt: skip


def _order(asked: Asked) -> PurchaseOrder:
    before = "" if asked.creates else asked.keyed.order(asked.number, Reference=asked.marked).document_id
    line = BillLine(
        "1", NET, description="Filters", quantity=Decimal(2), unit_cost=NET / 2, account=Ref(number=COST),
        tax_code=Ref(TAX_TYPE), tax=TAX,
    )  # fmt: skip
    return PurchaseOrder(
        before, asked.number, Ref(asked.keyed.vendor.contact_id), NET + TAX, date=DAY, lines=(line,),
        state=OrderState.SENT, tax=TAX, currency="USD", required_on=DUE, delivery="2200 Depot Street",
    )  # fmt: skip


def _payment(asked: Asked) -> Payment:
    """The whole of an invoice, so that a second one has nothing to be on."""
    owed = asked.keyed.invoice(f"Paid by {asked.reference}")
    split = Allocation("", Ref(owed.document_id), owed.total, DAY)
    before = ""
    if not asked.creates:
        made = asked.keyed.books.desk.pay(owed, DAY, owed.total, asked.keyed.bank, Reference=asked.marked)
        before = made.payment_id
    return Payment(
        before, Ref(asked.keyed.customer.contact_id), owed.total, date=DAY, currency="USD", number="Check 77",
        splits=(split,), bank_account=asked.bank,
    )  # fmt: skip


def _advance(kind: PaymentKind) -> Callable[[Asked], Payment]:
    def made(asked: Asked) -> Payment:
        contact = Ref(asked.keyed.customer.contact_id)
        return Payment(
            "", contact, Decimal("12.40"), kind, date=DAY, currency="USD", number="Deposit", bank_account=asked.bank
        )

    return made


def _application(asked: Asked) -> Invoice:
    """Half a credit note on an invoice."""
    keyed = asked.keyed
    note, owed = keyed.credit_note(f"CN {asked.reference}"), keyed.invoice(f"Credited by {asked.reference}")
    amount, applied = Decimal("10.25"), ""
    if not asked.creates:
        applied = keyed.books.desk.allocate(note, owed, amount).allocation_id
    part = Allocation(applied, Ref(owed.document_id), amount, DAY)
    return Invoice(
        note.document_id, Ref(keyed.customer.contact_id), amount, "credit note", date=DAY, allocations=(part,)
    )


_DOCUMENTS: Mapping[str, Callable[[Asked], Document]] = {
    "parties": _party,
    "invoices": _invoice,
    "credit_notes": _credit_note,
    "purchase_orders": _order,
    "payments": _payment,
    "overpayments": _advance(PaymentKind.OVERPAYMENT),
    "prepayments": _advance(PaymentKind.PREPAYMENT),
    "allocations": _application,
}


# --- answers -----------------------------------------------------------------------------------------------------


def shows(step: Step, document: Document) -> bool:
    """Whether the document shows the step as done."""
    if step.action is Action.VOID:
        return not getattr(document, "active", True)
    if not getattr(document, "active", True) or getattr(document, "reference", "") != step.reference:
        return False
    match document:
        case Party():
            return document.name == step.number
        case Payment():
            return document.amount == step.total
        case Invoice() if step.entity == "allocations":
            return [one.amount for one in document.allocations] == [step.total]
        case Invoice() | PurchaseOrder():
            return document.total == step.total
        case _:
            return False


def another(answer: Any) -> Any:
    """A write's answer whose elements are of something else."""
    other = {"Total": 1, "Amount": 1, "Name": "Another"}
    if isinstance(answer, list):
        return [another(one) for one in answer]
    if not isinstance(answer, dict):
        return answer
    plural = {name: [_other(row, other) for row in one] for name, one in answer.items() if isinstance(one, list)}
    return {**answer, **plural}


def _other(row: Any, other: Mapping[str, Any]) -> Any:
    return {**row, **{name: other[name] for name in other if name in row}} if isinstance(row, dict) else row
