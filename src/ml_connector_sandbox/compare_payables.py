"""Zoho Books' payables against ServiceNow's: each bill, credit and payment staged once and to the cent, under its supplier.

``python -m ml_connector_sandbox.compare_payables --file HANDOVER.json`` asks a running sandbox, exits 0 only if all agree.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company.payables.truth import HELD, LINKED, STAGED, STANDS
from ml_connector_sandbox.compare import Finding
from ml_connector_sandbox.compare_command import run, running_books
from ml_connector_sandbox.own_documents import BILLS, read_own_payments, read_own_staged, read_own_suppliers
from ml_connector_sandbox.staged_documents import (
    Amounts,
    Paid,
    Staged,
    Table,
    added,
    read_payments,
    read_staged,
    read_suppliers,
)

FAULTS = (
    "duplicates", "missing", "unexpected", "totals_differ", "coding_differs", "suppliers_wrong", "payments_wrong",
)  # fmt: skip


@dataclass(slots=True)
class PayablesComparison:
    """What was found. ``documents``, ``payments``: bills with credits, and payment rows, that ServiceNow must have.

    ``ledger``: what these documents come to at Zoho Books by currency, credits negative; ``staged``: what stands in
    ServiceNow under their numbers. ``paid`` and ``paid_there``: the same of the payment rows.
    """

    findings: list[Finding] = field(default_factory=list)
    documents: int = 0
    payments: int = 0
    ledger: Amounts = field(default_factory=dict)
    staged: Amounts = field(default_factory=dict)
    paid: Amounts = field(default_factory=dict)
    paid_there: Amounts = field(default_factory=dict)

    def count(self, kind: str) -> int:
        """Findings of one of ``FAULTS``."""
        return sum(1 for one in self.findings if one.kind == kind)

    @property
    def agrees(self) -> bool:
        """Nothing is wrong."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """For JSON; amounts as texts."""
        return {
            **{kind: self.count(kind) for kind in FAULTS},
            "documents": self.documents,
            "payments": self.payments,
            "sums": {name: _texts(getattr(self, name)) for name in ("ledger", "staged", "paid", "paid_there")},
            "findings": [{"kind": one.kind, "sentence": one.sentence} for one in self.findings],
        }


def compare_payables(
    company: Mapping[str, Any],
    zoho_books: Mapping[str, Any],
    servicenow: Mapping[str, Any],
    *,
    filled: Iterable[str] = (),
    endings: Mapping[str, str] | None = None,
) -> PayablesComparison:
    """Compare the emulators' ``books()`` with the ``company`` part of a hand-over file of a firm with payables.

    ``filled``: mapping rows filled meanwhile, as ``table:key``, a cost centre made at the target among them: what waited
    for them alone must be staged. ``endings``: document or payment id -> ending, where it shall be another than the truth
    table's; ``stands`` for what was staged and was changed or deleted at Zoho Books since. Raises KeyError when
    organisation or instance are not in the books.
    """
    keys, other = frozenset(filled), endings or {}
    truth = {one["document_id"]: _ending(one, keys, other) for one in company["truth"]}
    ledger = zoho_books["organisations"][company["organization_id"]]
    return _Comparing(company, truth, ledger, servicenow[company["instance"]], other).done()


def _ending(row: Mapping[str, Any], filled: frozenset[str], other: Mapping[str, str]) -> dict[str, Any]:
    """A row of the truth table as it must end now; of what ends otherwise than there, no coding is known."""
    waits = frozenset(row["waits"])
    frees = row["ends"] == HELD and waits and waits <= filled
    ends = other.get(row["document_id"], STAGED if frees else row["ends"])
    return {**row, "ends": ends} if ends == row["ends"] else {**row, "ends": ends, "centers": (), "accounts": ()}


class _Comparing:
    """One comparison under way: documents by the ledger's id, then payment rows, then suppliers."""

    def __init__(
        self, company: Mapping[str, Any], truth: Mapping[str, Mapping[str, Any]], ledger: Mapping[str, Any],
        instance: Mapping[str, Sequence[Table]], endings: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._company, self._truth, self._endings = company, truth, endings
        self._documents = {one["document_id"]: (one, 1) for one in ledger["bills"]}
        self._documents |= {one["document_id"]: (one, -1) for one in ledger["vendor_credits"]}
        self._payments = {one["payment_id"]: one for one in ledger["vendor_payments"]}
        own = BILLS in instance
        self._staged = (read_own_staged if own else read_staged)(instance)
        self._paid = (read_own_payments if own else read_payments)(instance)
        self._suppliers = (read_own_suppliers if own else read_suppliers)(instance)
        self._codes = {one["vendor_id"]: one["code"] for one in company["suppliers"]}
        self._found = PayablesComparison()

    def done(self) -> PayablesComparison:
        """Everything found."""
        standing = self._standing()
        for key, row in self._truth.items():
            if row["ends"] == STAGED:
                self._look_at(row, standing.get(key))
            elif row["ends"] == STANDS and key not in standing:
                self._say(
                    "missing", f"{row['number']} ({key}) was staged before it was changed, and is not in ServiceNow"
                )
        self._rows()
        self._parties()
        return self._found

    def _standing(self) -> dict[str, Staged]:
        """By the ledger's id what stands there; what somebody keyed there by hand is a double of what is staged too."""
        standing: dict[str, Staged] = {}
        keyed = {one.facts for one in self._staged if not one.external}
        for one in self._staged:
            row = self._truth.get(one.external)
            if one.external in standing or (one.external and one.facts in keyed):
                self._say("duplicates", f"{one.shown} of {one.external} stands in ServiceNow twice")
            elif one.external and (row is None or row["ends"] not in (STAGED, STANDS)):
                why = f"it must end {row['ends']} {row['reason']}".rstrip() if row else "no document belongs to it"
                self._say("unexpected", f"{one.shown} must not be in ServiceNow: {why}")
            if one.external:
                standing.setdefault(one.external, one)
        return standing

    def _look_at(self, row: Mapping[str, Any], there: Staged | None) -> None:
        here, sign = self._documents[row["document_id"]]
        currency, total, tax = here["currency_code"], sign * here["total"], sign * here["tax_total"]
        what = f"{row['kind'].replace('_', ' ')} {here['number']} ({row['document_id']}, {row['case']})"
        self._found.documents += 1
        added(self._found.ledger, currency, total)
        if there is None:
            self._say("missing", f"{what} over {total} {currency} is not in ServiceNow")
            return
        added(self._found.staged, there.currency, there.total)
        self._amounts(what, there, currency, {"total": total, "lines": total - tax, "tax": tax})
        self._coding(what, row, there)
        if there.supplier != self._codes[row["vendor_id"]]:
            self._say("suppliers_wrong", f"{what} stands under supplier {there.supplier or 'nobody'}")

    def _amounts(self, what: str, there: Staged, currency: str, expected: Mapping[str, Decimal]) -> None:
        """Header, sum of the lines with what is charged beside them, and tax, each with its sign and currency."""
        if there.currencies != {currency}:
            told = ", ".join(sorted(there.currencies)) or "no currency"
            self._say("totals_differ", f"{what}: {told} in ServiceNow, {currency} in Zoho Books")
        found = {"total": there.total, "lines": there.net, "tax": there.tax}
        for name, amount in expected.items():
            if found[name] != amount:
                self._say("totals_differ", f"{what}: {name} {found[name]} in ServiceNow, {amount} in Zoho Books")

    def _coding(self, what: str, row: Mapping[str, Any], there: Staged) -> None:
        """Lines that the ledger has come first there; charges of the whole bill follow as lines of their own."""
        for name, told in (("centers", "cost centres"), ("accounts", "GL accounts")):
            expected, found = tuple(row[name]), getattr(there, name)[: len(row[name])]
            if expected != found:
                self._say("coding_differs", f"{what}: {told} {', '.join(found)} instead of {', '.join(expected)}")
        entity = self._company["legal_entities"].get(row["legal_entity"], "")
        if entity and there.legal_entity != entity:
            self._say("coding_differs", f"{what}: legal entity {there.legal_entity or 'none'} instead of {entity}")

    def _rows(self) -> None:
        expected = Counter(self._expected())
        found = Counter(self._paid)
        for rows, sums in ((expected, self._found.paid), (found, self._found.paid_there)):
            for one, times in rows.items():
                added(sums, one.currency, one.amount * times)
        self._found.payments = expected.total()
        lost = list((expected - found).elements())
        for one in (found - expected).elements():
            other = next((row for row in lost if row.reference == one.reference), None)
            if one in expected:
                self._say("duplicates", f"{one.shown} stands in ServiceNow twice")
            elif other is not None:
                lost.remove(other)
                self._say("payments_wrong", f"{one.shown} in ServiceNow is {other.shown} in Zoho Books")
            else:
                self._say("unexpected", f"{one.shown} must not be in ServiceNow")
        for one in lost:
            self._say("missing", f"{one.shown} is not in ServiceNow")

    def _expected(self) -> Iterable[Paid]:
        """The rows of payments that must be staged; what waited for its bills alone goes with them."""
        for row in self._company["payments"]:
            if self._endings.get(row["payment_id"]) == STANDS:
                yield from (self._left(bill, row["currency"], Decimal(amount)) for bill, amount in row["rows"])
                continue
            payment = self._payments.get(row["payment_id"])
            if payment is None or self._ends(row, payment) != STAGED:
                continue
            reference = payment["reference_number"] or payment["number"]
            for bill, amount in payment["bills"].items():
                yield Paid(bill, payment["currency_code"], amount, reference)

    def _left(self, bill: str, currency: str, amount: Decimal) -> Paid:
        """The row of a payment that is no more at Zoho Books, and its reference with it: as one that stands there."""
        found = (one for one in self._paid if (one.bill, one.currency, one.amount) == (bill, currency, amount))
        return next(found, Paid(bill, currency, amount, "(deleted)"))

    def _ends(self, row: Mapping[str, Any], payment: Mapping[str, Any]) -> str:
        staged = all(self._truth[bill]["ends"] == STAGED for bill in payment["bills"])
        frees = row["ends"] == HELD and row["reason"] == "bill_waits" and staged
        return self._endings.get(row["payment_id"], STAGED if frees else row["ends"])

    def _parties(self) -> None:
        for code, count in Counter(self._suppliers).items():
            if count > 1:
                self._say("suppliers_wrong", f"supplier {code} stands in ServiceNow {count} times")
        for row in self._company["suppliers"]:
            if (
                row["ends"] in (LINKED, HELD)
                and row["code"] != row["vendor_id"]
                and row["vendor_id"] in self._suppliers
            ):
                self._say("suppliers_wrong", f"vendor {row['name']} must not be made a supplier: it ends {row['ends']}")

    def _say(self, kind: str, sentence: str) -> None:
        self._found.findings.append(Finding(kind, sentence))


def _texts(sums: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: f"{amount:.2f}" for currency, amount in sorted(sums.items())}


async def compare_payables_running(handover: Mapping[str, Any], **expected: Any) -> PayablesComparison:
    """As ``compare_payables``, with the books of the running sandbox of a hand-over file. Raises aiohttp.ClientError."""
    books = await running_books(handover, "zoho_books", "servicenow")
    return compare_payables(handover["company"], *books, **expected)


def main(arguments: list[str] | None = None) -> int:
    """See ``compare_command.run``."""
    return run("compare_payables", __doc__, arguments, compare_payables_running, _told, endings=True)


def _told(found: PayablesComparison) -> str:
    lines = [f"{kind.replace('_', ' '):<20}{found.count(kind):>8}" for kind in FAULTS]
    for name, sums in found.as_dict()["sums"].items():
        lines += [f"{name.replace('_', ' ') + ' ' + currency:<20}{amount:>16}" for currency, amount in sums.items()]
    return "\n".join([*lines, *(f"- {one.sentence}" for one in found.findings)])


if __name__ == "__main__":
    sys.exit(main())
