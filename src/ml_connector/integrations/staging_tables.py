"""The mapping tables of documents that are staged: the keys they show, and what their values may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from ml_connector.canonical.documents import Document, party_of
from ml_connector.canonical.master_data import Dimension, Party
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Payment
from ml_connector.integrations.cost_centers import FLOW, KIND
from ml_connector.integrations.drafts import NO_ACCOUNT
from ml_connector.integrations.staged_payment import METHODS, NO_MODE
from ml_connector.integrations.staging import ALL, NEW, NONE, source_key
from ml_connector.integrations.tables import TableType

BARE_NUMBERS = "the number to use instead"


@dataclass(frozen=True, slots=True)
class GlAccountTable(TableType):
    """Accounts of the ledger, by their ids there: one for every line that carries an amount."""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        lines = document.lines if isinstance(document, Bill) else ()
        return [(source_key(line.account, NO_ACCOUNT), line.account.label()) for line in lines if line.amount]


@dataclass(frozen=True, slots=True)
class CostCenterTable(TableType):
    """Options of the ledger's dimensions; a value names a cost centre, and no other dimension of the target."""

    def entry_word(self, entity: str) -> str:
        return "cost centre"

    def not_chosen(self, entry: Document) -> str:
        if not isinstance(entry, Dimension) or entry.kind != KIND:
            return "no cost centre"
        return "" if entry.active else "an inactive cost centre"

    def unfit(self, value: str, entry: Document, key: str = "") -> str:
        return "" if isinstance(entry, Dimension) and entry.kind == KIND else f"'{value}' is no cost centre"

    def doubt(self, entry: Document, until: dt.date) -> str:
        ends = entry.valid_through if isinstance(entry, Dimension) else None
        if ends is None or until <= ends:
            return ""
        return f"cost centre {label(entry)} is valid through {ends}: documents dated later wait until it is prolonged there"

    def offered(self, entry: Document, entity: str = "") -> tuple[str, str]:
        assert isinstance(entry, Dimension)
        ends = f"valid through {entry.valid_through}" if entry.valid_through else ""
        return entry.id, ", ".join(part for part in (entry.number, ends) if part)


@dataclass(frozen=True, slots=True)
class OptionTable(CostCenterTable):
    """Every option that a bill shows, whichever of its dimensions are the cost centres."""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, Bill):
            return ()
        found = [one for line in document.lines for one in (*line.dimensions, line.location, line.job)]
        return [(one.id, one.name) for one in (*found, document.location, document.job) if one.id]


@dataclass(frozen=True, slots=True)
class VendorCenterTable(CostCenterTable):
    """Vendors whose bills go to one cost centre where a line says nothing."""

    @property
    def of_people(self) -> bool:
        return True

    def listed_key(self, entry: Document) -> str:
        return entry.id if isinstance(entry, Party) else ""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        return [(document.vendor.id, document.vendor.name)] if isinstance(document, Bill) else ()


@dataclass(frozen=True, slots=True)
class SupplierTable(TableType):
    """Vendors, the ledger's own and those that documents name."""

    def listed_key(self, entry: Document) -> str:
        return entry.id if isinstance(entry, Party) else ""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        party = party_of(document) if isinstance(document, Bill | Payment) else None
        return [(party.id, party.name)] if party is not None else ()


@dataclass(frozen=True, slots=True)
class LegalEntityTable(TableType):
    """The company that a bill is of, by its location; a bill that waits for one waits for its own row and for that of all."""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, Bill):
            return ()
        place = document.location
        return [(place.id, place.name)] if place.id else [(ALL, "every bill without a row of its own")]

    def listed_key(self, entry: Document) -> str:
        return entry.id if isinstance(entry, Dimension) and entry.kind == "location" else ""

    def tried(self, key: str, document: Document) -> tuple[str, ...]:
        return self.freed_by(key)

    def freed_by(self, key: str) -> tuple[str, ...]:
        return (key,) if key == ALL else (key, ALL)

    def shown_by(self, key: str) -> tuple[str, ...]:
        return (key,)


@dataclass(frozen=True, slots=True)
class TermsTable(TableType):
    """Payment terms as bills show them, by their words."""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        return [(document.terms, document.terms)] if isinstance(document, Bill) and document.terms else ()


@dataclass(frozen=True, slots=True)
class PaymentMethodTable(TableType):
    """How the ledger says that a vendor was paid. A person decides each: no likeness of words is proof."""

    @property
    def decided(self) -> bool:
        return True

    def names(self, value: str) -> tuple[tuple[str, str], ...]:
        if value not in METHODS:
            raise ValueError(f"'{value}' is none of {', '.join(METHODS)}")
        return ()

    def written(self, value: str) -> tuple[tuple[str, str], ...]:
        return ()

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, Payment):
            return ()
        return [(source_key(document.method, NO_MODE), document.method.label() or "no mode")]


def label(entry: Document) -> str:
    """The entry's number and name."""
    shown = (str(getattr(entry, name, "")) for name in ("number", "name"))
    return " ".join(dict.fromkeys(part for part in shown if part)) or str(getattr(entry, "id", ""))


def tables(source: str, target: str) -> tuple[TableType, ...]:
    """The mapping tables of a pair, whose systems are called so."""
    center = f"{target} cost centre id"
    return (
        GlAccountTable(
            "accounts", f"{source} account id", f"{target} GL account id", "accounts", "accounts",
            fixed_keys=(NO_ACCOUNT,),
        ),
        OptionTable(
            FLOW, f"{source} option, location or project id", f"{center}, new, or none", "dimensions", "dimensions",
            (NEW, NONE), seldom=True,
        ),
        VendorCenterTable("vendor_cost_centers", f"{source} vendor id", center, "", "dimensions", seldom=True),
        SupplierTable("vendors", f"{source} vendor id", f"{target} supplier id, or new", "", "parties", (NEW,), seldom=True),
        LegalEntityTable(
            "legal_entities", f"{source} location id, or {ALL}", f"{target} legal entity id, or none", "dimensions",
            "legal_entities", (NONE,), (ALL,),
        ),
        TermsTable(
            "terms", f"{source} payment terms, in words", f"{target} payment term id, or none", "", "payment_terms",
            (NONE,),
        ),
        PaymentMethodTable("payment_methods", f"{source} payment mode", " | ".join(METHODS), "", "", METHODS, (NO_MODE,)),
        TableType("bill_numbers", f"{source} bill id", BARE_NUMBERS, "", ""),
    )  # fmt: skip
