"""What must have become of every bill: said from both vendors' books and what persons did, never from our ledger.

A bill that stands in Zoho Books under our reference was posted as it was then. What stands in the way of any other is
reckoned here from the rules a bookkeeper knows; nothing in the way means that it must be posted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from stateful_world import Stateful

from ml_connector_sandbox.company.seed import amount_of
from ml_connector_sandbox.ledger_documents import number_key
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.zoho_books.books.documents import PurchaseDocument

REFERENCE = "cf_ml_connector_ref"
TWINS = frozenset({"same_number_same_total", "same_number_other_total"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a posted bill no later version may change unseen."""

    vendor_id: int
    number: str
    date: date
    total: Decimal
    stopped: bool = False
    do_not_pay: bool = False


@dataclass
class Persons:
    """What persons did that the books do not show."""

    touched: set[str] = field(default_factory=set)  # our documents in Zoho Books that somebody edited
    deleted: set[str] = field(default_factory=set)  # references somebody deleted or voided there
    unmapped: dict[tuple[str, str], str] = field(default_factory=dict)  # mapping rows taken away, and what they named
    dismissed: dict[str, Any] = field(default_factory=dict)  # source id -> its bill then
    linked: dict[str, tuple[str, Facts]] = field(default_factory=dict)  # source id -> document, and what the bill said
    released: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    blurred: set[int] = field(default_factory=set)  # vendors whose contact was merged into another one
    posted: dict[str, Facts] = field(default_factory=dict)  # source id -> what was posted


class Books:
    """Both vendors' books, as the rules look at them."""

    def __init__(self, world: Stateful, persons: Persons) -> None:
        self._world, self._persons = world, persons
        self.tenant = world.sandbox.company.seed.tenant
        self.organisation = world.sandbox.company.seed.organisation
        prefix = world.sandbox.handover["company"]["tenant_id"]
        self._prefix = f"servicetitan-{prefix}-bills-"
        fields = self.organisation.fields_of("bill") + self.organisation.fields_of("vendor_credit")
        self._fields = {one.field_id for one in fields if one.api_name == REFERENCE}

    # --- Zoho Books

    def documents(self) -> list[PurchaseDocument]:
        """Everything that is not void."""
        both = [*self.organisation.bills, *self.organisation.vendor_credits]
        return [one for one in both if one.state != "void"]

    def reference(self, document: PurchaseDocument) -> str:
        """Our reference on it; empty where it is not ours."""
        return next((str(value) for key, value in document.custom.items() if key in self._fields), "")

    def source_id(self, document: PurchaseDocument) -> str:
        """The bill it stands for; empty where it is not ours."""
        return self.reference(document).removeprefix(self._prefix)

    def ours(self) -> dict[str, PurchaseDocument]:
        """Live documents under our reference, by the bill they stand for."""
        return {self.source_id(one): one for one in self.documents() if self.reference(one)}

    def contact_ids(self, vendor_id: int) -> set[str]:
        """The contacts that stand for a vendor: of its name before anything began, or made by us."""
        name = self.names[vendor_id]
        return {one.contact_id for one in self.organisation.contacts if one.contact_name == name}

    @property
    def names(self) -> dict[int, str]:
        """The vendors' first names, by id."""
        return {one.id: name for name, one in self._world.sandbox.company.seed.vendors.items()}

    def note_posted(self) -> None:
        """Write down what has come to stand in Zoho Books since the last look, and what changes made of it.

        What people have edited there is what was posted before.
        """
        for source_id, document in self.ours().items():
            bill = self.tenant.bills[int(source_id)]
            facts = Facts(bill.vendor_id, document.number, document.date, document.total)
            if document.document_id in self._persons.touched:
                self._persons.posted.setdefault(source_id, facts)
            else:
                self._persons.posted[source_id] = facts

    # --- ServiceTitan

    def facts(self, bill: Bill) -> Facts:
        """What a bill says now."""
        number = bill.vendor_number or bill.reference_number
        stopped = not bill.active or bill.status == "Canceled"
        return Facts(
            bill.vendor_id, number, bill.bill_date, amount_of(bill), stopped or bill.status == "Discrepancy",
            bill.do_not_pay,
        )  # fmt: skip

    def expected(self, orders: dict[str, int]) -> Iterator[tuple[Bill, frozenset[str], frozenset[str]]]:
        """Each bill with the states it may be in, and the reasons it must wait for when it is held.

        ``orders``: source id -> the order in which bills were first seen; the first of two twins goes.
        """
        for bill in self.tenant.bills:
            yield bill, *self._expected(bill, orders)

    def _expected(self, bill: Bill, orders: dict[str, int]) -> tuple[frozenset[str], frozenset[str]]:
        source_id, now = str(bill.id), self.facts(bill)
        dismissed = self._persons.dismissed.get(source_id)
        if dismissed is not None and dismissed == bill:
            return frozenset({"skipped"}), frozenset()
        before = self._persons.linked.get(source_id, ("", None))[1] or self._persons.posted.get(source_id)
        if before is not None:
            if before == now:
                return frozenset({"posted", "unchanged", "linked"}), frozenset()
            return self._changed(bill, orders)
        if now.stopped and bill.status != "Discrepancy":
            return frozenset({"skipped"}), frozenset()
        reasons = frozenset(self._in_the_way(bill, orders))
        return (frozenset({"held"}) if reasons else frozenset({"posted"})), reasons

    def _changed(self, bill: Bill, orders: dict[str, int]) -> tuple[frozenset[str], frozenset[str]]:
        """What becomes of a bill that was posted, or linked by a person, and says something else now."""
        source_id, document = str(bill.id), self.ours().get(str(bill.id))
        left = frozenset({"canceled_after_posting" if self.is_removed(bill) else "changed_after_posting"})
        if source_id in self._persons.linked:
            return frozenset({"held"}), left
        if self.is_removed(bill):
            locked = document is not None and document.date <= self._world.sandbox.company.seed.dates.locked_through
            if locked:
                return frozenset({"held"}), frozenset({"change_in_closed_period"})
            return frozenset({"posted", "unchanged"}), frozenset()
        if document is None:
            return frozenset({"held"}), left
        if bill.do_not_pay or bill.status == "Discrepancy":
            return frozenset({"held"}), left
        reasons = frozenset(self._keeps_from_changing(bill, document))
        return (frozenset({"held"}) if reasons else frozenset({"posted"})), reasons

    def _keeps_from_changing(self, bill: Bill, document: PurchaseDocument) -> Iterator[str]:
        yield from self._unmapped(bill)
        if min(bill.bill_date, document.date) <= self._world.sandbox.company.seed.dates.locked_through:
            yield "change_in_closed_period"
        if document.document_id in self._persons.touched:
            yield "bill_changed_there"

    @staticmethod
    def is_removed(bill: Bill) -> bool:
        """Whether it is cancelled or deleted in ServiceTitan, so that it is voided in Zoho Books."""
        return not bill.active or bill.status == "Canceled"

    def _in_the_way(self, bill: Bill, orders: dict[str, int]) -> Iterator[str]:
        """Everything a bookkeeper would name."""
        if bill.do_not_pay:
            yield "do_not_pay"
        if bill.status == "Discrepancy":
            yield "discrepancy"
        if bill.bill_date <= self._world.sandbox.company.seed.dates.locked_through:
            yield "period_closed"
        yield from self._unmapped(bill)
        if self._contact_inactive(bill.vendor_id):
            yield "vendor_inactive"
        yield from self._twins(bill, orders)

    def _unmapped(self, bill: Bill) -> Iterator[str]:
        gone = self._persons.unmapped
        numbers = {str(self._account(item.accounts).number) for item in bill.items}
        if any(("accounts", number) in gone for number in numbers):
            yield "account_unmapped"
        if ("business_units", str(bill.business_unit_id)) in gone:
            yield "business_unit_unmapped"
        zone = self.tenant.tax_zones.get(bill.tax_zone_id)
        if bill.tax and zone is not None and ("tax", zone.name) in gone:
            yield "tax_unmapped"

    def _account(self, accounts: Any) -> Any:
        return self.tenant.gl_accounts[accounts.cost_of_sale or accounts.general_ledger]

    def _contact_inactive(self, vendor_id: int) -> bool:
        found = [self.organisation.contacts.get(one) for one in self.contact_ids(vendor_id)]
        return any(one is not None and not one.active for one in found)

    def _twins(self, bill: Bill, orders: dict[str, int]) -> Iterator[str]:
        """What stands in the ledger claims its number, and so does a bill that came first and is to be posted."""
        mine, own = self.facts(bill), self._persons.linked.get(str(bill.id), ("", None))[0]
        others = [self.facts(one) for one in self.tenant.bills if self._claims(one, bill, orders)]
        contacts = self.contact_ids(bill.vendor_id)
        others += [
            Facts(bill.vendor_id, one.number, one.date, one.total)
            for one in self.documents()
            if one.vendor_id in contacts and self.source_id(one) != str(bill.id) and one.document_id != own
        ]
        for other in others:
            if self._same_number(other, mine):
                yield "same_number_same_total" if other.total == mine.total else "same_number_other_total"

    def unsure(self, bill: Bill) -> bool:
        """Whether a posted twin was taken out of the ledger, or says something else now: either may be thought right then.

        So it is with a posted bill that takes another number, and with one whose contact is inactive.
        """
        own = self._persons.posted.get(str(bill.id))
        if own is not None and own != self.facts(bill):
            others = [self.facts(one) for one in self.tenant.bills if one.id != bill.id]
            others += [one for source_id, one in self._persons.posted.items() if source_id != str(bill.id)]
            taken = own.number != self.facts(bill).number and any(
                self._same_number(one, self.facts(bill)) for one in others
            )
            if taken or self._contact_inactive(bill.vendor_id):
                return True
        gone = [one for key, one in self._persons.posted.items()
                if key != str(bill.id) and one != self.facts(self.tenant.bills[int(key)])]  # fmt: skip
        gone += [self._persons.posted[one] for one in self._persons.deleted if one in self._persons.posted]
        gone += [self.facts(self.tenant.bills[int(one)]) for one in self._persons.deleted if one != str(bill.id)]
        return any(self._same_number(one, self.facts(bill)) for one in gone)

    @staticmethod
    def _same_number(one: Facts, other: Facts) -> bool:
        return one.vendor_id == other.vendor_id and number_key(one.number) == number_key(other.number)

    def _claims(self, other: Bill, bill: Bill, orders: dict[str, int]) -> bool:
        """Whether a bill has the better claim to the number both show: it is done, or came first and is to be."""
        one, mine = str(other.id), str(bill.id)
        if one == mine or one not in orders or mine not in orders:
            return False
        if one in self._persons.linked or self._persons.posted.get(one) == self.facts(other):
            return True
        if self._persons.dismissed.get(one) == other or not other.active or other.status == "Canceled":
            return one in self._persons.posted and orders[one] < orders[mine]
        return orders[one] < orders[mine]
