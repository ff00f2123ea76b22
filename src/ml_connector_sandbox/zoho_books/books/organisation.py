"""One organisation's books: what is on file, its documents and its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ml_connector_sandbox.zoho_books.books import contacts as contact_rules
from ml_connector_sandbox.zoho_books.books import purchases
from ml_connector_sandbox.zoho_books.books.arithmetic import Settings
from ml_connector_sandbox.zoho_books.books.documents import Bill, Credit, Payment, PurchaseDocument, VendorCredit
from ml_connector_sandbox.zoho_books.books.ledger import Ledger
from ml_connector_sandbox.zoho_books.books.masters import (
    ACCOUNT_TYPES,
    Account,
    Contact,
    Currency,
    CustomField,
    Item,
    Location,
    ReportingTag,
    TagOption,
    Tax,
    TaxExemption,
    TaxGroup,
    TransactionLock,
)
from ml_connector_sandbox.zoho_books.books.posting import post_document, post_payment
from ml_connector_sandbox.zoho_books.books.profile import Profile
from ml_connector_sandbox.zoho_books.books.register import Register
from ml_connector_sandbox.zoho_books.switches import Switches

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks

CURRENCIES = {
    "USD": ("United States Dollar", "$", 2),
    "EUR": ("Euro", "€", 2),
    "GBP": ("Pound Sterling", "£", 2),
    "CAD": ("Canadian Dollar", "$", 2),
    "AUD": ("Australian Dollar", "$", 2),
    "INR": ("Indian Rupee", "₹", 2),
    "JPY": ("Japanese Yen", "¥", 0),
    "CNY": ("Yuan Renminbi", "CNY", 2),
    "SAR": ("Saudi Riyal", "SAR", 2),
}


class OrganisationBooks:
    """The books of one organisation. Amounts are Decimals in the currency their docstring names.

    Created by ``ZohoBooksBooks.organisation``. Everything is added through ``add_*`` methods, which return the
    dataclass that was entered; ids are given by the organisation unless handed in.
    """

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
        self.custom_fields: dict[str, CustomField] = {}
        self.items: dict[str, Item] = {}
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
        # (field id, value) -> document id, for fields that reject duplicates
        self.unique_values: dict[tuple[str, str], str] = {}
        self._next_id, self._sequence = 0, 0
        self._file_basics()

    def _heard(self, module: str, action: str, object_id: str, document: Contact | PurchaseDocument) -> None:
        if self.company.listener is not None:
            self.company.listener(self.organization_id, f"{module}.{action}", object_id, document)

    # ---- identity and time

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

    # ---- accounts that documents need

    def _file_basics(self) -> None:
        for code in {self.profile.currency_code: 1, **CURRENCIES}:
            self.add_currency(code)
        system = [
            ("Accounts Payable", "accounts_payable"),
            ("Accounts Receivable", "accounts_receivable"),
            ("Prepaid Expenses", "other_current_asset"),
            ("Input Tax Credits", "other_current_asset"),
            ("Other Expenses", "expense"),
            ("Undeposited Funds", "cash"),
        ]
        made = [self.add_account(name, kind, is_system=True) for name, kind in system]
        self.accounts_payable, self.accounts_receivable, self.prepaid_expenses = made[:3]
        self.input_tax, self.other_expenses, self.undeposited_funds = made[3:]

    @property
    def base_currency(self) -> Currency:
        """The currency of the ledger."""
        return self.currencies[self.profile.currency_code]

    def currency_by_id(self, currency_id: str) -> Currency | None:
        """The currency with this id."""
        return next((one for one in self.currencies.values() if one.currency_id == currency_id), None)

    # ---- filing

    def add_currency(
        self,
        code: str,
        name: str = "",
        symbol: str = "",
        precision: int | None = None,
        automatic_rate: Decimal = Decimal(1),
    ) -> Currency:
        """File a currency. ``automatic_rate``: base units per unit, used when a document brings none."""
        known = CURRENCIES.get(code, (name or code, symbol or code, 2))
        base = code == self.profile.currency_code
        places = known[2] if precision is None else precision
        self.currencies[code] = Currency(
            currency_id=self.currencies[code].currency_id if code in self.currencies else self.new_id(),
            currency_code=code,
            currency_name=name or known[0],
            currency_symbol=symbol or known[1],
            price_precision=self.profile.price_precision if base and precision is None else places,
            is_base=base,
            automatic_rate=automatic_rate,
        )
        return self.currencies[code]

    def add_account(
        self,
        name: str,
        account_type: str,
        *,
        code: str = "",
        active: bool = True,
        description: str = "",
        parent_account_id: str = "",
        account_id: str = "",
        is_system: bool = False,
        created: datetime | None = None,
    ) -> Account:
        """File an account. Raises ValueError on an unknown account type."""
        if account_type not in ACCOUNT_TYPES:
            raise ValueError(f"account type {account_type!r} is unknown; there are: {', '.join(ACCOUNT_TYPES)}")
        moment = created or self.now()
        account = Account(
            account_id=account_id or self.new_id(),
            account_name=name,
            account_type=account_type,
            account_code=code,
            active=active,
            description=description,
            parent_account_id=parent_account_id,
            is_system=is_system,
            created=moment,
            modified=moment,
        )
        self.accounts[account.account_id] = account
        return account

    def add_contact(
        self,
        name: str,
        contact_type: str = "vendor",
        *,
        active: bool = True,
        created: datetime | None = None,
        **body: Any,
    ) -> Contact:
        """File a contact as keyed by hand. ``body`` takes the API's own names (``company_name``, ``email`` goes into
        ``contact_persons``, ``currency_code`` is accepted beside ``currency_id``). Raises Refused as the API would."""
        contact = contact_rules.create(self, {"contact_name": name, "contact_type": contact_type, **body}, created)
        contact.active, contact.source = active, "user"
        return contact

    def add_tax(
        self,
        name: str,
        percentage: Decimal | str | int,
        *,
        tax_type: str = "tax",
        active: bool = True,
        recoverable: bool | None = None,
        authority_name: str = "",
        tax_id: str = "",
    ) -> Tax:
        """File a tax, ``percentage`` per hundred. ``recoverable`` defaults to yes in a VAT edition, no elsewhere."""
        tax = Tax(
            tax_id=tax_id or self.new_id(),
            tax_name=name,
            percentage=Decimal(percentage),
            tax_type=tax_type,
            active=active,
            recoverable=self.profile.tax_edition == "vat" if recoverable is None else recoverable,
            authority_id=self.new_id() if authority_name else "",
            authority_name=authority_name,
        )
        self.taxes[tax.tax_id] = tax
        return tax

    def add_tax_group(self, name: str, taxes: Sequence[Tax], *, tax_group_id: str = "") -> TaxGroup:
        """File a group of taxes that is used under one id."""
        group = TaxGroup(tax_group_id=tax_group_id or self.new_id(), tax_group_name=name, taxes=list(taxes))
        self.tax_groups[group.tax_group_id] = group
        return group

    def add_tax_exemption(self, code: str, kind: str = "item", description: str = "") -> TaxExemption:
        """File an exemption; ``kind`` is ``item`` or ``customer``."""
        exemption = TaxExemption(tax_exemption_id=self.new_id(), code=code, kind=kind, description=description)
        self.tax_exemptions[exemption.tax_exemption_id] = exemption
        return exemption

    def add_reporting_tag(
        self,
        name: str,
        options: Sequence[str | tuple[str, str]],
        *,
        mandatory: bool = False,
        preference: str = "line_item",
        active: bool = True,
        tag_id: str = "",
    ) -> ReportingTag:
        """File a reporting tag. An option is its name, or ``(name, parent's name)`` with the parent before it."""
        tag = ReportingTag(
            tag_id=tag_id or self.new_id(),
            tag_name=name,
            order=len(self.reporting_tags) + 1,
            options={},
            mandatory=mandatory,
            preference=preference,
            active=active,
        )
        self.reporting_tags[tag.tag_id] = tag
        for one in options:
            own, parent = (one, "") if isinstance(one, str) else one
            self.add_tag_option(tag, own, parent)
        return tag

    def add_tag_option(self, tag: ReportingTag, name: str, parent: str = "", *, active: bool = True) -> TagOption:
        """File one more option. Raises StopIteration when no option is called ``parent``."""
        above = next(one for one in tag.options.values() if one.option_name == parent) if parent else None
        option = TagOption(
            option_id=self.new_id(),
            option_name=name,
            active=active,
            parent_id=above.option_id if above else "",
            depth=above.depth + 1 if above else 0,
        )
        tag.options[option.option_id] = option
        return option

    def add_location(self, name: str, *, active: bool = True, location_id: str = "") -> Location:
        """File a location; the first one is primary. Locations are seen only when the profile enables them."""
        location = Location(
            location_id=location_id or self.new_id(),
            location_name=name,
            active=active,
            is_primary=not self.locations,
        )
        self.locations[location.location_id] = location
        return location

    def add_custom_field(
        self,
        module: str,
        label: str,
        *,
        unique: bool = False,
        mandatory: bool = False,
        data_type: str = "string",
    ) -> CustomField:
        """File a custom field of a module (``bill``, ``contact``, ``vendor_credit`` ...)."""
        api_name = "cf_" + "_".join(label.lower().split())
        field = CustomField(
            field_id=self.new_id(),
            module=module,
            label=label,
            api_name=api_name,
            index=1 + sum(1 for one in self.custom_fields.values() if one.module == module),
            unique=unique,
            mandatory=mandatory,
            data_type=data_type,
        )
        self.custom_fields[field.field_id] = field
        return field

    def add_unique_field(self, module: str, label: str) -> CustomField:
        """File a text field that rejects duplicates, as upsert needs it; ``api_name`` is ``cf_`` and the label."""
        return self.add_custom_field(module, label, unique=True)

    def add_item(self, name: str, purchase_account_id: str, *, can_be_purchased: bool = True) -> Item:
        """File an item that lines may name instead of an account."""
        item = Item(
            item_id=self.new_id(),
            name=name,
            purchase_account_id=purchase_account_id,
            can_be_purchased=can_be_purchased,
        )
        self.items[item.item_id] = item
        return item

    def lock_transactions(self, until: date, module: str = "purchase", reason: str = "") -> TransactionLock:
        """Close a module (sales, purchase, banking, accountant, inventory_adjustments) up to a date."""
        lock = TransactionLock(
            transaction_lock_id=self.new_id(),
            accounting_period_id=self.new_id(),
            module=module,
            lock_date=until,
            reason=reason,
        )
        self.locks[module] = lock
        return lock

    def unlock_transactions(self, module: str = "purchase") -> None:
        """Open a module's periods again."""
        self.locks.pop(module, None)

    # ---- documents

    def add_bill(
        self,
        vendor: Contact,
        bill_number: str,
        day: date,
        lines: Sequence[dict[str, Any]],
        *,
        created: datetime | None = None,
        created_by: str = "",
        **body: Any,
    ) -> Bill:
        """Enter a bill as keyed by hand: validated, computed and posted like the API's, without its limits.

        ``lines`` and ``body`` carry the API's names (``account_id``, ``rate``, ``quantity``, ``tax_id`` ...).
        Raises Refused.
        """
        whole: dict[str, Any] = {
            "vendor_id": vendor.contact_id,
            "bill_number": bill_number,
            "date": day.isoformat(),
        }
        whole |= {"line_items": [dict(line) for line in lines], **body}
        bill = purchases.create_bill(self, whole, created, created_by)
        bill.source = "User"
        return bill

    def add_vendor_credit(
        self,
        vendor: Contact,
        day: date,
        lines: Sequence[dict[str, Any]],
        *,
        created: datetime | None = None,
        **body: Any,
    ) -> VendorCredit:
        """Enter a vendor credit as keyed by hand. Raises Refused."""
        whole = {"vendor_id": vendor.contact_id, "date": day.isoformat(), "line_items": list(lines), **body}
        return purchases.create_vendor_credit(self, whole, created)

    def record_payment(
        self,
        bill: Bill,
        amount: Decimal | str | int,
        day: date,
        *,
        paid_through_account_id: str = "",
        payment_mode: str = "Cash",
        reference_number: str = "",
    ) -> Payment:
        """Pay ``amount`` (bill currency) on a bill. The bill's last change moves to now. Raises ValueError if over."""
        value = Decimal(amount)
        if value <= 0 or value > bill.balance:
            raise ValueError(f"a payment of {value} does not fit the balance {bill.balance} of bill {bill.number}")
        payment = Payment(
            payment_id=self.new_id(),
            bill_payment_id=self.new_id(),
            amount=value,
            date=day,
            paid_through_account_id=paid_through_account_id or self.undeposited_funds.account_id,
            payment_mode=payment_mode,
            payment_number=str(self.next_sequence()),
            reference_number=reference_number,
        )
        bill.payments.append(payment)
        post_payment(self, bill, payment)
        self.touch(bill)
        return payment

    def unapply_payment(self, bill: Bill, payment: Payment) -> None:
        """Take a payment off its bill; the money stays with the vendor as an advance."""
        bill.payments.remove(payment)
        post_payment(self, bill, payment, withdrawn=True)
        self.touch(bill)

    def apply_credit(self, credit: VendorCredit, bill: Bill, amount: Decimal) -> Credit:
        """Set a vendor credit off against a bill of the same vendor. No posting: both stand in payables."""
        applied = Credit(
            vendor_credit_bill_id=self.new_id(),
            vendor_credit_id=credit.document_id,
            bill_id=bill.document_id,
            amount=amount,
            date=self.today(),
        )
        credit.credits.append(applied)
        bill.credits.append(applied)
        self.touch(bill)
        credit.modified = self.now()
        self.vendor_credits.put(credit)
        return applied

    def touch(self, bill: Bill, by: str = "") -> None:
        """Note a change of a bill now and post it again."""
        bill.modified = max(self.now(), bill.created)
        bill.modified_by = by or bill.modified_by
        self.bills.put(bill)
        post_document(self, bill)

    # ---- look-ups

    def tax_by_id(self, tax_id: str) -> Tax:
        """A tax that is on file. Raises KeyError."""
        return self.taxes[tax_id]

    def tax_or_group(self, tax_id: str) -> Tax | TaxGroup:
        """A tax or a group under this id. Raises KeyError."""
        return self.taxes.get(tax_id) or self.tax_groups[tax_id]

    def fields_of(self, module: str) -> list[CustomField]:
        """The custom fields of a module."""
        return [one for one in self.custom_fields.values() if one.module == module]

    def arithmetic(self, currency_code: str, item_level: bool = False) -> Settings:
        """The rules by which a document in this currency is computed."""
        return Settings(
            precision=self.currencies[currency_code].price_precision,
            item_level_tax=item_level or self.profile.tax_rounding == "item_level",
            rate_rounded=self.switches.rate_rounded,
            tax=self.tax_or_group,
        )

    def payable_to(self, contact_id: str) -> Decimal:
        """What is owed to a vendor on open bills less open credits, base currency."""
        return -self.ledger.owed(contact_id, self.accounts_payable.account_id)
