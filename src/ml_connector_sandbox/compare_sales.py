"""ServiceTitan's receivables against Xero's: each invoice and credit memo once and to the cent, each customer owing the same.

``python -m ml_connector_sandbox.compare_sales --file HANDOVER.json`` asks a running sandbox, exits 0 only if all agree.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector_sandbox.compare import Finding
from ml_connector_sandbox.compare_command import run, running_books
from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.servicetitan.books import PRODUCTION, CreditMemo, Invoice, Payment
from ml_connector_sandbox.xero.books.documents import GONE, SALES

KIND = "servicetitan-xero"
FAULTS = ("duplicates", "missing", "unexpected", "totals_differ", "owed_differs")
_SALE, _CREDIT = "ACCREC", "ACCRECCREDIT"
_CREDITS = ("credit_notes", "overpayments", "prepayments")
_LEFT_OUT = ("exported_before",)  # another ledger's matter


@dataclass(frozen=True, slots=True)
class Posted:
    """A live invoice or credit note of the ledger; ``total`` is negative for a credit."""

    number: str
    credit: bool
    contact_id: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class Side:
    """The ledger's half of a comparison. ``due``: by contact, what is owed less what credits still give."""

    title: str
    documents: Sequence[Posted]
    due: Mapping[str, Decimal]


@dataclass(slots=True)
class SalesComparison:
    """What was found. ``invoices``, ``credit_memos``: those that the ledger must have; ``customers``: whose debt was
    compared; ``payments``: compared one by one, where the ledger has each as one document.

    ``sold``: what these documents come to at ServiceTitan, credits negative; ``posted``: what stands in the ledger under
    their numbers. ``owed``: what the compared customers owe at ServiceTitan, ``owed_there``: in the ledger, in the company's
    currency.
    """

    findings: list[Finding] = field(default_factory=list)
    invoices: int = 0
    credit_memos: int = 0
    payments: int = 0
    customers: int = 0
    sold: Decimal = Decimal(0)
    posted: Decimal = Decimal(0)
    owed: Decimal = Decimal(0)
    owed_there: Decimal = Decimal(0)

    def count(self, kind: str) -> int:
        """Findings of one of ``FAULTS``."""
        return sum(1 for one in self.findings if one.kind == kind)

    @property
    def agrees(self) -> bool:
        """Nothing is wrong."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """For JSON; amounts as texts."""
        amounts = {name: f"{getattr(self, name):.2f}" for name in ("sold", "posted", "owed", "owed_there")}
        return {
            **{kind: self.count(kind) for kind in FAULTS},
            "invoices": self.invoices,
            "credit_memos": self.credit_memos,
            "payments": self.payments,
            "customers": self.customers,
            **amounts,
            "findings": [{"kind": one.kind, "sentence": one.sentence} for one in self.findings],
        }


def compare_sales(
    company: Mapping[str, Any], servicetitan: Mapping[str, Any], xero: Mapping[str, Any]
) -> SalesComparison:
    """Compare the emulators' ``books()`` with the ``company`` part of a hand-over file of a company that sells.

    Raises KeyError when tenant, organisation or integration are not in them.
    """
    there = xero["organisations"][company["xero_organisation_id"]]
    return Scope.of(company, servicetitan, KIND).compared(_in_xero(there))


def _in_xero(there: Mapping[str, Any]) -> Side:
    documents = [
        Posted(one["number"], one["type"] == _CREDIT, one["contact_id"], _signed(one))
        for one in (*there["invoices"], *there["credit_notes"])
        if one["status"] not in GONE and one["type"] in (_SALE, _CREDIT)
    ]
    due: dict[str, Decimal] = defaultdict(Decimal)
    for kind, sign in (("invoices", 1), *((name, -1) for name in _CREDITS)):
        for one in there[kind]:
            if one["type"] in SALES:
                due[one["contact_id"]] += sign * Decimal(one["due"])
    return Side("Xero", documents, due)


def _signed(one: Mapping[str, Any]) -> Decimal:
    return Decimal(one["total"]) * (-1 if one["type"] == _CREDIT else 1)


@dataclass(frozen=True, slots=True)
class Scope:
    """What of ServiceTitan's receivables the ledger must have. ``apart``: customers whose debt is another ledger's matter."""

    invoices: Sequence[Invoice]
    memos: Sequence[CreditMemo]
    payments: Sequence[Payment]
    apart: set[int]

    @classmethod
    def of(cls, company: Mapping[str, Any], servicetitan: Mapping[str, Any], kind: str) -> Scope:
        """By the settings of the integration ``kind``. Raises KeyError when the tenant or the integration is not there."""
        tenant = exact.dumps(servicetitan["tenants"][f"{PRODUCTION}/{company['tenant_id']}"])
        books = msgspec.json.decode(tenant, type=_Sold)
        start = date.fromisoformat(company["integrations"][kind]["settings"]["start_date"])
        foreign = {int(one) for one in company["sales"].get("exported_before", ())}
        in_scope = [one for one in books.invoices if _in_scope(one, start) and one.id not in foreign]
        aside = {int(one) for case in _LEFT_OUT for one in company["sales"].get(case, ())}
        documents: list[Invoice | Payment] = [*books.invoices, *books.payments]
        apart = {one.customer_id for one in documents if one.id in aside}
        known = {one.id for one in in_scope}
        given = [one for one in books.credit_memos if _given(one, start, known)]
        return cls(in_scope, given, books.payments, apart)

    def compared(self, side: Side) -> SalesComparison:
        """Documents by number, then debts by customer."""
        return _Comparing(self, side).done()


class _Sold(msgspec.Struct):
    """The part of a tenant's books that is compared."""

    invoices: list[Invoice]
    payments: list[Payment]
    credit_memos: list[CreditMemo]


def _in_scope(invoice: Invoice, start: date) -> bool:
    """Posted, let go by the reviewer, of an amount, and not before the start."""
    posted = invoice.sync_status in ("Posted", "Exported") and invoice.review_status == "Reviewed"
    dated = invoice.invoice_date is not None and invoice.invoice_date >= start
    return invoice.active and posted and dated and bool(invoice.total)


def _given(memo: CreditMemo, start: date, invoices: set[int]) -> bool:
    """Posted, not before the start, and on no invoice that stays away itself."""
    posted = memo.active and memo.sync_status in ("Posted", "Exported")
    return posted and memo.memo_date >= start and all(one.invoice_id in invoices for one in memo.splits)


class _Comparing:
    """One comparison under way: documents by number, then debts by customer."""

    def __init__(self, scope: Scope, there: Side) -> None:
        self._in_scope = {one.id: one for one in scope.invoices}
        self._scope, self._there = scope, there
        self._found = SalesComparison(invoices=len(scope.invoices), credit_memos=len(scope.memos))

    def done(self) -> SalesComparison:
        """Everything found."""
        expected = {one.reference_number: one for one in self._in_scope.values()}
        standing = self._standing(expected)
        for number, invoice in expected.items():
            self._look_at(f"invoice {number}", invoice.total, standing.get(number))
        for memo in self._scope.memos:
            number = memo.reference_number
            self._look_at(f"credit memo {number}", -memo.total, standing.get(number))
        self._debts({number: one.contact_id for number, one in standing.items()})
        return self._found

    def _standing(self, expected: Mapping[str, Invoice]) -> dict[str, Posted]:
        """By number, what stands there. Credit notes of other numbers are of payments: fees, and what is written off."""
        times = Counter(one.number for one in self._there.documents)
        for number, count in times.items():
            if count > 1:
                self._say("duplicates", f"{number} stands in {self._there.title} {count} times")
        for one in self._there.documents:
            if not one.credit and one.number not in expected:
                self._say("unexpected", f"invoice {one.number} over {one.total} must not be in {self._there.title}")
        return {one.number: one for one in self._there.documents}

    def _look_at(self, what: str, here: Decimal, there: Posted | None) -> None:
        self._found.sold += here
        if there is None:
            self._say("missing", f"{what} over {here} is not in {self._there.title}")
            return
        self._found.posted += there.total
        if there.total != here:
            self._say("totals_differ", f"{what}: {there.total} in {self._there.title}, {here} in ServiceTitan")

    def _debts(self, contacts: Mapping[str, str]) -> None:
        """What each customer owes: here what all documents leave, there what is due less what credits still give."""
        owed: dict[int, Decimal] = defaultdict(Decimal)
        contact_of: dict[int, str] = {}
        for invoice in self._in_scope.values():
            owed[invoice.customer_id] += invoice.total
            if invoice.reference_number in contacts:
                contact_of[invoice.customer_id] = contacts[invoice.reference_number]
        for payment in self._scope.payments:
            if payment.active and all(split.invoice_id in self._in_scope for split in payment.splits):
                owed[payment.customer_id] -= payment.total
        for memo in self._scope.memos:
            owed[memo.customer_id] -= memo.total
        for customer, contact in contact_of.items():
            if customer not in self._scope.apart:
                self._owes(customer, owed[customer], self._there.due.get(contact, Decimal(0)))

    def _owes(self, customer: int, here: Decimal, there: Decimal) -> None:
        self._found.customers += 1
        self._found.owed += here
        self._found.owed_there += there
        if here != there:
            self._say(
                "owed_differs", f"customer {customer} owes {here} in ServiceTitan and {there} in {self._there.title}"
            )

    def _say(self, kind: str, sentence: str) -> None:
        self._found.findings.append(Finding(kind, sentence))


async def compare_sales_running(handover: Mapping[str, Any]) -> SalesComparison:
    """As ``compare_sales``, with the books of the running sandbox a hand-over file names. Raises aiohttp.ClientError."""
    return compare_sales(handover["company"], *await running_books(handover, "servicetitan", "xero"))


def main(arguments: list[str] | None = None) -> int:
    """See ``compare_command.run``."""
    return run("compare_sales", __doc__, arguments, compare_sales_running, told)


def told(found: SalesComparison) -> str:
    """For people."""
    shown = found.as_dict()
    lines = [f"{name.replace('_', ' '):<20}{value:>16}" for name, value in shown.items() if name != "findings"]
    return "\n".join([*lines, *(f"- {one.sentence}" for one in found.findings)])


if __name__ == "__main__":
    sys.exit(main())
