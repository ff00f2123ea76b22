"""Vendors' credits of ServiceTitan in the ledger, and their marking as exported once they are there."""

from __future__ import annotations

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.bill_checks import passed_over, source_checks
from ml_connector.integrations.bill_composing import (
    all_lines,
    booked,
    composed_bill,
    number_for,
    target_bill,
)
from ml_connector.integrations.bill_documents import BillDocuments
from ml_connector.integrations.bill_flow import vendor_for
from ml_connector.integrations.bill_kinds import CREDIT_NUMBERS
from ml_connector.integrations.bill_rules import target_lines
from ml_connector.integrations.bill_settings import Settings
from ml_connector.integrations.checks import currency_of
from ml_connector.integrations.decisions import Decision, Hold, Skip, Write, skip
from ml_connector.integrations.demanded import demanded_tags
from ml_connector.integrations.drafts import Draft, is_code
from ml_connector.integrations.exported_flow import Exported
from ml_connector.integrations.payment_standing import on_hold
from ml_connector.integrations.vendor_credit_changes import begun, changed, made_in_part
from ml_connector.integrations.vendor_credit_parts import ENTITY, applied, on_bills, to_come
from ml_connector.integrations.views import View

AP_CREDITS = "ap_credits"  # what they are called in ServiceTitan


class VendorCredits(BillDocuments):
    """AP credits, with the lines of the returns behind them, become vendor credits, applied to the bills they are on."""

    name = "vendor_credits"
    title = "Vendor credits: ServiceTitan to Zoho Books"
    source_vendor, target_vendor = "servicetitan", "zoho_books"
    in_references = AP_CREDITS
    priority = 5
    several_steps = True
    source_lists = ("business_units",)
    target_lists = ("accounts", "tax_codes", "dimensions", "parties", "bills", ENTITY)
    tables = ("accounts", "tax", "business_units", "jobs", "vendors", CREDIT_NUMBERS)
    number_table = CREDIT_NUMBERS

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return (AP_CREDITS,)

    def target_entity(self, document: Document) -> str:
        return ENTITY

    def goes_on(self, document: Document, entity: str) -> bool:
        """What is on bills is applied to them, of a vendor credit that others have entered, too."""
        assert isinstance(document, Bill)
        return bool(on_bills(document))

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Bill)
        return (("vendors", document.vendor.id), *(("bills", id_) for id_ in on_bills(document)))

    def plan(self, view: View) -> Decision:
        credit = view.document
        assert isinstance(credit, Bill)
        credit = msgspec.structs.replace(credit, currency=currency_of(credit.currency, credit.business_unit, view))
        if view.link is not None:
            return changed(credit, view)
        there = begun(view)
        return _first(credit, view) if there is None else made_in_part(credit, there, view)


def _first(credit: Bill, view: View) -> Decision:
    """A credit of which nothing stands in the ledger."""
    settings: Settings = view.settings
    passed = passed_over(credit, view, settings)
    if passed is not None:
        return passed
    draft = Draft(credit.currency)
    day = source_checks(credit, view, settings, draft)
    if credit.complete and is_code(credit.currency):
        all_lines(credit, view, settings, draft)
        demanded_tags(credit, draft.lines, view, draft)
    else:  # what cannot be seen cannot be spread; accounts can be asked for already
        target_lines(credit, view, draft)
    number = number_for(credit, view, draft)
    vendor_id, _ = vendor_for(credit, view, draft)
    return _made(booked(credit, day), number, vendor_id, view, draft)


def _made(credit: Bill, number: str, vendor_id: str, view: View, draft: Draft) -> Decision:
    """The steps that make it and put it on its bills, or all that they wait for."""
    target = target_bill(credit, number, vendor_id, view)
    there = msgspec.structs.replace(target, id=view.id_of(view.reference))
    parts = applied(credit, there, view.reference, view, draft)
    if draft.waits:
        return on_hold(draft, view)
    composed = composed_bill(Action.CREATE, credit, target, view, draft)
    if composed is None:
        return Hold(tuple(draft.waits))
    main = Step(
        ENTITY, Action.CREATE, view.reference, composed.body, party_id=vendor_id, number=number, date=credit.date,
        total=credit.total, currency=credit.currency,
    )  # fmt: skip
    return Write((main, *parts), ENTITY, (*draft.notes, *composed.notes), to_come(credit, view))


class VendorCreditsExported(Exported):
    """AP credits that we posted are marked as exported in ServiceTitan."""

    name = "vendor_credits_exported"
    title = "Posted vendor credits: marked as exported in ServiceTitan"
    follows = "vendor_credits"
    marks = AP_CREDITS

    def passed_over(self, document: Document) -> Skip | None:
        assert isinstance(document, Bill)
        void = not document.active or document.state is BillState.CANCELED  # in the ledger by now, too
        return skip("canceled") if void else None
