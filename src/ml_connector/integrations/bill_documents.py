"""What flows of vendors' bills and of vendors' credits have alike: both are read as bills, credits as ones below zero."""

from __future__ import annotations

from ml_connector.canonical.documents import Document
from ml_connector.canonical.purchases import Bill
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.bill_checks import bill_date
from ml_connector.integrations.bill_composing import effective_number
from ml_connector.integrations.bill_settings import Settings


class BillDocuments(FlowType):
    """A flow whose documents are bills: whose they are, what they are called, and which are too early to be posted."""

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {"line_account": settings.line_account}

    def party_of(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.id

    def party_name(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.name

    def number_of(self, document: Document, given: str | None, settings: Settings) -> str:
        assert isinstance(document, Bill)
        return effective_number(document, given)

    def only_linked(self, document: Document, settings: Settings) -> bool:
        assert isinstance(document, Bill)
        date = bill_date(document, settings)
        return date is not None and date < settings.start_date
