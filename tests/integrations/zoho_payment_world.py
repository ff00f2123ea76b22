"""Payments into Zoho Books: one that goes straight through, and books that carry the steps out as strictly as Zoho."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from zoho_sales_world import CASH, JANE, JUNE, ROUND, TABLES, UNIT, told, view

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import STAYS, Decision, Write
from ml_connector.integrations.left import left_or_last
from ml_connector.integrations.views import Linked, Made, View, step_key
from ml_connector.integrations.zoho_sales import ZohoPayments

D = Decimal
ON = dt.date(2026, 6, 9)
OTHER_CASH = "z611"
INVOICES = {"A": "zA", "B": "zB", "C": "zC"}
CREDIT = "zCN"
PAYMENT_TABLES = {
    **TABLES,
    "payment_types": {"1": f"account:{CASH}", "2": f"write-off:{ROUND}", "4": "none", "5": f"account:{OTHER_CASH}"},
}
LINKS = {
    ("customers", "c1"): JANE, ("customers", "c2"): JUNE, ("invoices", "adj"): CREDIT,
    **{("invoices", name): id_ for name, id_ in INVOICES.items()},
}  # fmt: skip


def invoice(name: str, whole: str = "1000", **changes: Any) -> Invoice:
    """A sent invoice as Zoho shows it."""
    shown = Invoice(
        INVOICES[name], Ref(JANE, "Jane Doe"), D(whole), number=name, date=ON, currency="USD", balance=D(whole),
        state=InvoiceState.AUTHORISED, lines=(InvoiceLine(f"l{name}", D(whole)),),
    )  # fmt: skip
    return msgspec.structs.replace(shown, **changes)


def credit_note(whole: str = "80") -> Invoice:
    """The credit note of an adjustment."""
    return Invoice(
        CREDIT, Ref(JANE), D(whole), "credit note", "adj", ON, currency="USD", balance=D(whole),
        state=InvoiceState.AUTHORISED,
    )  # fmt: skip


def payment(amount: str = "100", splits: Mapping[str, str] | None = None, type_: str = "1", **changes: Any) -> Payment:
    """A cheque, on invoice A unless other ``splits`` are given; the rest is on no invoice."""
    on = {"A": amount} if splits is None else splits
    found = tuple(Allocation(f"s{name}", Ref(name, number=name), D(part), ON) for name, part in on.items())
    rest = D(amount) - sum((one.amount for one in found), D(0))
    made = Payment(
        "p1", Ref("c1", "Jane Doe"), D(amount), date=ON, method=Ref(type_, "Check"), number="CHK 1001", splits=found,
        unapplied=rest, business_unit=UNIT,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def seen(document: Document, shown: Sequence[Document] = (), **changes: Any) -> View:
    """Everything known for the payment."""
    known = {(entity_of(one), one.id): one for one in shown}
    return view(document, tables=PAYMENT_TABLES, flow="payments", **{"links": LINKS, "at_target": known, **changes})


def entity_of(document: Document) -> str:
    if isinstance(document, Invoice):
        return "invoices" if document.kind == "invoice" else "credit_notes"
    assert isinstance(document, Payment)
    return "refunds" if document.kind is PaymentKind.REFUND else "payments"


def plan(document: Payment, shown: Sequence[Document] = (), **changes: Any) -> Decision:
    """The decision on a payment, with three open invoices there."""
    open_ = [invoice(name) for name in INVOICES]
    return told(ZohoPayments().plan(seen(document, [*open_, *shown], **changes)))


@dataclasses.dataclass
class Books:
    """One payment through its versions: planned before each step as the engine does, and carried out."""

    shown: dict[tuple[str, str], Document] = dataclasses.field(
        default_factory=lambda: {("invoices", id_): invoice(name) for name, id_ in INVOICES.items()}
    )
    link: Linked | None = None
    made: dict[str, Made] = dataclasses.field(default_factory=dict)
    sent: list[str] = dataclasses.field(default_factory=list)
    flow: FlowType = dataclasses.field(default_factory=ZohoPayments)
    next: int = 0

    def version(self, document: Payment | Invoice, **around: Any) -> Decision:
        """Plan a version and carry it out; what was decided at last."""
        proven: dict[str, str] = {}
        done: set[Any] = set()
        removed: list[str] = []
        made: dict[str, Made] = {}
        while True:
            now = seen(document, made=dict(self.made), proven=dict(proven), done=frozenset(done), link=self._linked(),
                       at_target=dict(self.shown), **around)  # fmt: skip
            decision = told(self.flow.plan(now))
            steps = decision.steps if isinstance(decision, Write) else ()
            left = [step for step in steps if step_key(step) not in done]
            if not left:
                break
            step = left[0]
            target = self._carry_out(step)
            self.sent.append(f"{step.action.value} {step.entity}")
            done.add(step_key(step))
            if step.action is Action.CREATE:
                proven[step.reference] = target
                made[step.reference] = Made(step.entity, target)
            if step.action is Action.VOID:
                removed.append(step.reference)
            if len(left) == 1:
                assert isinstance(decision, Write)
                self._post(document, decision, proven, now)
                break
        for reference in removed:
            self.made.pop(reference, None)
        self.made |= made
        return decision

    def _linked(self) -> Linked | None:
        link = self.link
        now = self.shown.get((link.target_entity, link.target_id)) if link else None
        return dataclasses.replace(link, now=now) if link else None

    def _post(self, document: Payment | Invoice, decision: Write, proven: Mapping[str, str], now: View) -> None:
        if decision.main == STAYS:
            kept = left_or_last(now, decision.steps, decision.replaces)
            target = self.link.target_id if self.link and not decision.replaces else kept.target_id if kept else ""
        else:
            main = decision.steps[decision.main]
            target = main.target_id or proven[main.reference]
        there = self.shown[decision.target_entity, target]
        self.link = Linked(decision.target_entity, target, there, document, there)

    def _carry_out(self, step: Step) -> str:
        document = documents.decode(step.body)
        match step.entity, step.action:
            case "payments", Action.CREATE | Action.UPDATE:
                assert isinstance(document, Payment)
                return self._paid(step, document)
            case "payments", Action.VOID:
                return self._gone(step)
            case "refunds", Action.CREATE:
                assert isinstance(document, Payment)
                return self._refunded(step, document)
            case "credit_notes", Action.CREATE:
                self.next += 1
                assert isinstance(document, Invoice) and document.number
                made = msgspec.structs.replace(
                    document, id=f"46000000{self.next:08}", balance=document.total, reference=step.reference
                )
                for one in self.notes():
                    assert one.number != made.number and one.reference != made.reference, "what is void keeps both"
                self.shown["credit_notes", made.id] = made
                return made.id
            case "credit_notes", Action.VOID:
                note = self.shown["credit_notes", step.target_id]
                assert isinstance(note, Invoice) and note.active and not note.allocations
                void = msgspec.structs.replace(note, active=False, state=InvoiceState.VOID, balance=D(0))
                self.shown["credit_notes", step.target_id] = void
                return step.target_id
            case "allocations", Action.CREATE:
                assert isinstance(document, Invoice)
                return self._applied(document)
            case "allocations", Action.VOID:
                assert isinstance(document, Invoice)
                return self._taken_off(document.id, step.target_id)
        raise AssertionError(f"{step.action} {step.entity} is nothing that is done here")

    def _paid(self, step: Step, document: Payment) -> str:
        """Whole: all that it settles is in the body, and what was on an invoice before is taken off first."""
        assert document.kind is PaymentKind.PAYMENT and document.bank_account.id and document.amount == step.total
        if step.action is Action.UPDATE:
            before = self.shown["payments", step.target_id]
            assert isinstance(before, Payment) and before.active and before.party == document.party
            self._settle(before, -1)
            id_ = step.target_id
        else:
            self.next += 1
            id_ = f"zp{self.next}"
        splits = tuple(
            msgspec.structs.replace(one, id=f"{id_}-{n}", date=document.date) for n, one in enumerate(document.splits)
        )
        unused = document.amount - sum((one.amount for one in splits), D(0))
        assert unused >= 0 and unused == document.unapplied
        made = msgspec.structs.replace(document, id=id_, splits=splits, reference=step.reference)
        self._settle(made, 1)
        self.shown["payments", id_] = made
        return id_

    def _gone(self, step: Step) -> str:
        before = self.shown["payments", step.target_id]
        assert isinstance(before, Payment) and before.active
        self._settle(before, -1)
        self.shown["payments", step.target_id] = msgspec.structs.replace(before, active=False, splits=())
        return step.target_id

    def _settle(self, one: Payment, sign: int) -> None:
        for split in one.splits:
            on = self.shown["invoices", split.document.id]
            assert isinstance(on, Invoice) and on.balance is not None and on.customer.id == one.party.id
            left = on.balance - sign * split.amount
            assert D(0) <= left <= on.total, "more is paid than the invoice owes"
            self.shown["invoices", on.id] = msgspec.structs.replace(on, balance=left)

    def _refunded(self, step: Step, document: Payment) -> str:
        entity = {"payment": "payments", "credit note": "credit_notes"}[document.refunds.name]
        of, amount = self.shown[entity, document.refunds.id], -document.amount
        assert document.kind is PaymentKind.REFUND and amount > 0 and document.bank_account.id
        if isinstance(of, Payment):
            assert of.unapplied >= amount
            self.shown[entity, of.id] = msgspec.structs.replace(of, unapplied=of.unapplied - amount)
        else:
            assert isinstance(of, Invoice) and of.balance is not None and of.balance >= amount
            self.shown[entity, of.id] = msgspec.structs.replace(of, balance=of.balance - amount)
        self.next += 1
        made = msgspec.structs.replace(document, id=f"zr{self.next}", reference=step.reference)
        self.shown["refunds", made.id] = made
        return made.id

    def _applied(self, credit: Invoice) -> str:
        part, there = credit.allocations[0], self.shown["credit_notes", credit.id]
        on = self.shown["invoices", part.document.id]
        assert isinstance(there, Invoice) and there.balance is not None and there.balance >= part.amount
        assert isinstance(on, Invoice) and on.balance is not None and on.balance >= part.amount
        self.next += 1
        made = msgspec.structs.replace(part, id=f"a{self.next}")
        self.shown["invoices", on.id] = msgspec.structs.replace(on, balance=on.balance - part.amount)
        self.shown["credit_notes", there.id] = msgspec.structs.replace(
            there, balance=there.balance - part.amount, allocations=(*there.allocations, made)
        )
        return made.id

    def _taken_off(self, credit: str, id_: str) -> str:
        there = self.shown["credit_notes", credit]
        assert isinstance(there, Invoice) and there.balance is not None
        [part] = [one for one in there.allocations if one.id == id_]
        on = self.shown["invoices", part.document.id]
        assert isinstance(on, Invoice) and on.balance is not None
        self.shown["invoices", on.id] = msgspec.structs.replace(on, balance=on.balance + part.amount)
        left = tuple(one for one in there.allocations if one.id != id_)
        self.shown["credit_notes", credit] = msgspec.structs.replace(
            there, balance=there.balance + part.amount, allocations=left
        )
        return id_

    # what the books say, and what people do in them

    def notes(self) -> list[Invoice]:
        """The credit notes of the books, void ones too."""
        return [one for one in self.shown.values() if isinstance(one, Invoice) and one.kind == "credit note"]

    def payments(self) -> list[Payment]:
        """The live payments of the books."""
        return [one for one in self.shown.values()
                if isinstance(one, Payment) and one.kind is PaymentKind.PAYMENT and one.active]  # fmt: skip

    def on(self) -> dict[str, Decimal]:
        """What the one live payment is on, by the invoice's name."""
        [one] = self.payments()
        names = {id_: name for name, id_ in INVOICES.items()}
        return {names[split.document.id]: split.amount for split in one.splits}

    def owed(self, name: str) -> Decimal:
        """What an invoice still owes."""
        one = self.shown["invoices", INVOICES[name]]
        assert isinstance(one, Invoice) and one.balance is not None
        return one.balance

    def by_hand(self, **splits: str) -> None:
        """People put the one payment on other invoices in Zoho."""
        [one] = self.payments()
        self._settle(one, -1)
        on = tuple(Allocation(f"h{name}", Ref(INVOICES[name]), D(part), ON) for name, part in splits.items())
        rest = one.amount - sum((part.amount for part in on), D(0))
        assert rest >= 0
        changed = msgspec.structs.replace(one, splits=on, unapplied=rest)
        self._settle(changed, 1)
        self.shown["payments", one.id] = changed
