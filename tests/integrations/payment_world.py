"""A payment and an order that go straight through, the view they are planned in, and books that carry out the steps."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, Organisation, Party
from ml_connector.canonical.parts import Allocation, Ref, TaxBasis
from ml_connector.canonical.purchases import BillLine, OrderState, PurchaseOrder
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.connectors.xero.references import dated
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Decision, Hold, Skip, Write
from ml_connector.integrations.left import left_or_last
from ml_connector.integrations.order_flow import PurchaseOrders
from ml_connector.integrations.payment_flow import STAYS, Payments
from ml_connector.integrations.reasons import REASONS
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.views import Ledger, Linked, Made, View, step_key

D = Decimal
DAY = dt.timedelta(days=1)
ON = dt.date(2026, 6, 9)
PREFIX = "st/payments/"


def guid(n: int) -> str:
    """An id as Xero gives them."""
    return f"{n:08x}-0000-4000-8000-000000000000"


BOOKS = Organisation("org", "Polar Air", "USD", "America/Chicago", edition="GLOBAL")
BANK, CLEARING, BAD_DEBT, FEES, DEBTORS, CLOSED, EUROS, COST, OPENED, UNOPENED = (guid(n) for n in range(1, 11))
ACCOUNTS = {
    account.id: account
    for account in (
        Account(BANK, "Checking", "", "BANK", postable=False, currency="USD"),
        Account(CLEARING, "Undeposited funds", "610", "BANK"),
        Account(OPENED, "Card clearing", "612", "CURRENT"),
        Account(UNOPENED, "Till", "613", "CURRENT", takes_payments=False),
        Account(BAD_DEBT, "Bad debt", "480", "EXPENSE"),
        Account(FEES, "Financing fees", "481", "EXPENSE"),
        Account(DEBTORS, "Accounts receivable", "800", "CURRENT", postable=False, takes_payments=False),
        Account(CLOSED, "Old clearing", "611", "CURRENT", active=False),
        Account(EUROS, "Euro account", "", "BANK", postable=False, currency="EUR"),
        Account(COST, "Cost of parts", "500", "DIRECTCOSTS"),
    )
}
NORTH, GONE, AREA = guid(11), guid(12), guid(13)
OPTIONS = {
    NORTH: Dimension(NORTH, "tracking_option", "North", Ref(AREA, "Area")),
    GONE: Dimension(GONE, "tracking_option", "Gone", Ref(AREA, "Area"), active=False),
}
SMITH, ARCHIVED, MAPLE, BETA = guid(21), guid(22), guid(23), guid(24)
PARTIES = {
    SMITH: Party(SMITH, "customer", "Smith", currency="USD"),
    ARCHIVED: Party(ARCHIVED, "customer", "Old Smith", active=False, currency="USD"),
    MAPLE: Party(MAPLE, "customer", "Maple", currency="CAD"),
    BETA: Party(BETA, "vendor", "Beta Supplies"),
}
UNIT = Ref("bu1", "North")
SETTINGS = Settings(start_date=dt.date(2026, 1, 1), currency="USD")
TABLES: dict[str, dict[str, str]] = {
    "payment_types": {"1": f"account:{CLEARING}", "2": f"write-off:{BAD_DEBT}", "3": f"fee:{FEES}", "4": "none",
                      "5": f"account:{BANK}", "6": f"account:{OPENED}", "7": f"account:{UNOPENED}"},
    "business_units": {"bu1": NORTH},
    "order_accounts": {"(none)": COST},
    "order_numbers": {},
    "vendors": {},
    "customers": {},
}  # fmt: skip
INVOICES = {name: guid(100 + n) for n, name in enumerate(("A", "B", "C"))}
CREDIT = guid(200)
LINKS = {
    ("customers", "c1"): SMITH,
    ("vendors", "v1"): BETA,
    **{("invoices", name): id_ for name, id_ in INVOICES.items()},
    ("invoices", "adj"): CREDIT,
}

_json = msgspec.json.Decoder(float_hook=Decimal)


class Rows(dict[str, str]):
    """A mapping table without dates."""

    def get(self, key: str, on: dt.date | None = None) -> str | None:  # type: ignore[override]
        return super().get(key)


def invoice(name: str, total: str = "1000", **changes: Any) -> Invoice:
    """A sales invoice as the ledger shows it: taxed parts and untaxed work."""
    whole = D(total)
    shown = Invoice(
        INVOICES[name], Ref(SMITH, "Smith"), whole, number=name, date=ON, currency="USD", state=InvoiceState.AUTHORISED,
        tax=D("0"), balance=whole, lines=(InvoiceLine(guid(900), whole, tax_code=Ref("NONE"), tax=D(0)),), ours=True,
    )  # fmt: skip
    return msgspec.structs.replace(shown, **changes)


def credit_note(total: str = "80", **changes: Any) -> Invoice:
    """The credit note of an adjustment."""
    shown = Invoice(
        CREDIT, Ref(SMITH, "Smith"), D(total), "credit note", "adj", date=ON, currency="USD",
        state=InvoiceState.AUTHORISED, balance=D(total),
    )  # fmt: skip
    return msgspec.structs.replace(shown, **changes)


def payment(amount: str = "100", splits: Mapping[str, str] | None = None, type_: str = "1", **changes: Any) -> Payment:
    """A payment by cheque, on invoice A unless other ``splits`` are given; the rest is on no invoice."""
    on = {"A": amount} if splits is None else splits
    found = tuple(
        Allocation(f"s{name}", Ref(name, number=name), D(part), changes.get("date", ON)) for name, part in on.items()
    )
    rest = D(amount) - sum((one.amount for one in found), D(0))
    made = Payment(
        "p1", Ref("c1", "Smith"), D(amount), date=ON, method=Ref(type_, f"Type {type_}"), number="CHK 1001", splits=found,
        unapplied=rest, business_unit=UNIT,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def view(
    document: Document, *, tables: Mapping[str, Mapping[str, str]] | None = None, books: Organisation = BOOKS,
    settings: Mapping[str, Any] | None = None, ledger: Mapping[str, Any] | None = None,
    shown: Sequence[Document] = (), **changes: Any,
) -> View:  # fmt: skip
    """Everything known for the good payment, changed. ``tables`` replaces whole tables."""

    def compose(action: Action, one: Document, reference: str) -> Composed:
        return CONNECTOR.compose(action, one, books, reference, {})

    reference = f"{PREFIX}{document.id}"
    found = View(
        document=document, source_id=document.id, reference=reference, first_seen_exported=False, released=frozenset(),
        settings=msgspec.structs.replace(SETTINGS, **(settings or {})),
        mappings={name: Rows(rows) for name, rows in {**TABLES, **(tables or {})}.items()},
        links=LINKS, asked=frozenset(), brings=frozenset(["invoices", "customers", "vendors"]), link=None,
        source=Organisation("st", "Polar Air"), source_lists={"business_units": {}},
        ledger=dataclasses.replace(Ledger(books, ACCOUNTS, {}, OPTIONS, PARTIES), **(ledger or {})),
        twins=(), candidates=(), compose=compose, at_target=showing(shown),
    )  # fmt: skip
    return dataclasses.replace(found, **changes)


def showing(documents: Sequence[Document]) -> dict[tuple[str, str], Document]:
    """What the target shows, by entity and id."""
    return {(entity_of(one), one.id): one for one in documents}


def entity_of(document: Document) -> str:
    if isinstance(document, Invoice):
        return "invoices" if document.kind == "invoice" else "credit_notes"
    assert isinstance(document, Payment)
    advances = {PaymentKind.OVERPAYMENT: "overpayments", PaymentKind.PREPAYMENT: "prepayments"}
    return advances.get(document.kind, "payments")


def plan(document: Document, **changes: Any) -> Decision:
    """The decision on a payment or order."""
    flow = PurchaseOrders() if isinstance(document, PurchaseOrder) else Payments()
    return read(flow.plan(view(document, **changes)))


def read(decision: Decision) -> Decision:
    """The decision, its sentences read through."""
    waits = decision.waits if isinstance(decision, Hold) else ()
    sentences = [text for wait in waits for text in (wait.sentence, wait.action)]
    for sentence in [*sentences, *([decision.sentence] if isinstance(decision, Skip) else [])]:
        assert sentence[0].isupper() or sentence[0] == "'", sentence
        assert sentence.rstrip("'").endswith("."), sentence
        assert not set("{}") & set(sentence), sentence
        for blemish in ("  ", "''", "None", "()", "..", " .", " ,", "Decimal", "Ref("):
            assert blemish not in sentence, sentence
    assert all(wait.code in REASONS for wait in waits)
    return decision


def codes(decision: Decision) -> list[str]:
    """Why it waits or is passed over."""
    if isinstance(decision, Hold):
        return [wait.code for wait in decision.waits]
    return [decision.code] if isinstance(decision, Skip) else []


def body(step: Step) -> dict[str, Any]:
    """What would be sent of a step."""
    return dict(_json.decode(step.body))


def told(decision: Decision) -> list[tuple[str, str, Decimal]]:
    """Action, entity and amount of every step."""
    assert isinstance(decision, Write), decision
    return [(step.action.value, step.entity, abs(step.total)) for step in decision.steps]


# --- books that carry steps out ------------------------------------------------------------------------------------


@dataclasses.dataclass
class Run:
    """One payment through its versions: plans as the engine makes them, and a ledger as strict as Xero."""

    shown: dict[tuple[str, str], Document]
    link: Linked | None = None
    made: dict[str, Made] = dataclasses.field(default_factory=dict)
    removed: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    sent: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    half_changed: bool = False
    next: int = 5000
    around: dict[str, Any] = dataclasses.field(default_factory=dict)
    flow: FlowType = dataclasses.field(default_factory=Payments)

    def version(self, document: Payment | Invoice, *, at_most: int = 99, **around: Any) -> Decision:
        """Plan a version, carry its steps out one by one, planning anew before each; what was decided at last.

        ``at_most``: the worker ends after so many steps, for good: the version is never posted.
        """
        proven: dict[str, str] = {}
        done: set[Any] = set()
        voided: list[str] = []
        half = self.half_changed
        for _ in range(30):
            now = view(document, made=dict(self.made), proven=dict(proven), done=frozenset(done), link=self._link(),
                       removed=dict(self.removed), half_changed=self.half_changed, **{**self.around, **around})  # fmt: skip
            now = dataclasses.replace(now, at_target=dict(self.shown))
            decision = read(self.flow.plan(now))
            left = (
                [step for step in decision.steps if step_key(step) not in done] if isinstance(decision, Write) else []
            )
            if not left or at_most <= len(done):
                break
            step, last = left[0], len(left) == 1
            target = self._carry_out(step)
            self.sent.append((step.action.value, step.entity))
            done.add(step_key(step))
            if step.action is Action.CREATE:
                proven[step.reference] = target
            elif step.action is Action.VOID:
                voided.append(step.reference)
                self.removed[step.entity, target] = step.reference
            if last:
                assert isinstance(decision, Write)
                self._post(document, decision, proven, now)
                half = False
                break
            if step.action is Action.UPDATE:
                half = True
        self.half_changed = half
        kinds = {reference: entity for entity, action, reference in done if action is Action.CREATE}
        for reference in voided:
            self.made.pop(reference, None)
        self.made |= {reference: Made(kinds[reference], target) for reference, target in proven.items()}
        return decision

    def _link(self) -> Linked | None:
        if self.link is None:
            return None
        now = self.shown.get((self.link.target_entity, self.link.target_id))
        return dataclasses.replace(self.link, now=now)

    def _post(self, document: Document, decision: Write, proven: Mapping[str, str], now: View) -> None:
        if decision.main == STAYS:
            kept = left_or_last(now, decision.steps, decision.replaces)
            stays = self.link is not None and self.link.target_id != decision.replaces
            target = self.link.target_id if self.link and stays else kept.target_id if kept else ""
        else:
            main = decision.steps[decision.main]
            assert main.entity != "allocations"
            target = main.target_id or proven[main.reference]
        if self.link is not None and self.link.target_id != target:
            assert decision.replaces == self.link.target_id
        shown = self.shown[decision.target_entity, target]
        self.link = Linked(decision.target_entity, target, shown, document, shown)

    # what Xero does

    def _carry_out(self, step: Step) -> str:
        sent = body(step)
        if step.entity == "allocations":
            return self._allocation(step, sent)
        if step.action is Action.VOID:
            return self._void(step, sent)
        if step.action is Action.UPDATE:
            return self._changed(step, sent)
        self.next += 1
        id_ = guid(self.next)
        make = {"payments": self._payment, "credit_notes": self._note}.get(step.entity, self._advance)
        assert step.reference in str(sent["Reference"])
        self.shown[step.entity, id_] = make(id_, step, sent)
        return id_

    def _payment(self, id_: str, step: Step, sent: dict[str, Any]) -> Payment:
        amount, account = sent["Amount"], Ref(sent["Account"].get("AccountID", ""))
        account_type = ACCOUNTS[account.id].type
        assert account_type == "BANK" or account.id == CLEARING
        if "Invoice" in sent:
            on = sent["Invoice"]["InvoiceID"]
            self._settle(on, amount)
            split = Allocation(id_, Ref(on), D(amount), dt.date.fromisoformat(sent["Date"]))
            return Payment(id_, Ref(SMITH), D(amount), date=split.date, splits=(split,), bank_account=account,
                           reference=step.reference, original_date=dated(sent["Reference"]))  # fmt: skip
        [(name, entity)] = [(key, entity) for key, entity in _REFUNDED.items() if key in sent]
        credit = sent[name][f"{name}ID"]
        self._draw(entity, credit, D(amount))
        return Payment(id_, Ref(SMITH), -D(amount), PaymentKind.REFUND, dt.date.fromisoformat(sent["Date"]),
                       refunds=Ref(credit, _NAMES[entity]), bank_account=account,
                       reference=step.reference, original_date=dated(sent["Reference"]))  # fmt: skip

    def _advance(self, id_: str, step: Step, sent: dict[str, Any]) -> Payment:
        amount = D(sent["LineItems"][0]["LineAmount"])
        kind = PaymentKind.OVERPAYMENT if step.entity == "overpayments" else PaymentKind.PREPAYMENT
        assert sent["Contact"]["ContactID"] == SMITH
        return Payment(id_, Ref(SMITH), amount, kind, dt.date.fromisoformat(sent["Date"]), unapplied=amount,
                       reference=step.reference, original_date=dated(sent["Reference"]))  # fmt: skip

    def _note(self, id_: str, step: Step, sent: dict[str, Any]) -> Invoice:
        numbers = {one.number for one in self.shown.values() if isinstance(one, Invoice)}
        assert sent["CreditNoteNumber"] not in numbers
        lines = tuple(self._line(one) for one in sent["LineItems"])
        tax = sum((one.tax or D(0) for one in lines), D(0))
        amount = sum((one.amount for one in lines), tax)
        return Invoice(id_, Ref(sent["Contact"]["ContactID"]), amount, "credit note", sent["CreditNoteNumber"],
                       dt.date.fromisoformat(sent["Date"]), balance=amount, state=InvoiceState.AUTHORISED, lines=lines,
                       tax=tax, reference=step.reference, original_date=dated(sent["Reference"]))  # fmt: skip

    def _line(self, sent: dict[str, Any]) -> InvoiceLine:
        self.next += 1
        return InvoiceLine(
            sent.get("LineItemID") or guid(self.next), D(sent["LineAmount"]), sent["Description"],
            tax=D(sent.get("TaxAmount", 0)), tax_code=Ref(sent.get("TaxType", "")),
            account=Ref("", "", sent.get("AccountCode", "")),
            dimensions=tuple(Ref(one["TrackingOptionID"], "", one["TrackingCategoryID"]) for one in sent.get("Tracking", ())),
        )  # fmt: skip

    def _changed(self, step: Step, sent: dict[str, Any]) -> str:
        """A credit note alone is changed here, while nothing of it is applied or given back."""
        before = self.shown.pop((step.entity, step.target_id))
        assert isinstance(before, Invoice) and before.active and step.entity == "credit_notes"
        assert not before.allocations and before.balance == before.total
        self.shown[step.entity, step.target_id] = self._note(step.target_id, step, sent)
        return step.target_id

    def _void(self, step: Step, sent: dict[str, Any]) -> str:
        document = self.shown[step.entity, step.target_id]
        assert getattr(document, "active", False)
        if isinstance(document, Invoice):
            assert not document.allocations and sent["Status"] == "VOIDED"
            gone: Document = msgspec.structs.replace(document, active=False, state=InvoiceState.VOID)
        else:
            assert isinstance(document, Payment) and step.entity == "payments" and not document.reconciled
            for split in document.splits:
                self._settle(split.document.id, -split.amount)
            if document.refunds.id:
                entity = {name: entity for entity, name in _NAMES.items()}[document.refunds.name]
                self._draw(entity, document.refunds.id, document.amount)
            gone = msgspec.structs.replace(document, active=False)
        self.shown[step.entity, step.target_id] = gone
        return step.target_id

    def _allocation(self, step: Step, sent: dict[str, Any]) -> str:
        key = (sent["credit"], sent["id"])
        credit = self.shown[key]
        assert isinstance(credit, Payment | Invoice) and credit.active
        parts = credit.allocations if isinstance(credit, Invoice) else credit.splits
        if step.action is Action.VOID:
            [part] = [one for one in parts if one.id == sent["allocation_id"]]
            self._settle(part.document.id, -part.amount)
            self._draw(*key, -part.amount, tuple(one for one in parts if one is not part))
            return part.id
        self.next += 1
        asked = sent["allocation"]
        part = Allocation(guid(self.next), Ref(asked["Invoice"]["InvoiceID"]), D(asked["Amount"]),
                          dt.date.fromisoformat(asked["Date"]))  # fmt: skip
        self._settle(part.document.id, part.amount)
        self._draw(*key, part.amount, (*parts, part))
        return part.id

    def _settle(self, invoice_id: str, amount: Decimal) -> None:
        one = self.shown["invoices", invoice_id]
        assert isinstance(one, Invoice) and one.balance is not None
        assert D(0) <= one.balance - amount <= one.total, "more is paid than the invoice owes"
        self.shown["invoices", invoice_id] = msgspec.structs.replace(one, balance=one.balance - amount)

    def _draw(self, entity: str, id_: str, amount: Decimal, parts: tuple[Allocation, ...] | None = None) -> None:
        credit = self.shown[entity, id_]
        if isinstance(credit, Invoice):
            assert credit.balance is not None and credit.balance >= amount
            kept = credit.allocations if parts is None else parts
            changed: Document = msgspec.structs.replace(credit, balance=credit.balance - amount, allocations=kept)
        else:
            assert isinstance(credit, Payment) and credit.unapplied >= amount
            kept = credit.splits if parts is None else parts
            changed = msgspec.structs.replace(credit, unapplied=credit.unapplied - amount, splits=kept)
        self.shown[entity, id_] = changed

    # what the books say

    def live(self, entity: str) -> list[Any]:
        """The live documents of our payment."""
        mine = [one for (kind, _), one in self.shown.items() if kind == entity and getattr(one, "active", False)]
        return [one for one in mine if str(getattr(one, "reference", "")).startswith(PREFIX)]

    def paid(self, name: str) -> Decimal:
        """What is settled of an invoice."""
        one = self.shown["invoices", INVOICES[name]]
        assert isinstance(one, Invoice) and one.balance is not None
        return one.total - one.balance

    def change(self, entity: str, id_: str, **changes: Any) -> None:
        """What people do in the ledger."""
        self.shown[entity, id_] = msgspec.structs.replace(self.shown[entity, id_], **changes)


_REFUNDED = {"CreditNote": "credit_notes", "Overpayment": "overpayments", "Prepayment": "prepayments"}
_NAMES = {"credit_notes": "credit note", "overpayments": "overpayment", "prepayments": "prepayment"}


def run(*more: Document, **around: Any) -> Run:
    """Books with three open invoices."""
    return Run(showing([invoice("A"), invoice("B"), invoice("C"), *more]), around=around)


# --- orders --------------------------------------------------------------------------------------------------------

LINE = BillLine("l1", D(100), description="Compressor", sku="CMP", quantity=D(4), unit_cost=D(25), business_unit=UNIT)
ORDER = PurchaseOrder(
    "o1", "PO-7", Ref("v1", "Beta Supplies"), D(100), "Sent", ON, UNIT, Ref("j1", number="J-100"), lines=(LINE,),
    state=OrderState.SENT, required_on=ON + 10 * DAY, delivery="1 Lake Road\nDuluth, MN 55802",
)  # fmt: skip


def order(**changes: Any) -> PurchaseOrder:
    """The good order, changed. Amounts may be given as text."""
    amounts = {"total", "tax", "shipping"}
    return msgspec.structs.replace(ORDER, **{name: D(one) if name in amounts else one for name, one in changes.items()})


def in_ledger(document: PurchaseOrder, **changes: Any) -> PurchaseOrder:
    """The order as the ledger shows it once it was posted."""
    lines = tuple(
        BillLine(guid(700 + n), line.amount, description=line.description, quantity=line.quantity,
                 unit_cost=line.unit_cost, account=Ref("", "", "500"), dimensions=(Ref(NORTH, "North", AREA),))
        for n, line in enumerate(document.lines)
    )  # fmt: skip
    shown = PurchaseOrder(
        guid(600), document.number, Ref(BETA), document.total, "AUTHORISED", document.date, lines=lines,
        state=OrderState.AUTHORISED, currency="USD", tax_basis=TaxBasis.NONE, reference=f"{PREFIX}{document.id}",
    )  # fmt: skip
    return msgspec.structs.replace(shown, **changes)


def linked_order(posted: PurchaseOrder, now: PurchaseOrder | None = None, base: PurchaseOrder | None = None) -> Linked:
    """The link of an order that was posted; ``now`` is what people have made of it."""
    base = base or in_ledger(posted)
    return Linked("purchase_orders", base.id, base, posted, now or base)
