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


@dataclass(slots=True)
class SalesComparison:
    """What was found. ``invoices``, ``credit_memos``: those that Xero must have; ``customers``: whose debt was compared.

    ``sold``: what these documents come to at ServiceTitan, credits negative; ``posted``: what stands in Xero under their
    numbers. ``owed``: what the compared customers owe at ServiceTitan, ``owed_there``: in Xero, in the company's currency.
    """

    findings: list[Finding] = field(default_factory=list)
    invoices: int = 0
    credit_memos: int = 0
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
    tenant = exact.dumps(servicetitan["tenants"][f"{PRODUCTION}/{company['tenant_id']}"])
    books = msgspec.json.decode(tenant, type=_Sold)
    start = date.fromisoformat(company["integrations"][KIND]["settings"]["start_date"])
    foreign = {int(one) for one in company["sales"].get("exported_before", ())}
    in_scope = [one for one in books.invoices if _in_scope(one, start) and one.id not in foreign]
    aside = {int(one) for case in _LEFT_OUT for one in company["sales"].get(case, ())}
    documents: list[Invoice | Payment] = [*books.invoices, *books.payments]
    apart = {one.customer_id for one in documents if one.id in aside}
    there = xero["organisations"][company["xero_organisation_id"]]
    known = {one.id for one in in_scope}
    given = [one for one in books.credit_memos if _given(one, start, known)]
    return _Comparing(in_scope, given, books.payments, apart, there).done()


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

    def __init__(
        self, in_scope: Sequence[Invoice], memos: Sequence[CreditMemo], payments: Sequence[Payment], apart: set[int],
        there: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self._in_scope = {one.id: one for one in in_scope}
        self._memos, self._payments, self._apart, self._there = memos, payments, apart, there
        self._live = [
            one
            for one in (*there["invoices"], *there["credit_notes"])
            if one["status"] not in GONE and one["type"] in (_SALE, _CREDIT)
        ]
        self._found = SalesComparison(invoices=len(in_scope), credit_memos=len(memos))

    def done(self) -> SalesComparison:
        """Everything found."""
        expected = {one.reference_number: one for one in self._in_scope.values()}
        standing = self._standing(expected)
        for number, invoice in expected.items():
            self._look_at(f"invoice {number}", invoice.total, standing.get(number))
        for memo in self._memos:
            number = memo.reference_number
            self._look_at(f"credit memo {number}", -memo.total, standing.get(number))
        self._debts({number: one["contact_id"] for number, one in standing.items()})
        return self._found

    def _standing(self, expected: Mapping[str, Invoice]) -> dict[str, Mapping[str, Any]]:
        """By number, what stands there. Credit notes of other numbers are of payments: fees, and what is written off."""
        times = Counter(one["number"] for one in self._live)
        for number, count in times.items():
            if count > 1:
                self._say("duplicates", f"{number} stands in Xero {count} times")
        for one in self._live:
            if one["type"] == _SALE and one["number"] not in expected:
                self._say("unexpected", f"invoice {one['number']} over {one['total']} must not be in Xero")
        return {one["number"]: one for one in self._live}

    def _look_at(self, what: str, here: Decimal, there: Mapping[str, Any] | None) -> None:
        self._found.sold += here
        if there is None:
            self._say("missing", f"{what} over {here} is not in Xero")
            return
        total = Decimal(there["total"]) * (-1 if there["type"] == _CREDIT else 1)
        self._found.posted += total
        if total != here:
            self._say("totals_differ", f"{what}: {total} in Xero, {here} in ServiceTitan")

    def _debts(self, contacts: Mapping[str, str]) -> None:
        """What each customer owes: here what all documents leave, there what is due less what credits still give."""
        owed: dict[int, Decimal] = defaultdict(Decimal)
        contact_of: dict[int, str] = {}
        for invoice in self._in_scope.values():
            owed[invoice.customer_id] += invoice.total
            if invoice.reference_number in contacts:
                contact_of[invoice.customer_id] = contacts[invoice.reference_number]
        for payment in self._payments:
            if payment.active and all(split.invoice_id in self._in_scope for split in payment.splits):
                owed[payment.customer_id] -= payment.total
        for memo in self._memos:
            owed[memo.customer_id] -= memo.total
        due = self._due()
        for customer, contact in contact_of.items():
            if customer not in self._apart:
                self._owes(customer, owed[customer], due[contact])

    def _due(self) -> dict[str, Decimal]:
        due: dict[str, Decimal] = defaultdict(Decimal)
        for kind, sign in (("invoices", 1), *((name, -1) for name in _CREDITS)):
            for one in self._there[kind]:
                if one["type"] in SALES:
                    due[one["contact_id"]] += sign * Decimal(one["due"])
        return due

    def _owes(self, customer: int, here: Decimal, there: Decimal) -> None:
        self._found.customers += 1
        self._found.owed += here
        self._found.owed_there += there
        if here != there:
            self._say("owed_differs", f"customer {customer} owes {here} in ServiceTitan and {there} in Xero")

    def _say(self, kind: str, sentence: str) -> None:
        self._found.findings.append(Finding(kind, sentence))


async def compare_sales_running(handover: Mapping[str, Any]) -> SalesComparison:
    """As ``compare_sales``, with the books of the running sandbox a hand-over file names. Raises aiohttp.ClientError."""
    return compare_sales(handover["company"], *await running_books(handover, "servicetitan", "xero"))


def main(arguments: list[str] | None = None) -> int:
    """See ``compare_command.run``."""
    return run("compare_sales", __doc__, arguments, compare_sales_running, _told)


def _told(found: SalesComparison) -> str:
    told = found.as_dict()
    lines = [f"{name.replace('_', ' '):<20}{value:>16}" for name, value in told.items() if name != "findings"]
    return "\n".join([*lines, *(f"- {one.sentence}" for one in found.findings)])


if __name__ == "__main__":
    sys.exit(main())
