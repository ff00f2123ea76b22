"""The mapping tables of receivables and orders: the keys their documents show, and what their values may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ml_connector.canonical.documents import Document, party_of
from ml_connector.canonical.master_data import Account, Party, TaxCode, location_id
from ml_connector.canonical.money import plain
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, PurchaseOrder
from ml_connector.canonical.sales import Invoice
from ml_connector.integrations.drafts import account_key, zone_key
from ml_connector.integrations.tables import TableType

EXEMPT = "(exempt)"  # the row that names the tax type of what is not taxed


@dataclass(frozen=True, slots=True)
class SalesAccountTable(TableType):
    """GL accounts, one for every line that charges something; what is ordered has a table of its own."""

    def listed_key(self, entry: Document) -> str:
        assert isinstance(entry, Account)
        return account_key(Ref(entry.id, entry.name, entry.number))

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        lines = document.lines if isinstance(document, Invoice) else ()
        charged = [line for line in lines if line.chargeable and line.amount != 0]
        return [(account_key(line.account), line.account.name) for line in charged]


@dataclass(frozen=True, slots=True)
class SalesTaxTable(TableType):
    """Which tax type the tax of a zone is, and which one stands where nothing is taxed. A person decides each."""

    @property
    def decided(self) -> bool:
        return True

    def unfit(self, value: str, entry: Document, key: str = "") -> str:
        if key != EXEMPT or not isinstance(entry, TaxCode) or not entry.rate:
            return ""
        return f"{entry.name} takes {plain(entry.rate * 100):f} %, and the row {EXEMPT} is for what is not taxed"

    def listed_key(self, entry: Document) -> str:
        assert isinstance(entry, TaxCode)
        return zone_key(Ref(entry.id, entry.name))

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, Invoice):
            return ()
        exempt = any(line.chargeable and line.amount and not line.taxable for line in document.lines)
        taxed = [(zone_key(document.tax_zone), document.tax_zone.name)] if document.tax else []
        return [*taxed, (EXEMPT, "what is not taxed")] if exempt or not taxed else taxed


@dataclass(frozen=True, slots=True)
class LocationTable(TableType):
    """Locations of customers, as the documents name them together."""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, Invoice) or not document.location.id:
            return ()
        customer, place = document.customer, document.location
        return [(location_id(customer.id, place.id), f"{customer.name or customer.id}, {place.name or place.id}")]


@dataclass(frozen=True, slots=True)
class PartyTable(TableType):
    """Customers or vendors, the source's own and those that documents name."""

    def listed_key(self, entry: Document) -> str:
        return entry.id if isinstance(entry, Party) else ""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        theirs = isinstance(document, PurchaseOrder | Bill) == (self.name == "vendors")
        party = party_of(document) if theirs else None
        return [(party.id, party.name)] if party is not None else ()
