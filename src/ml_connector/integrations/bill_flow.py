"""Bills of ServiceTitan in the ledger, and their marking as exported once they are there."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.connectors.servicetitan.translate_bills import AP_BILLS
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.bill_changes import changed
from ml_connector.integrations.bill_checks import bill_date, passed_over, source_checks, target_vendor
from ml_connector.integrations.bill_composing import (
    all_lines,
    booked,
    composed_bill,
    entity_of,
    number_for,
    target_bill,
)
from ml_connector.integrations.bill_documents import BillDocuments
from ml_connector.integrations.bill_rules import target_lines
from ml_connector.integrations.bill_settings import Settings
from ml_connector.integrations.checks import currency_of
from ml_connector.integrations.complete_vendors import check_complete
from ml_connector.integrations.decisions import Decision, Hold, Skip, Waiting, Write, skip, waiting
from ml_connector.integrations.demanded import demanded_tags
from ml_connector.integrations.drafts import Draft, is_code
from ml_connector.integrations.exported_flow import Exported
from ml_connector.integrations.vendor_flow import OTHER_VENDOR
from ml_connector.integrations.views import View


class Bills(BillDocuments):
    """Inventory and AP bills, or receipts where a tenant keeps no bills, become bills; negative ones vendor credits."""

    name = "bills"
    title = "Bills: ServiceTitan to Zoho Books"
    source_vendor, target_vendor = "servicetitan", "zoho_books"
    priority = 4
    source_lists = ("business_units",)
    target_lists = ("accounts", "tax_codes", "dimensions", "parties", "bills", "vendor_credits")
    party_kind = "vendor"
    tables = ("accounts", "tax", "business_units", "jobs", "vendors", "bill_numbers")
    number_table = "bill_numbers"

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return (settings.bill_source,)

    def not_live(self, settings: Settings, scopes: Collection[str]) -> str:
        if settings.bill_source != "bills" or AP_BILLS in scopes or settings.gate == "posted":
            return ""
        if settings.gate == "reconciled":
            return (
                f"Only AP bills tell which bills are reconciled, and the ServiceTitan scope {AP_BILLS} is missing: add it "
                "in the developer portal and let the tenant accept the new version (seen within an hour); or set gate to "
                "received or posted."
            )
        if settings.unseen_status == "post":
            return ""
        return (
            f"The ServiceTitan scope {AP_BILLS} is missing, and without it nothing tells which bills are cancelled, in "
            "discrepancy or marked 'do not pay'. Add it in the developer portal, let the tenant accept the new version "
            "(seen within an hour); or set unseen_status to post to confirm that such bills are posted like any other."
        )

    def target_entity(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return entity_of(document)

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Bill)
        return (("vendors", document.vendor.id),)

    def plan(self, view: View) -> Decision:
        bill = view.document
        assert isinstance(bill, Bill)
        settings: Settings = view.settings
        if view.link is not None:
            return changed(bill, view)
        passed = passed_over(bill, view, settings)
        if passed is not None:
            return passed
        bill = msgspec.structs.replace(
            bill, currency=currency_of(bill.currency, bill.business_unit, view), date=bill_date(bill, settings)
        )
        draft = Draft(bill.currency)
        day = source_checks(bill, view, settings, draft)
        if bill.complete and is_code(bill.currency):
            all_lines(bill, view, settings, draft)
            demanded_tags(bill, draft.lines, view, draft)
        else:  # what cannot be seen cannot be spread; accounts can be asked for already
            target_lines(bill, view, draft)
        number = number_for(bill, view, draft)
        vendor_id, asks = vendor_for(bill, view, draft)
        if draft.waits:
            return Hold(tuple(draft.waits), asks if _only_vendor(draft.waits) else ())
        return _created(booked(bill, day), number, vendor_id, view, draft)


def _only_vendor(waits: list[Waiting]) -> bool:
    return all(wait.code == "vendor_pending" for wait in waits)


def vendor_for(bill: Bill, view: View, draft: Draft) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The ledger's id of the vendor, empty where it waits for that, and the record whose flow must bring it first."""
    wanted = ("vendors", bill.vendor.id)
    key = f"vendors:{bill.vendor.id}"
    name = bill.vendor.name or bill.vendor.id
    target = target_vendor(bill, view)
    if target:
        party = view.ledger.parties.get(target)
        if party is not None and not party.active:
            other = "" if wanted in view.links else OTHER_VENDOR.format(key=bill.vendor.id)
            told = {"name": name, "target": party.name, "other": other}
            draft.wait(waiting("vendor_inactive", "fact", f"parties:{target}", **told))
        check_complete(bill.vendor.id, name, view, draft)
        return target, ()
    if wanted in view.asked:
        draft.wait(waiting("vendor_pending", "link", key, name=name))
        return "", (wanted,)
    code = "vendor_unknown" if "vendors" in view.brings else "vendor_flow_off"
    draft.wait(waiting(code, "link", key, name=name))
    return "", ()


def _created(bill: Bill, number: str, vendor_id: str, view: View, draft: Draft) -> Decision:
    target = target_bill(bill, number, vendor_id, view)
    composed = composed_bill(Action.CREATE, bill, target, view, draft)
    if composed is None:
        return Hold(tuple(draft.waits))
    entity = entity_of(bill)
    step = Step(
        entity, Action.CREATE, view.reference, composed.body, party_id=vendor_id, number=number,
        date=bill.date, total=bill.total, currency=bill.currency,
    )  # fmt: skip
    new = (vendor_id,) if vendor_id.startswith("new: ") else ()
    return Write((step,), entity, (*draft.notes, *composed.notes), new)


class BillsExported(Exported):
    """Bills that we posted are marked as exported in ServiceTitan; receipts of purchase orders take no mark."""

    name = "bills_exported"
    title = "Posted bills: marked as exported in ServiceTitan"
    follows = "bills"

    def passed_over(self, document: Document) -> Skip | None:
        assert isinstance(document, Bill)
        if not document.active or document.state is BillState.CANCELED:  # void in the ledger by now
            return skip("canceled")
        return skip("no_mark") if document.source_kind != "bill" else None
