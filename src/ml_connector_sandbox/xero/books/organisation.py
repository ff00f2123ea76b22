"""One organisation's books: what is on file, its registers and its ledger. Filing by hand is in ``desk``."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ml_connector_sandbox.xero.books.arithmetic import Rules
from ml_connector_sandbox.xero.books.desk import Desk
from ml_connector_sandbox.xero.books.documents import (
    CREDIT_NOTE,
    INVOICE,
    OVERPAYMENT,
    POSTED,
    PREPAYMENT,
    PURCHASE_ORDER,
    Document,
    Payment,
)
from ml_connector_sandbox.xero.books.ledger import Ledger
from ml_connector_sandbox.xero.books.masters import (
    Account,
    Contact,
    Currency,
    Item,
    OrganisationUser,
    Profile,
    TaxRate,
    TrackingCategory,
)
from ml_connector_sandbox.xero.books.register import Register
from ml_connector_sandbox.xero.switches import Switches

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.company import XeroBooks


class OrganisationBooks:
    """The books of one organisation, made by ``XeroBooks.organisation``.

    Amounts are Decimals in the currency their docstring names. ``desk`` is where people key things in by hand.
    """

    def __init__(self, company: XeroBooks, profile: Profile, seed: int) -> None:
        self.company, self.profile = company, profile
        self.zone = ZoneInfo(profile.time_zone)
        self.ledger = Ledger()
        self.accounts: dict[str, Account] = {}
        self.tax_rates: dict[str, TaxRate] = {}
        self.tracking: dict[str, TrackingCategory] = {}
        self.currencies: dict[str, Currency] = {}
        self.items: dict[str, Item] = {}
        self.users: dict[str, OrganisationUser] = {}
        self._chance = random.Random(seed)
        self._moment: datetime | None = None
        self._numbers: Counter[str] = Counter()
        self.contacts: Register[Contact] = Register(
            {
                "number": lambda one: one.number,
                "account_number": lambda one: one.account_number,
                "name": lambda one: one.name.casefold(),
            },
            partial(self._heard, "contact"),
        )
        self.payments: Register[Payment] = Register({}, partial(self._heard, "payment"))
        self.invoices = self._documents("invoice")
        self.credit_notes = self._documents("credit_note")
        self.overpayments = self._documents("overpayment")
        self.prepayments = self._documents("prepayment")
        self.orders = self._documents("purchase_order")
        self.branding_theme_id = self.new_id()
        self.desk = Desk(self)
        self.desk.file_basics()

    def _documents(self, entity: str) -> Register[Document]:
        indexes = {
            "number": lambda one: one.number,
            "contact": lambda one: one.contact_id,
            "bank": lambda one: one.bank_transaction_id,
        }
        return Register(indexes, partial(self._heard, entity))

    def _heard(self, entity: str, action: str, record: Any) -> None:
        if self.company.listener is not None:
            self.company.listener(self.organisation_id, f"{entity}.{action}", record.record_id, record)

    # ---- identity and time

    @property
    def organisation_id(self) -> str:
        """The organisation's id, which is the tenant id, too."""
        return self.profile.organisation_id

    @property
    def switches(self) -> Switches:
        """The emulator's switches."""
        return self.company.switches

    def now(self) -> datetime:
        """The sandbox instant, UTC, to the millisecond; inside ``at`` that moment."""
        moment = self._moment or self.company.clock.now()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def today(self) -> date:
        """The date in the organisation's zone."""
        return self.now().astimezone(self.zone).date()

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Whatever is entered inside carries this moment, as if it had been entered then."""
        before, self._moment = self._moment, moment
        try:
            yield
        finally:
            self._moment = before

    def new_id(self) -> str:
        """A GUID."""
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    def next_number(self, kind: str, prefix: str) -> str:
        """The next free number of the organisation's own sequence, such as INV-0001."""
        while True:
            self._numbers[kind] += 1
            number = f"{prefix}{self._numbers[kind]:04d}"
            if not self.register(kind).having("number", number):
                return number

    # ---- look-ups

    def register(self, kind: str) -> Register[Document]:
        """The documents of a kind. Raises KeyError."""
        return {
            INVOICE: self.invoices,
            CREDIT_NOTE: self.credit_notes,
            OVERPAYMENT: self.overpayments,
            PREPAYMENT: self.prepayments,
            PURCHASE_ORDER: self.orders,
        }[kind]

    def registers(self) -> tuple[Register[Document], ...]:
        """Every register of documents."""
        return self.invoices, self.credit_notes, self.overpayments, self.prepayments, self.orders

    def open_documents(self) -> list[Document]:
        """Every document that stands in receivables or payables."""
        posted = (self.invoices, self.credit_notes, self.overpayments, self.prepayments)
        return [one for register in posted for one in register if one.status in POSTED]

    def account_by_code(self, code: str) -> Account | None:
        """The account with this code; none for an empty one."""
        return next((one for one in self.accounts.values() if one.code == code), None) if code else None

    def system(self, name: str) -> Account:
        """The system account of this name, such as DEBTORS. Raises StopIteration."""
        return next(one for one in self.accounts.values() if one.system_account == name)

    def control(self, document: Document) -> Account:
        """Receivables or payables."""
        return self.system("DEBTORS" if document.is_sale else "CREDITORS")

    def arithmetic(self, unit_places: int) -> Rules:
        """The rules by which lines are computed."""
        return Rules(self._rate, unit_places, self.switches.half_cent == "even")

    def _rate(self, tax_type: str) -> Decimal | None:
        rate = self.tax_rates.get(tax_type)
        return rate.rate if rate else None

    def outstanding(self, contact: Contact, sale: bool) -> tuple[Decimal, Decimal]:
        """What is open with a contact, in the documents' currencies: all of it, and what is overdue today."""
        mine = [one for one in self.invoices.having("contact", contact.contact_id) if one.status in POSTED]
        mine = [one for one in mine if one.is_sale is sale]
        late = [one for one in mine if one.due_date is not None and one.due_date < self.today()]
        return sum((one.due for one in mine), Decimal(0)), sum((one.due for one in late), Decimal(0))

    # ---- what documents leave behind

    def note_trade(self, invoice: Document) -> None:
        """The first invoice or bill makes a contact a customer or supplier; the contact's stamp does not move."""
        contact = self.contacts.get(invoice.contact_id)
        if contact is not None and invoice.is_sale:
            contact.is_customer = True
        elif contact is not None:
            contact.is_supplier = True

    def use_approval(self) -> None:
        """Count an approved invoice against the plan's cap."""
        if self.profile.approvals_left:
            self.profile.approvals_left -= 1

    def stir(self) -> None:
        """Save the contact and the documents whose last change is longest ago, as they are."""
        moment = self.now() + timedelta(milliseconds=1)
        registers: list[Register[Any]] = [self.contacts, self.payments, *self.registers()]
        for register in registers:
            _stirred(register, moment)


def _stirred(register: Register[Any], moment: datetime) -> None:
    record = register.oldest()
    if record is not None:
        record.updated = moment
        register.put(record)
