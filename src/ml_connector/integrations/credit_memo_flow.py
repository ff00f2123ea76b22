"""Credit memos of ServiceTitan in the ledger, and their marking as exported once they are there."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.checks import currency_of
from ml_connector.integrations.credit_memo_changes import changed, standing, to_come
from ml_connector.integrations.credit_memo_parts import applied, as_payment
from ml_connector.integrations.debtors import CUSTOMERS, LOCATIONS, debtor
from ml_connector.integrations.decisions import Decision, Hold, Skip, Unchanged, Write, skip, waiting
from ml_connector.integrations.demanded import demanded_tags
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.exported_flow import Exported
from ml_connector.integrations.invoice_checks import (
    MEMO_NUMBERS,
    customer,
    is_nothing,
    not_at_gate,
    number,
    own_key,
    own_number,
    source_checks,
)
from ml_connector.integrations.invoice_recoding import TABLES, recoded
from ml_connector.integrations.invoice_rules import composed, target_invoice, target_lines, total_differs
from ml_connector.integrations.invoice_standing import new_reference
from ml_connector.integrations.payment_rules import NEAR, check_credit_twin
from ml_connector.integrations.payment_scope import PASSED_OVER, before_start, out_of_scope
from ml_connector.integrations.payment_standing import on_hold, under_change
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.views import View


class CreditMemos(FlowType):
    """Credit memos become credit notes under their own numbers, each part of them applied to the invoice it is on."""

    name = "credit_memos"
    title = "Credit memos: ServiceTitan to Xero"
    source_vendor, target_vendor = "servicetitan", "xero"
    priority = 5
    several_steps = True
    passed_over_with = PASSED_OVER
    recodes: ClassVar[tuple[str, ...]] = TABLES
    near = NEAR
    unique_numbers = True
    number_table = MEMO_NUMBERS
    source_lists = ("business_units", "tax_zones")
    target_lists: tuple[str, ...] = ("accounts", "tax_codes", "dimensions", "parties", "invoices", "credit_notes")
    party_kind = "customer"
    tables: tuple[str, ...] = ("accounts", "tax", "business_units", CUSTOMERS, LOCATIONS, MEMO_NUMBERS)

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("credit_memos",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {}

    def party_of(self, document: Document) -> str:
        assert isinstance(document, Invoice)
        return document.customer.id

    def party_name(self, document: Document) -> str:
        assert isinstance(document, Invoice)
        return document.customer.name

    def number_of(self, document: Document, given: str | None, settings: Settings) -> str:
        assert isinstance(document, Invoice)
        return given or settings.number_prefix + own_number(document)

    def target_entity(self, document: Document) -> str:
        return "credit_notes"

    def goes_on(self, document: Document, entity: str) -> bool:
        """What is on invoices is applied to them, of a credit note that others have entered, too."""
        assert isinstance(document, Invoice)
        return bool(document.allocations)

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Invoice)
        invoices = dict.fromkeys(("invoices", one.document.id) for one in document.allocations)
        return (debtor(document, settings).pair, *invoices)

    def plan(self, view: View) -> Decision:
        memo = view.document
        assert isinstance(memo, Invoice)
        memo = msgspec.structs.replace(memo, currency=currency_of(memo.currency, memo.business_unit, view))
        if waits := under_change(memo.allocations, view):
            return Hold(waits)
        there = standing(memo, view)
        return _first(memo, view) if there is None else changed(memo, there, view)

    def recode(self, view: View) -> Decision:
        memo = view.document
        assert isinstance(memo, Invoice)
        memo = msgspec.structs.replace(memo, currency=currency_of(memo.currency, memo.business_unit, view))
        return recoded(memo, view)


def _first(memo: Invoice, view: View) -> Decision:
    """A memo of which nothing stands in the ledger."""
    passed = _passed_over(memo, view)
    if passed is not None:
        return Unchanged() if view.link is not None else passed
    draft = Draft(memo.currency)
    source_checks(memo, view, draft)
    target_lines(memo, view, draft)
    demanded_tags(memo, draft.lines, view, draft)
    found = number(memo, view, draft)
    contact, _ = customer(memo, view, draft)
    target = target_invoice(memo, found, contact, InvoiceState.AUTHORISED, view, draft)
    target = msgspec.structs.replace(target, reference=new_reference(memo, found, view))
    if target.reference not in view.proven:
        check_credit_twin(target, view, draft)
    note = msgspec.structs.replace(target, id=view.id_of(target.reference))
    parts = applied(memo, note, target.reference, view, draft)
    if draft.waits:
        return on_hold(draft, view)
    try:
        main = _note(memo, target, view, draft)
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", own_key(memo), why=error.sentence),))
    if draft.waits:
        return Hold(tuple(draft.waits))
    replaces = view.link.target_id if view.link is not None else ""
    return Write((main, *parts), main.entity, tuple(draft.notes), to_come(memo, target, view), replaces=replaces)


def _passed_over(memo: Invoice, view: View) -> Hold | Skip | None:
    """The rules that say there is nothing to write. Scope and start are judged as those of money on the same invoices."""
    if not memo.active:
        return skip("invoice_inactive")
    given = as_payment(memo)
    passed = out_of_scope(given, view, view.settings) or before_start(given, view, view.settings)
    if passed is None and is_nothing(memo):
        return skip("zero" if any(line.amount for line in memo.lines) else "empty")
    return passed or not_at_gate(memo, view.settings)


def _note(memo: Invoice, target: Invoice, view: View, draft: Draft) -> Step:
    """The credit note. Raises BadInput."""
    waits = len(draft.waits)
    target, sent = composed(Action.CREATE, target, view, draft)
    if sent.total != memo.total and len(draft.waits) == waits:
        draft.wait(total_differs(sent.total, memo))
    draft.notes.extend(sent.notes)
    return Step(
        "credit_notes", Action.CREATE, target.reference, sent.body, party_id=target.customer.id, number=target.number,
        date=target.date, total=target.total, currency=target.currency,
    )  # fmt: skip


class CreditMemosExported(Exported):
    """Credit memos that we posted are marked as exported in ServiceTitan, once their batch is posted there."""

    name = "credit_memos_exported"
    title = "Posted credit memos: marked as exported in ServiceTitan"
    follows = "credit_memos"

    def passed_over(self, document: Document) -> Skip | None:
        assert isinstance(document, Invoice)
        batched = document.state is InvoiceState.POSTED
        return None if batched else skip("not_batched", state=str(document.state))
