"""Bills and vendor credits of a ledger, staged where they are approved."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.purchases import Bill
from ml_connector.integrations import cost_centers
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Decision, Hold
from ml_connector.integrations.staged_bill import composed, passed_over, source_checks, target_bill, twins
from ml_connector.integrations.staged_changes import changed
from ml_connector.integrations.staging import REFERENCE_ROOM, Pair, Staged
from ml_connector.integrations.staging_settings import Settings
from ml_connector.integrations.supplier_parts import FLOW as VENDORS
from ml_connector.integrations.supplier_parts import PENDING
from ml_connector.integrations.views import View

ENTITY = "bills"  # what bills and credit memos are called at the target


class StagedBills(FlowType):
    """Bills that are in the ledger's books, one by one. A staging system books nothing: no period is closed to it."""

    name = "bills"
    priority = 4
    staged = True
    source_lists = ("accounts", "dimensions")
    target_lists = ("accounts", "dimensions", "parties", "legal_entities", "payment_terms", ENTITY)
    tables = (
        "accounts", cost_centers.FLOW, "vendor_cost_centers", VENDORS, "legal_entities", "terms", "bill_numbers",
    )  # fmt: skip
    number_table = "bill_numbers"
    writes = (ENTITY,)
    read_alone = True  # a payment may be of a bill from before the start date, which no list shows
    as_linked = (VENDORS,)  # where a vendor is paid: a changed address waits for a person, see Suppliers
    reference_room = REFERENCE_ROOM
    pair: ClassVar[Pair]
    options: ClassVar[tuple[tuple[str, str], ...]] = ()  # of the reading

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return (self.name,)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return dict(self.options)

    def not_live(self, settings: Settings, scopes: Collection[str]) -> str:
        if settings.cost_center_from:
            return ""
        return (
            f"Nobody has said which of {self.pair.source}'s dimensions are the cost centres: set cost_center_from to a "
            "tag or category, location or project (several by precedence), or to none where bills go without one."
        )

    def party_of(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.id

    def party_name(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.name

    def number_of(self, document: Document, given: str | None, settings: Settings) -> str:
        assert isinstance(document, Bill)
        return given or document.number or document.own_number or document.id

    def only_linked(self, document: Document, settings: Settings) -> bool:
        assert isinstance(document, Bill)
        return document.date is not None and document.date < settings.start_date

    def target_entity(self, document: Document) -> str:
        return ENTITY

    def made_from(self, there: Document) -> str:
        assert isinstance(there, Bill)
        return there.own_number

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        """The vendor comes twice: as the party, and as what the bill stands on, whose address says where it is paid."""
        assert isinstance(document, Bill)
        vendor = (VENDORS, document.vendor.id)
        return (vendor, *cost_centers.needed(document, settings), vendor)

    def plan(self, view: View) -> Decision:
        bill = view.document
        assert isinstance(bill, Bill)
        if view.link is not None:
            return changed(bill, view, self.pair)
        passed = passed_over(bill, view, self.pair)
        return passed if passed is not None else self._created(_in_currency(bill, view), view)

    def _created(self, bill: Bill, view: View) -> Decision:
        draft = Staged(bill.currency, pair=self.pair)
        source_checks(bill, draft)
        target = target_bill(bill, view, draft)
        twins(bill, view, draft)
        if draft.waits:
            return Hold(tuple(draft.waits), draft.asked_for(PENDING))
        return composed(target, bill, view, draft)


class StagedCredits(StagedBills):
    """Vendor credits, staged as credit memos: invoices over less than nothing."""

    name = "vendor_credits"


def _in_currency(bill: Bill, view: View) -> Bill:
    settings: Any = view.settings
    return msgspec.structs.replace(bill, currency=bill.currency or settings.currency or view.source.currency)
