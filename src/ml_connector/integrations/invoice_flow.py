"""Invoices of ServiceTitan in Xero, and their marking as exported once they are there."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.checks import currency_of
from ml_connector.integrations.debtors import CUSTOMERS, LOCATIONS, debtor
from ml_connector.integrations.decisions import (
    STAYS,
    Adopt,
    Decision,
    Hold,
    Skip,
    Unchanged,
    Write,
    skip,
    waiting,
)
from ml_connector.integrations.demanded import demanded_tags
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.exported_flow import Exported
from ml_connector.integrations.invoice_changes import changed
from ml_connector.integrations.invoice_checks import (
    customer,
    entity_of,
    number,
    own_number,
    passed_over,
    source_checks,
    wanted_state,
)
from ml_connector.integrations.invoice_credits import applied, original, original_to_come, taken
from ml_connector.integrations.invoice_recoding import TABLES, recoded
from ml_connector.integrations.invoice_rules import (
    composed,
    entries_to_come,
    target_invoice,
    target_lines,
    total_differs,
)
from ml_connector.integrations.invoice_standing import (
    entity_there,
    new_reference,
    other_than,
    own_reference,
    void_and_renumbered,
)
from ml_connector.integrations.payment_scope import let_in
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.views import Linked, View


class Invoices(FlowType):
    """Invoices become sales invoices; negative ones, such as most adjustments, credit notes that are applied."""

    name = "invoices"
    title = "Invoices: ServiceTitan to Xero"
    source_vendor, target_vendor = "servicetitan", "xero"
    priority = 4
    source_lists = ("business_units", "tax_zones", "payment_terms")
    target_lists: tuple[str, ...] = ("accounts", "tax_codes", "dimensions", "parties", "invoices", "credit_notes")
    party_kind = "customer"
    tables: tuple[str, ...] = ("accounts", "tax", "business_units", CUSTOMERS, LOCATIONS, "invoice_numbers")
    number_table = "invoice_numbers"
    unique_numbers = True
    several_steps = True
    recodes: ClassVar[tuple[str, ...]] = TABLES

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("invoices",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {"gate": "posted" if settings.invoice_gate == "posted" else "completed"}

    def party_of(self, document: Document) -> str:
        assert isinstance(document, Invoice)
        return document.customer.id

    def party_name(self, document: Document) -> str:
        assert isinstance(document, Invoice)
        return document.customer.name

    def number_of(self, document: Document, given: str | None, settings: Settings) -> str:
        assert isinstance(document, Invoice)
        return given or settings.number_prefix + own_number(document)

    def only_linked(self, document: Document, settings: Settings) -> bool:
        assert isinstance(document, Invoice)
        return document.date is not None and document.date < settings.start_date

    def target_entity(self, document: Document) -> str:
        assert isinstance(document, Invoice)
        return entity_of(document)

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Invoice)
        original = (("invoices", document.adjusts.id),) if document.adjusts.id else ()
        return (debtor(document, settings).pair, *original)

    def lets_in(self, document: Document, settings: Settings) -> tuple[str, ...]:
        assert isinstance(document, Invoice)
        return let_in(document, settings)

    def plan(self, view: View) -> Decision:
        invoice = view.document
        assert isinstance(invoice, Invoice)
        invoice = _in_currency(invoice, view)
        if view.link is not None and not void_and_renumbered(invoice, view):
            decision = changed(invoice, view)
            return _followed(invoice, view) if isinstance(decision, Unchanged) else decision
        if (taken := _taken_up(invoice, view)) is not None:
            return taken
        passed = passed_over(invoice, view)
        if passed is not None:
            return passed
        draft = Draft(invoice.currency)
        source_checks(invoice, view, draft)
        target_lines(invoice, view, draft)
        demanded_tags(invoice, draft.lines, view, draft)
        found = number(invoice, view, draft)
        contact, asks = customer(invoice, view, draft)
        original(invoice, view, draft)
        target = target_invoice(invoice, found, contact, wanted_state(invoice, view.settings), view, draft)
        target = msgspec.structs.replace(target, reference=new_reference(invoice, found, view))
        if draft.waits:
            return Hold(tuple(draft.waits), draft.asking(asks))
        return _created(invoice, target, view, draft)

    def recode(self, view: View) -> Decision:
        invoice = view.document
        assert isinstance(invoice, Invoice)
        return recoded(_in_currency(invoice, view), view)


def _in_currency(invoice: Invoice, view: View) -> Invoice:
    currency = currency_of(invoice.currency, invoice.business_unit, view)
    return msgspec.structs.replace(invoice, currency=currency)


def _created(invoice: Invoice, target: Invoice, view: View, draft: Draft) -> Decision:
    try:
        target, sent = composed(Action.CREATE, target, view, draft)
        if draft.waits:  # the rounding line's account
            return Hold(tuple(draft.waits))
        if sent.total != invoice.total:
            return Hold((total_differs(sent.total, invoice),))
        main = Step(
            entity_of(invoice), Action.CREATE, target.reference, sent.body, party_id=target.customer.id,
            number=target.number, date=target.date, total=target.total, currency=target.currency,
        )  # fmt: skip
        application = applied(invoice, target, view, draft)
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", f"invoices:{invoice.id}", why=error.sentence),))
    contact = (target.customer.id,) if target.customer.id.startswith("new: ") else ()
    to_come = (*contact, *original_to_come(invoice, view), *entries_to_come(target))
    replaces = view.link.target_id if view.link is not None else ""
    return Write((main, *application), main.entity, (*draft.notes, *sent.notes), to_come, replaces=replaces)


# --- what is there already ---------------------------------------------------------------------------------------


def _taken_up(invoice: Invoice, view: View) -> Decision | None:
    """What our step has made is its counterpart, although nothing is linked yet: what is left of the plan follows.

    Its application did not go before a newer version came, or this database is younger than the ledger's documents. None
    where nothing of ours stands.
    """
    draft = Draft(invoice.currency)
    found = number(invoice, view, Draft(invoice.currency))
    reference = new_reference(invoice, found, view)
    made = view.made.get(reference)
    there = view.at_target.get((made.entity, made.target_id)) if made is not None else None
    if made is None or not isinstance(there, Invoice) or not there.active:
        return None
    before = msgspec.structs.replace(invoice, active=True)
    seen = dataclasses.replace(view, link=Linked(made.entity, made.target_id, there, before, there))
    contact, asks = customer(invoice, view, draft)
    if not contact:
        return Hold(tuple(draft.waits), asks)
    wait = other_than(invoice, found, contact, there, reference) if invoice.active else None
    if wait is not None:
        return Hold((wait,))
    further = changed(invoice, seen)
    return further if not isinstance(further, Unchanged) else _applied_still(invoice, there, reference, view)


def _applied_still(invoice: Invoice, there: Invoice, reference: str, view: View) -> Decision:
    """The credit that stands is applied, unless it has been used already."""
    draft = Draft(invoice.currency)
    replaces = view.link.target_id if view.link is not None else ""
    steps: tuple[Step, ...] = ()
    if not there.allocations and there.balance == there.total:
        original(invoice, view, draft)
        if draft.waits:
            return Hold(tuple(draft.waits))
        try:
            steps = applied(invoice, msgspec.structs.replace(there, reference=reference), view, draft)
        except BadInput as error:
            return Hold((waiting("unsuitable", "source", f"invoices:{invoice.id}", why=error.sentence),))
    if not steps:
        return Adopt(entity_there(there), there.id, "created", "our reference and the same content", replaces)
    notes, to_come = tuple(draft.notes), original_to_come(invoice, view)
    return Write(steps, entity_there(there), notes, to_come, STAYS, replaces)


def _followed(invoice: Invoice, view: View) -> Decision:
    """A credit whose original has another document in the ledger now is applied to that, as far as it is open.

    So is one that was taken off its original for a change that came to nothing.
    """
    there = view.link.now if view.link is not None else None
    reference = own_reference(view.link, view) if view.link is not None else ""
    moved = ("invoices", invoice.adjusts.id) in view.replaced or bool(taken(view))
    if not (moved and reference and isinstance(there, Invoice) and there.active and invoice.active and there.balance):
        return Unchanged()
    draft = Draft(invoice.currency)
    try:
        steps = applied(invoice, msgspec.structs.replace(there, reference=reference), view, draft, there.balance)
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", f"invoices:{invoice.id}", why=error.sentence),))
    return Write(steps, entity_there(there), tuple(draft.notes), (), STAYS) if steps else Unchanged()


class InvoicesExported(Exported):
    """Invoices that we posted are marked as exported in ServiceTitan, once their batch is posted there."""

    name = "invoices_exported"
    title = "Posted invoices: marked as exported in ServiceTitan"
    follows = "invoices"

    def passed_over(self, document: Document) -> Skip | None:
        assert isinstance(document, Invoice)
        batched = document.state is InvoiceState.POSTED
        return None if batched else skip("not_batched", state=str(document.state))
