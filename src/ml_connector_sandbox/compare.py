"""The two systems' books against each other and against the truth table: what was posted twice, not at all, or wrong.

``python -m ml_connector_sandbox.compare --file HANDOVER.json`` asks a running sandbox and exits 0 only if all agree.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector_sandbox.company.seed import amount_of
from ml_connector_sandbox.company.truth import BILLS, LINKED, POSTED, VENDOR_CREDITS, BillTruth, VendorTruth
from ml_connector_sandbox.compare_command import run, running_books
from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.ledger_documents import LedgerDocument, Reader, number_key
from ml_connector_sandbox.servicetitan.books import PRODUCTION, ApCredit, Bill, Receipt

ZERO = Decimal(0)
FAULTS = ("duplicates", "missing", "unexpected", "totals_differ", "wrong_vendor", "duplicate_vendors")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``kind``: one of ``FAULTS``; ids are empty where there is none."""

    kind: str
    sentence: str
    bill_id: str = ""
    document_id: str = ""


@dataclass(slots=True)
class Comparison:
    """What was found. ``sums``: what we posted, by currency, credits negative; ``by_target``: the same by kind."""

    findings: list[Finding] = field(default_factory=list)
    documents: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)
    by_target: dict[str, dict[str, Decimal]] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        """Findings of one kind."""
        return sum(1 for one in self.findings if one.kind == kind)

    @property
    def duplicates(self) -> int:
        """Live ledger documents that stand there a second time."""
        return self.count("duplicates")

    @property
    def missing(self) -> int:
        """Bills that must be posted and are not."""
        return self.count("missing")

    @property
    def unexpected(self) -> int:
        """Ledger documents that must not be there."""
        return self.count("unexpected")

    @property
    def totals_differ(self) -> int:
        """Posted bills whose total, currency or postings are not what ServiceTitan says."""
        return self.count("totals_differ")

    @property
    def wrong_vendor(self) -> int:
        """Posted bills that stand under another vendor."""
        return self.count("wrong_vendor")

    @property
    def duplicate_vendors(self) -> int:
        """Ledger contacts that stand for a ServiceTitan vendor who has one already."""
        return self.count("duplicate_vendors")

    @property
    def agrees(self) -> bool:
        """Nothing is wrong."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """For JSON; amounts as texts."""
        return {
            **{kind: self.count(kind) for kind in FAULTS},
            "documents": self.documents,
            "sums": {"posted": _texts(self.sums)},
            "by_target": {target: _texts(sums) for target, sums in self.by_target.items()},
            "findings": [
                {"kind": one.kind, "sentence": one.sentence, "bill_id": one.bill_id, "document_id": one.document_id}
                for one in self.findings
            ],
        }


def compare(
    company: Mapping[str, Any],
    servicetitan: Mapping[str, Any],
    zoho_books: Mapping[str, Any],
    *,
    filled: Iterable[str] = (),
    endings: Mapping[str, str] | None = None,
    credits: bool = False,
) -> Comparison:
    """Compare the emulators' ``books()`` with the ``company`` part of a hand-over file.

    ``filled``: mapping rows a person filled meanwhile, as ``table:key``; bills that waited for them must be posted
    now. ``endings``: bill id -> ending, where it shall be another than the truth table's. ``credits``: AP credits are
    posted, too; without it a vendor credit that stands for one must not be there. Raises KeyError when tenant or
    organisation are not in the books.
    """
    keys = tuple(filled)
    truth = [*company["truth"], *(company["credits"] if credits else ())]
    rows = [BillTruth.of(values).filled(keys) for values in truth]
    rows = [replace(one, ends=(endings or {}).get(one.bill_id, one.ends)) for one in rows]
    vendors = [VendorTruth(**values) for values in company["vendors"]]
    tenant = servicetitan["tenants"][f"{PRODUCTION}/{company['tenant_id']}"]
    reader = Reader(company["tenant_id"], vendors, frozenset(company["seeded_documents"]))
    ledger = reader.read(zoho_books["organisations"][company["organization_id"]])
    return _Comparing(rows, _owed(tenant), ledger.documents, ledger.surplus_contacts).done()


class _Comparing:
    """One comparison under way: each live document is laid at the bill it stands for, then each bill is looked at."""

    def __init__(
        self,
        rows: Sequence[BillTruth],
        owed: Mapping[str, Decimal],
        documents: Sequence[LedgerDocument],
        surplus_contacts: Sequence[str],
    ) -> None:
        self._rows, self._owed, self._documents = rows, owed, documents
        self._by_id = {row.bill_id: row for row in rows}
        self._by_facts = {_facts(row): row for row in reversed(rows)}
        self._found = Comparison()
        for name in surplus_contacts:
            self._found.findings.append(Finding("duplicate_vendors", f"vendor {name} stands in the ledger twice"))

    def done(self) -> Comparison:
        """Everything found."""
        laid = self._laid(self._first_of_each())
        for row in self._rows:
            if row.ends in (POSTED, LINKED) and row.bill_id not in laid:
                self._say("missing", "must be posted and is not in the ledger", row)
        for bill_id, document in laid.items():
            self._look_at(self._by_id[bill_id], document)
        self._sum_up()
        return self._found

    def _first_of_each(self) -> list[LedgerDocument]:
        """Every document but those that repeat another's reference, or its vendor, number, date and total."""
        seen: set[tuple[Any, ...]] = set()
        first = []
        for one in self._documents:
            names = {one.facts} | ({(one.bill_id,)} if one.bill_id else set())
            if names & seen:
                self._found.findings.append(
                    Finding("duplicates", f"{one.shown()} stands there twice", one.bill_id, one.document_id)
                )
            else:
                first.append(one)
            seen |= names
        return first

    def _laid(self, documents: Iterable[LedgerDocument]) -> dict[str, LedgerDocument]:
        laid: dict[str, LedgerDocument] = {}
        for one in documents:
            row = self._by_id.get(one.bill_id) if one.bill_id else self._by_facts.get(one.facts)
            if one.seeded:
                if row is not None and row.ends == LINKED:
                    laid[row.bill_id] = one
            elif row is None or row.ends != POSTED:
                why = f"its bill must end {row.ends} {row.reason}".rstrip() if row else "no bill belongs to it"
                sentence = f"{one.shown()} must not be there: {why}"
                self._found.findings.append(Finding("unexpected", sentence, one.bill_id, one.document_id))
            else:
                laid[row.bill_id] = one
        return laid

    def _look_at(self, row: BillTruth, document: LedgerDocument) -> None:
        owed = self._owed.get(row.bill_id)
        if owed != document.total or row.currency != document.currency:
            stated = f"{document.total} {document.currency} in the ledger, {owed} {row.currency} in ServiceTitan"
            self._say("totals_differ", stated, row, document)
        elif not document.postings_tie:
            sentence = f"the ledger's postings do not come to {document.total}"
            self._say("totals_differ", sentence, row, document)
        if document.vendor_id != row.vendor_id:
            self._say("wrong_vendor", f"stands under {document.vendor_name}", row, document)

    def _say(self, kind: str, what: str, row: BillTruth, document: LedgerDocument | None = None) -> None:
        sentence = f"bill {row.bill_id} ({row.number}, {row.case}): {what}"
        self._found.findings.append(Finding(kind, sentence, row.bill_id, document.document_id if document else ""))

    def _sum_up(self) -> None:
        sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
        by_target = {BILLS: dict[str, Decimal](), VENDOR_CREDITS: dict[str, Decimal]()}
        ours = [one for one in self._documents if not one.seeded]
        for one in ours:
            sums[one.currency] += one.total
            target = by_target[one.target]
            target[one.currency] = target.get(one.currency, ZERO) + one.total
        self._found.documents, self._found.sums, self._found.by_target = len(ours), dict(sums), by_target


def _facts(row: BillTruth) -> tuple[Any, ...]:
    return (row.vendor_id, number_key(row.number), row.date.isoformat(), row.total)


def _owed(tenant: Mapping[str, Any]) -> dict[str, Decimal]:
    """What each bill, receipt and AP credit says is owed now, by id; negative for what is credited."""
    bills = msgspec.json.decode(exact.dumps(tenant["bills"]), type=list[Bill])
    receipts = msgspec.json.decode(exact.dumps(tenant["receipts"]), type=list[Receipt])
    credited = msgspec.json.decode(exact.dumps(tenant["ap_credits"]), type=list[ApCredit])
    documents: list[Bill | Receipt | ApCredit] = [*bills, *receipts, *credited]
    return {str(one.id): amount_of(one) for one in documents}


def _texts(sums: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: f"{amount:.2f}" for currency, amount in sorted(sums.items())}


async def compare_running(handover: Mapping[str, Any], **expected: Any) -> Comparison:
    """As ``compare``, with the books of the running sandbox a hand-over file names. Raises aiohttp.ClientError."""
    books = await running_books(handover, "servicetitan", "zoho_books")
    return compare(handover["company"], *books, **expected)


def main(arguments: list[str] | None = None) -> int:
    """See ``compare_command.run``."""
    return run("compare", __doc__, arguments, compare_running, _told, endings=True, credits=True)


def _told(found: Comparison) -> str:
    counts = [f"{kind.replace('_', ' '):<20}{found.count(kind):>8}" for kind in FAULTS]
    sums = [f"{'posted ' + currency:<20}{amount:>16}" for currency, amount in _texts(found.sums).items()]
    return "\n".join([*counts, *sums, *(f"- {one.sentence}" for one in found.findings)])


if __name__ == "__main__":
    sys.exit(main())
