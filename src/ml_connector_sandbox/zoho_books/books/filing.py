"""Filing what an organisation has on file: accounts, contacts, taxes, tags, locations, projects, fields, locks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.zoho_books.books import contacts as contact_rules
from ml_connector_sandbox.zoho_books.books import items as item_rules
from ml_connector_sandbox.zoho_books.books.masters import (
    ACCOUNT_TYPES,
    Account,
    Contact,
    Currency,
    CustomField,
    ExchangeRate,
    Item,
    Location,
    Project,
    ReportingTag,
    TagOption,
    Tax,
    TaxExemption,
    TaxGroup,
    TransactionLock,
)
from ml_connector_sandbox.zoho_books.books.records import Records

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


class Filing(Records):
    """The ``add_*`` methods of master data; each returns the dataclass that was filed."""

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
            rates=self.currencies[code].rates if code in self.currencies else [],
        )
        return self.currencies[code]

    def add_exchange_rate(self, code: str, rate: Decimal | str, effective: date) -> ExchangeRate:
        """File a rate of the organisation's own (base units per unit); one of the same day is replaced. Raises KeyError."""
        currency = self.currencies[code]
        made = ExchangeRate(exchange_rate_id=self.new_id(), effective=effective, rate=Decimal(rate))
        currency.rates = [one for one in currency.rates if one.effective != effective] + [made]
        return made

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
        entities: Sequence[str] = ("sales", "purchases"),
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
            entities=tuple(entities),
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

    def add_project(
        self, name: str, customer: Contact, *, active: bool = True, created: datetime | None = None
    ) -> Project:
        """File a project of a customer. Raises ValueError when the contact is a vendor."""
        if customer.contact_type != "customer":
            raise ValueError(f"the project {name!r} needs a customer; {customer.contact_name} is a vendor")
        project = Project(
            project_id=self.new_id(),
            project_name=name,
            customer_id=customer.contact_id,
            created=created or self.now(),
            active=active,
        )
        self.projects[project.project_id] = project
        return project

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
            index=1 + len(self.fields_of(module)),
            unique=unique,
            mandatory=mandatory,
            data_type=data_type,
        )
        self.custom_fields[field.field_id] = field
        return field

    def add_unique_field(self, module: str, label: str) -> CustomField:
        """File a text field that rejects duplicates, as upsert needs it; ``api_name`` is ``cf_`` and the label."""
        return self.add_custom_field(module, label, unique=True)

    def add_item(
        self,
        name: str,
        purchase_account_id: str = "",
        *,
        can_be_purchased: bool = True,
        active: bool = True,
        created: datetime | None = None,
        **body: Any,
    ) -> Item:
        """File an item that lines may name instead of an account. ``body`` takes the API's own names (``rate``, ``sku``,
        ``account_id``, ``item_type`` ...). Raises Refused as the API would."""
        kind = "sales_and_purchases" if can_be_purchased else "sales"
        whole = {"name": name, "rate": 0, "item_type": kind, "purchase_account_id": purchase_account_id, **body}
        item = item_rules.create(self, whole, created)
        item.active, item.source = active, "user"
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
