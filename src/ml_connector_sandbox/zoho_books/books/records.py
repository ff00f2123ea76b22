"""What one organisation keeps: its settings, registers and ledger, its clock and ids, and the look-ups that rules need."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ml_connector_sandbox.zoho_books.books.arithmetic import Settings
from ml_connector_sandbox.zoho_books.books.documents import Bill, Document, VendorCredit, VendorPayment
from ml_connector_sandbox.zoho_books.books.expenses import Expense
from ml_connector_sandbox.zoho_books.books.ledger import Ledger
from ml_connector_sandbox.zoho_books.books.masters import (
    Account,
    Contact,
    Currency,
    CustomField,
    Item,
    Location,
    Project,
    ReportingTag,
    Tax,
    TaxExemption,
    TaxGroup,
    TransactionLock,
)
from ml_connector_sandbox.zoho_books.books.posting import post_document
from ml_connector_sandbox.zoho_books.books.profile import Profile
from ml_connector_sandbox.zoho_books.books.register import Register
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, CustomerPayment, Invoice
from ml_connector_sandbox.zoho_books.books.values import ZERO
from ml_connector_sandbox.zoho_books.switches import Switches

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks


class Records:
    """Everything of one organisation that is looked up or counted; adding to it is the business of what builds on this.

    The system accounts are filed by ``OrganisationBooks``, the only class that is ever made.
    """

    accounts_payable: Account
    accounts_receivable: Account
    prepaid_expenses: Account
    input_tax: Account
    other_expenses: Account
    undeposited_funds: Account

    def __init__(self, company: ZohoBooksBooks, profile: Profile) -> None:
        self.company, self.profile = company, profile
        self.zone = ZoneInfo(profile.time_zone)
        self.ledger = Ledger()
        self.currencies: dict[str, Currency] = {}
        self.accounts: dict[str, Account] = {}
        self.taxes: dict[str, Tax] = {}
        self.tax_groups: dict[str, TaxGroup] = {}
        self.tax_exemptions: dict[str, TaxExemption] = {}
        self.reporting_tags: dict[str, ReportingTag] = {}
        self.locations: dict[str, Location] = {}
        self.projects: dict[str, Project] = {}
        self.custom_fields: dict[str, CustomField] = {}
        self.locks: dict[str, TransactionLock] = {}
        self.merged: dict[str, str] = {}
        self.contacts: Register[Contact] = Register(
            lambda one: one.contact_id,
            {"contact_type": lambda one: one.contact_type, "name": lambda one: one.contact_name.casefold()},
            partial(self._heard, "contact"),
        )
        self.bills: Register[Bill] = Register(
            lambda one: one.document_id,
            {
                "vendor_id": lambda one: one.vendor_id,
                "bill_number": lambda one: one.number,
                "reference_number": lambda one: one.reference_number,
            },
            partial(self._heard, "bill"),
        )
        self.vendor_credits: Register[VendorCredit] = Register(
            lambda one: one.document_id,
            {
                "vendor_id": lambda one: one.vendor_id,
                "vendor_credit_number": lambda one: one.number,
                "reference_number": lambda one: one.reference_number,
            },
            partial(self._heard, "vendor_credit"),
        )
        self.vendor_payments: Register[VendorPayment] = Register(
            lambda one: one.payment_id,
            {"vendor_id": lambda one: one.vendor_id, "reference_number": lambda one: one.reference_number},
            partial(self._heard, "vendorpayment"),
        )
        self.invoices: Register[Invoice] = Register(
            lambda one: one.document_id,
            {
                "customer_id": lambda one: one.customer_id,
                "number": lambda one: one.number,
                "reference_number": lambda one: one.reference_number,
            },
            partial(self._heard, "invoice"),
        )
        self.credit_notes: Register[CreditNote] = Register(
            lambda one: one.document_id,
            {
                "customer_id": lambda one: one.customer_id,
                "number": lambda one: one.number,
                "reference_number": lambda one: one.reference_number,
            },
            partial(self._heard, "creditnote"),
        )
        self.customer_payments: Register[CustomerPayment] = Register(
            lambda one: one.payment_id,
            {"customer_id": lambda one: one.customer_id, "reference_number": lambda one: one.reference_number},
            partial(self._heard, "customerpayment"),
        )
        self.expenses: Register[Expense] = Register(
            lambda one: one.expense_id,
            {"vendor_id": lambda one: one.vendor_id, "customer_id": lambda one: one.customer_id},
            partial(self._heard, "expense"),
        )
        self.items: Register[Item] = Register(
            lambda one: one.item_id,
            {"name": lambda one: one.name, "sku": lambda one: one.sku},
            partial(self._heard, "item"),
        )
        # (field id, value) -> document id, for fields that reject duplicates
        self.unique_values: dict[tuple[str, str], str] = {}
        self._next_id, self._sequence, self._payments_made = 0, 0, 0
        self._numbered: Counter[str] = Counter()

    def _heard(self, module: str, action: str, object_id: str, document: Any) -> None:
        if self.company.listener is not None:
            self.company.listener(self.organization_id, f"{module}.{action}", object_id, document)

    @property
    def organization_id(self) -> str:
        """The organisation's number, digits."""
        return self.profile.organization_id

    @property
    def price_precision(self) -> int:
        """Decimals of amounts in the base currency."""
        return self.base_currency.price_precision

    @property
    def switches(self) -> Switches:
        """The emulator's switches."""
        return self.company.switches

    def now(self) -> datetime:
        """The sandbox instant, UTC."""
        return self.company.clock.now()

    def today(self) -> date:
        """The date in the organisation's zone."""
        return self.now().astimezone(self.zone).date()

    def new_id(self) -> str:
        """A number of 18 digits, unique in the organisation; numbers are skipped as the vendor skips them."""
        self._next_id += 2
        return f"{self.profile.id_prefix}{self._next_id:012d}"

    def next_sequence(self) -> int:
        """Order of entry, for documents created in the same instant."""
        self._sequence += 1
        return self._sequence

    def next_payment_number(self) -> str:
        """The number of the next vendor payment; one that was deleted is not given again."""
        self._payments_made += 1
        return str(self._payments_made)

    def next_in_sequence(self, kind: str) -> int:
        """The next number of a kind of document; one that was deleted is not given again."""
        self._numbered[kind] += 1
        return self._numbered[kind]

    @property
    def reporting_tags_offered(self) -> bool:
        """Whether the organisation's plan has reporting tags."""
        return self.profile.reporting_tags_enabled and self.switches.reporting_tags_in_plan

    @property
    def base_currency(self) -> Currency:
        """The currency of the ledger."""
        return self.currencies[self.profile.currency_code]

    def currency_by_id(self, currency_id: str) -> Currency | None:
        """The currency with this id."""
        return next((one for one in self.currencies.values() if one.currency_id == currency_id), None)

    def touch(self, bill: Bill, by: str = "", moment: datetime | None = None) -> None:
        """Note a change of a bill, now or at ``moment``, and post it again."""
        bill.modified = max(moment or self.now(), bill.created, bill.modified if moment else bill.created)
        bill.modified_by = by or bill.modified_by
        self.bills.put(bill)
        post_document(self, bill)

    def advances_to(self, contact_id: str) -> Decimal:
        """What a vendor holds of payments that no bill took, in the vendor's currency."""
        return sum((one.balance for one in self.vendor_payments.having("vendor_id", contact_id)), ZERO)

    def tax_by_id(self, tax_id: str) -> Tax:
        """A tax that is on file. Raises KeyError."""
        return self.taxes[tax_id]

    def tax_or_group(self, tax_id: str) -> Tax | TaxGroup:
        """A tax or a group under this id. Raises KeyError."""
        return self.taxes.get(tax_id) or self.tax_groups[tax_id]

    def documents(self) -> list[Document]:
        """Every document with lines."""
        return [*self.bills, *self.vendor_credits, *self.invoices, *self.credit_notes]

    def fields_of(self, module: str) -> list[CustomField]:
        """The custom fields of a module. How the newer modules are spelt is uncertain, so ``creditnote`` and
        ``credit_note`` are one."""
        wanted = module.replace("_", "")
        return [one for one in self.custom_fields.values() if one.module.replace("_", "") == wanted]

    def system_account(self, name: str, account_type: str) -> Account:
        """An account that the books bring themselves; it is filed when it is first needed."""
        for one in self.accounts.values():
            if (one.account_name, one.account_type) == (name, account_type):
                return one
        now = self.now()
        made = Account(
            account_id=self.new_id(),
            account_name=name,
            account_type=account_type,
            is_system=True,
            created=now,
            modified=now,
        )
        self.accounts[made.account_id] = made
        return made

    @property
    def sales_account(self) -> Account:
        """What is sold is counted here unless item or line say otherwise."""
        return self.system_account("Sales", "income")

    def arithmetic(self, currency_code: str, item_level: bool = False) -> Settings:
        """The rules by which a document in this currency is computed."""
        return Settings(
            precision=self.currencies[currency_code].price_precision,
            item_level_tax=item_level or self.profile.tax_rounding == "item_level",
            rate_rounded=self.switches.rate_rounded,
            tax=self.tax_or_group,
        )

    def receivable_from(self, contact_id: str) -> Decimal:
        """What a customer owes on sent invoices less credits and unused money, base currency."""
        return self.ledger.owed(contact_id, self.accounts_receivable.account_id)

    def payable_to(self, contact_id: str) -> Decimal:
        """What is owed to a vendor on open bills less open credits, base currency."""
        return -self.ledger.owed(contact_id, self.accounts_payable.account_id)
