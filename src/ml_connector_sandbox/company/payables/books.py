"""The firm's books under construction: dates, look-ups, and writing down how each document must end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector_sandbox.company.payables.catalogue import ZONE
from ml_connector_sandbox.company.payables.instance import CostCenter, KeyedInvoice, Supplier
from ml_connector_sandbox.company.payables.truth import STAGED, PayableTruth, PaymentTruth, SupplierTruth
from ml_connector_sandbox.zoho_books import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.documents import Bill, LineItem, PurchaseDocument
from ml_connector_sandbox.zoho_books.books.masters import Account, Contact, Location, Project, ReportingTag

ZERO = Decimal(0)
BILL, CREDIT = "bill", "vendor_credit"


@dataclass(frozen=True, slots=True)
class Month:
    """The whole calendar month before ``today``; documents are integrated from its ``first`` day on."""

    start: datetime
    today: date
    first: date
    last: date

    @classmethod
    def before(cls, start: datetime) -> Month:
        """The month before the sandbox's first instant, in the firm's zone."""
        today = start.astimezone(ZoneInfo(ZONE)).date()
        last = today.replace(day=1) - timedelta(days=1)
        return cls(start, today, last.replace(day=1), last)

    @property
    def days(self) -> int:
        """Length of the month."""
        return (self.last - self.first).days + 1

    @property
    def opening(self) -> datetime:
        """When the books were set up: before every document."""
        return self.start - timedelta(days=400)

    def day(self, place: int) -> date:
        """A day of the month, counted from 0 and around its end."""
        return self.first + timedelta(days=place % self.days)

    def at(self, on: date, second: int = 0) -> datetime:
        """An instant of that day's business hours, UTC, but never after the sandbox's first instant."""
        return min(datetime.combine(on, time(15), UTC) + timedelta(seconds=second % 18_000), self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a document must end. See ``PayableTruth``."""

    ends: str = STAGED
    reason: str = ""
    because: str = ""
    waits: tuple[str, ...] = ()


ORDINARY = Ending()


@dataclass(slots=True, kw_only=True)
class Books:
    """One firm under construction; tables are by name or number. ``chance`` is the only source of randomness.

    ``mapping``: the mapping tables as a person would fill them, key -> target; ``later`` is what is filled last.
    """

    month: Month
    chance: random.Random
    organisation: OrganisationBooks
    accounts: dict[str, Account] = field(default_factory=dict)
    offices: dict[str, Location] = field(default_factory=dict)
    vendors: dict[str, Contact] = field(default_factory=dict)
    projects: list[Project] = field(default_factory=list)
    centers: dict[str, CostCenter] = field(default_factory=dict)
    suppliers: list[Supplier] = field(default_factory=list)
    invoices: list[KeyedInvoice] = field(default_factory=list)
    vendor_truth: dict[str, SupplierTruth] = field(default_factory=dict)
    truth: dict[str, PayableTruth] = field(default_factory=dict)
    payment_truth: list[PaymentTruth] = field(default_factory=list)
    mapping: dict[str, dict[str, str]] = field(default_factory=dict)
    later: dict[str, dict[str, str]] = field(default_factory=dict)
    taxes: dict[str, str] = field(default_factory=dict)
    _numbers: int = 4000
    _seconds: int = 0

    @property
    def tag(self) -> ReportingTag:
        """The tag whose options are cost centres."""
        return next(iter(self.organisation.reporting_tags.values()))

    def option(self, name: str) -> dict[str, str]:
        """A choice of the tag, as the API writes it."""
        found = next(one for one in self.tag.options.values() if one.option_name == name)
        return {"tag_id": self.tag.tag_id, "tag_option_id": found.option_id}

    def next_number(self) -> str:
        """An invoice number in one of the ways vendors write them."""
        self._numbers += 1
        return ("INV-{}", "{}", "26/{}", "A {}", "{}-1")[self._numbers % 5].format(self._numbers)

    def moment(self, on: date) -> datetime:
        """An instant of that day, later than every instant given for it before."""
        self._seconds += 7
        return self.month.at(on, self._seconds)

    def line(self, account: str, rate: Decimal | str, option: str = "", **more: Any) -> dict[str, Any]:
        """A line of a document; ``option`` is its cost centre in the ledger."""
        tags = {"tags": [self.option(option)]} if option else {}
        return {"account_id": self.accounts[account].account_id, "rate": Decimal(rate), "quantity": 1, **tags, **more}

    def office_of(self, vendor: Contact) -> str:
        """The office whose currency is the vendor's; in dollars one of two."""
        return "Toronto" if vendor.currency_code == "CAD" else self.chance.choice(("Boston", "Denver"))

    def bill(
        self,
        case: str,
        vendor: str,
        on: date,
        lines: Sequence[dict[str, Any]],
        ending: Ending = ORDINARY,
        *,
        number: str = "",
        office: str | None = None,
        named: bool = True,
        state: str = "",
        entered: date | None = None,
        **body: Any,
    ) -> Bill:
        """Key a bill and note its ending. ``office`` empty: none; None: the vendor's. ``named``: the bill names it."""
        contact = self.vendors[vendor]
        place = self.office_of(contact) if office is None else office
        located = {"location_id": self.offices[place].location_id} if place and named else {}
        bill = self.organisation.add_bill(
            contact, number or self.next_number(), on, lines,
            created=self.moment(entered or on), state=state, **located, **body,
        )  # fmt: skip
        self.note(bill, BILL, case, self._vendors(vendor, ending))
        return bill

    def note(self, one: PurchaseDocument, kind: str, case: str, ending: Ending) -> None:
        """Write down how a document must end, as it stands now."""
        staged = ending.ends == STAGED
        location = one.texts.get("location_id", "")
        entities = self.mapping["legal_entities"]
        self.truth[one.document_id] = PayableTruth(
            document_id=one.document_id,
            kind=kind,
            case=case,
            ends=ending.ends,
            total=one.total if kind == BILL else -one.total,
            currency=one.currency_code,
            vendor_id=one.vendor_id,
            number=one.number,
            date=one.date,
            reason=ending.reason,
            because=ending.because,
            waits=ending.waits,
            centers=tuple(self._center(one, line) for line in one.lines) if staged else (),
            accounts=tuple(self._account(line) for line in one.lines) if staged else (),
            legal_entity=entities.get(location, entities["(all)"]) if staged else "",
        )

    def _vendors(self, vendor: str, ending: Ending) -> Ending:
        """A document that could be staged waits for a vendor that is held."""
        held = self.vendor_truth[vendor].reason
        return Ending(ends="held", reason="vendor_pending", because=held) if held and ending.ends == STAGED else ending

    def _center(self, one: PurchaseDocument, line: LineItem) -> str:
        """The centre of the line's tag, else of the document's, else of its office, else the vendor's default."""
        choices = [*line.tags, *one.tags]
        if choices:
            return self.centers[self.tag.options[choices[0].tag_option_id].option_name].account_number
        by_office = self.mapping.get("cost_centers", {}).get(one.texts.get("location_id", ""))
        return by_office or self.mapping["vendor_cost_centers"][one.vendor_id]

    def _account(self, line: LineItem) -> str:
        return self.mapping["accounts"][line.account_id]
