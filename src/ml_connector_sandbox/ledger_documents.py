"""The live bills and vendor credits of an emulated organisation, each with the ServiceTitan bill or AP credit it names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company.truth import BILLS, VENDOR_CREDITS, VendorTruth

REFERENCE_FIELD = "cf_ml_connector_ref"
CONTROL = "accounts_payable"
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LedgerDocument:
    """One live document. ``total``: negative for a vendor credit. ``bill_id``: of the bill or AP credit that our reference
    names, empty without.

    ``vendor_id``: the ServiceTitan vendor its contact stands for, empty for none. ``postings_tie``: payables and the
    other sides both come to the total. ``seeded``: it stood there before anything was connected.
    """

    document_id: str
    target: str
    bill_id: str
    vendor_id: str
    vendor_name: str
    number: str
    date: str
    total: Decimal
    currency: str
    postings_tie: bool
    seeded: bool

    @property
    def facts(self) -> tuple[Any, ...]:
        """What two entries of one invoice have in common."""
        return (self.vendor_id or self.vendor_name, number_key(self.number), self.date, self.total)

    def shown(self) -> str:
        """For a sentence."""
        return f"{self.target} {self.number} of {self.vendor_name}, {self.total} {self.currency}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """``surplus_contacts``: names of contacts whose ServiceTitan vendor has another contact already."""

    documents: list[LedgerDocument]
    surplus_contacts: list[str]


class Reader:
    """Reads an organisation's books as ``inspection`` gives them."""

    def __init__(self, tenant_id: str, vendors: Iterable[VendorTruth], seeded: frozenset[str]) -> None:
        self._vendors = f"servicetitan-{tenant_id}-vendors-"
        self._reference = re.compile(rf"servicetitan-{re.escape(tenant_id)}-(?:bills|ap_credits)-(.+)")
        self._by_contact = {one.contact_id: one.vendor_id for one in vendors if one.contact_id}
        self._by_name = {one.contact_name: one.vendor_id for one in vendors}
        self._seeded = seeded

    def read(self, books: Mapping[str, Any]) -> Ledger:
        """Everything but void documents; oldest first."""
        stands_for = {one["contact_id"]: self._vendor(one) for one in books["contacts"]}
        documents = [
            self._document(target, row, stands_for)
            for target in (BILLS, VENDOR_CREDITS)
            for row in books[target]
            if row["state"] != "void"
        ]
        return Ledger(documents, _surplus(books["contacts"], stands_for))

    def _vendor(self, contact: Mapping[str, Any]) -> str:
        """By our reference, by the link that the truth table states, else by the very name it was made with."""
        if contact["contact_type"] != "vendor":
            return ""
        reference = str(contact["custom"].get(REFERENCE_FIELD, ""))
        if reference.startswith(self._vendors):
            return reference.removeprefix(self._vendors)
        known = self._by_contact.get(contact["contact_id"])
        return known or self._by_name.get(contact["contact_name"], "")

    def _document(self, target: str, row: Mapping[str, Any], stands_for: Mapping[str, str]) -> LedgerDocument:
        sign = 1 if target == BILLS else -1
        total = Decimal(row["total"]) * sign
        named = self._reference.fullmatch(str(row["custom"].get(REFERENCE_FIELD, "")))
        return LedgerDocument(
            document_id=row["document_id"],
            target=target,
            bill_id=named[1] if named else "",
            vendor_id=stands_for.get(row["vendor_id"], ""),
            vendor_name=row["vendor_name"],
            number=row["number"],
            date=row["date"],
            total=total,
            currency=row["currency_code"],
            postings_tie=_tie(row["postings"], total * Decimal(row["exchange_rate"])),
            seeded=row["document_id"] in self._seeded,
        )


def _tie(postings: Iterable[Mapping[str, Any]], total: Decimal) -> bool:
    """Payables are credited, and all other accounts debited, with the total in the ledger's currency."""
    sides = [(one["account_type"] == CONTROL, Decimal(one["amount"])) for one in postings]
    payable = sum((amount for control, amount in sides if control), ZERO)
    others = sum((amount for control, amount in sides if not control), ZERO)
    return others == total.quantize(Decimal("0.01")) == -payable


def _surplus(contacts: Iterable[Mapping[str, Any]], stands_for: Mapping[str, str]) -> list[str]:
    seen: set[str] = set()
    surplus = []
    for one in contacts:
        vendor = stands_for[one["contact_id"]]
        if vendor and vendor in seen:
            surplus.append(str(one["contact_name"]))
        seen.add(vendor)
    return surplus


def number_key(number: str) -> str:
    """The key under which two invoice numbers are one: case, spaces, dashes and leading zeros do not count."""
    folded = unicodedata.normalize("NFKC", number).casefold()
    return re.sub(r"[\W_]+", "", re.sub(r"(?<!\d)0+(?=\d)", "", folded))
