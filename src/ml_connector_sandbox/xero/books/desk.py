"""Where people key things in by hand: set-up, contacts, documents, payments. Everything here returns what was entered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.xero.books import bank, contacts, credits, editions, orders, payments, trading
from ml_connector_sandbox.xero.books.documents import GONE, PURCHASE_ORDER, Allocation, Document, Payment
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.masters import (
    ACCOUNT_CLASSES,
    ACTIVE,
    ARCHIVED,
    Account,
    Contact,
    Currency,
    Item,
    OrganisationUser,
    TaxRate,
    TrackingCategory,
    TrackingOption,
)

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.organisation import OrganisationBooks

Amount = Decimal | str | int


class Impossible(ValueError):
    """The books would not take what was keyed in; the sentence says why."""


class Desk:
    """Bodies take the API's own field names. Raises Impossible where the books refuse."""

    def __init__(self, books: OrganisationBooks) -> None:
        self._books = books

    # ---- set-up

    def file_basics(self) -> None:
        """What every organisation has: its edition's tax rates, the system accounts, its currency."""
        books = self._books
        found = editions.edition(books.profile.country_code)
        for one in found.rates:
            self.add_tax_rate(one.name, one.percent, one.tax_type, one.applies_to, report=one.report, status=one.status)
        for code, name, type_, system in editions.SYSTEM_ACCOUNTS:
            self.add_account(code, name, type_, tax_type="NONE", system=system)
        self.add_currency(books.profile.base_currency)

    def add_account(
        self,
        code: str,
        name: str,
        type_: str,
        *,
        tax_type: str = "",
        system: str = "",
        payments_enabled: bool = False,
        status: str = ACTIVE,
        description: str = "",
    ) -> Account:
        """File an account; without ``tax_type`` the edition's usual one for sales and purchases, else NONE."""
        if type_ not in ACCOUNT_CLASSES:
            raise Impossible(f"account type {type_!r} is unknown; there are: {', '.join(ACCOUNT_CLASSES)}")
        books = self._books
        account = Account(
            account_id=books.new_id(),
            code=code,
            name=name,
            type=type_,
            tax_type=tax_type or self._usual_tax(type_),
            system_account=system,
            payments_enabled=payments_enabled,
            status=status,
            description=description,
            bank_account_number=f"0209087654{len(books.accounts):04d}" if type_ == "BANK" else "",
            currency_code=books.profile.base_currency if type_ == "BANK" else "",
            updated=books.now(),
        )
        books.accounts[account.account_id] = account
        return account

    def add_tax_rate(
        self,
        name: str,
        percent: Amount,
        tax_type: str = "",
        applies_to: Iterable[str] = editions.ALL,
        *,
        report: str = "NONE",
        status: str = ACTIVE,
    ) -> TaxRate:
        """File a tax rate, ``percent`` per hundred; without a type a custom one (TAX001 ...)."""
        rates = self._books.tax_rates
        custom = f"TAX{1 + sum(one.startswith('TAX') for one in rates):03d}"
        rate = TaxRate(
            name=name,
            tax_type=tax_type or custom,
            rate=Decimal(percent),
            applies_to=frozenset(applies_to),
            report_tax_type=report,
            status=status,
        )
        rates[rate.tax_type] = rate
        return rate

    def add_tracking_category(self, name: str, options: Sequence[str]) -> TrackingCategory:
        """File a tracking category; an organisation has two active ones at most."""
        books = self._books
        if sum(one.status == ACTIVE for one in books.tracking.values()) >= 2:
            raise Impossible("an organisation has at most 2 active tracking categories")
        made = [TrackingOption(option_id=books.new_id(), name=one) for one in options]
        category = TrackingCategory(category_id=books.new_id(), name=name, options=made)
        books.tracking[category.category_id] = category
        return category

    def add_tracking_option(self, category: TrackingCategory, option: str) -> None:
        """File one more option of a category."""
        category.options.append(TrackingOption(option_id=self._books.new_id(), name=option))

    def archive_account(self, code: str) -> Account:
        """Archive an account: what stands on it stays, and nothing new does."""
        account = self._books.account_by_code(code)
        if account is None:
            raise Impossible(f"there is no account {code}")
        account.status, account.updated = ARCHIVED, self._books.now()
        return account

    def archive_tracking(self, category: TrackingCategory, option: str = "") -> None:
        """Archive one option of a category by its name, or the whole category."""
        if not option:
            category.status = ARCHIVED
            return
        found = [one for one in category.options if one.name == option]
        if not found:
            raise Impossible(f"the tracking category {category.name} has no option {option!r}")
        found[0].status = ARCHIVED

    def expire(self) -> None:
        """The trial, demo or subscription ends; what the API shows then is the switch ``expired_organisation``."""
        self._books.profile.expired = True

    def add_currency(self, code: str, rate: Amount = 1, description: str = "") -> Currency:
        """Subscribe to a currency; ``rate``: units of it for one of the base currency."""
        known = description or editions.CURRENCIES.get(code, code)
        self._books.currencies[code] = Currency(code=code, description=known, rate=Decimal(rate))
        return self._books.currencies[code]

    def add_item(self, code: str, name: str, **facts: Any) -> Item:
        """File an item; ``facts`` are the fields of ``Item``."""
        books = self._books
        item = Item(item_id=books.new_id(), code=code, name=name, updated=books.now(), **facts)
        books.items[item.item_id] = item
        return item

    def add_user(self, email: str, first_name: str, last_name: str, role: str = "STANDARD") -> OrganisationUser:
        """Give a person access."""
        books = self._books
        user = OrganisationUser(
            user_id=books.new_id(),
            email=email,
            first_name=first_name,
            last_name=last_name,
            role=role,
            is_subscriber=not books.users,
            updated=books.now(),
        )
        books.users[user.user_id] = user
        return user

    def lock(self, period: date | None = None, year_end: date | None = None) -> None:
        """Set both lock dates; None opens."""
        self._books.profile.period_lock, self._books.profile.year_end_lock = period, year_end

    # ---- contacts

    def add_contact(self, name: str, **body: Any) -> Contact:
        """A new contact."""
        issues = Issues()
        made = contacts.save(self._books, {"Name": name, **body}, None, issues)
        _require(issues)
        return made

    def change_contact(self, contact: Contact, **body: Any) -> Contact:
        """Change what is given; an archived contact takes nothing."""
        issues = Issues()
        made = contacts.save(self._books, {"ContactPersons": contact.persons, **body}, contact, issues)
        _require(issues)
        return made

    def archive_contact(self, contact: Contact) -> None:
        """Archive; the way back is ``restore_contact``."""
        self._set_status(contact, ARCHIVED)

    def restore_contact(self, contact: Contact) -> None:
        """Bring an archived contact back, which the API cannot."""
        holder = contacts.active_by_name(self._books, contact.name)
        if holder is not None:
            raise Impossible(f"an active contact is called {contact.name!r}")
        self._set_status(contact, ACTIVE)

    def merge_contacts(self, loser: Contact, winner: Contact) -> None:
        """Merge two contacts into ``winner``."""
        contacts.merge(self._books, loser, winner)

    def _set_status(self, contact: Contact, status: str) -> None:
        contact.status, contact.updated = status, self._books.now()
        self._books.contacts.put(contact)

    # ---- documents

    def add_invoice(self, contact: Contact, day: date, lines: Sequence[dict[str, Any]], **body: Any) -> Document:
        """An approved sales invoice, due at once unless ``DueDate`` is given; ``Status`` may say otherwise."""
        return self._trade(trading.INVOICES, "ACCREC", contact, day, lines, body)

    def add_bill(self, contact: Contact, day: date, lines: Sequence[dict[str, Any]], **body: Any) -> Document:
        """An approved bill."""
        return self._trade(trading.INVOICES, "ACCPAY", contact, day, lines, body)

    def add_credit_note(
        self, contact: Contact, day: date, lines: Sequence[dict[str, Any]], *, sale: bool = True, **body: Any
    ) -> Document:
        """An approved credit note to a customer, or from a vendor."""
        type_ = "ACCRECCREDIT" if sale else "ACCPAYCREDIT"
        return self._trade(trading.CREDIT_NOTES, type_, contact, day, lines, body)

    def add_purchase_order(self, contact: Contact, day: date, lines: Sequence[dict[str, Any]], **body: Any) -> Document:
        """A purchase order, a draft unless ``Status`` says otherwise."""
        made, issues = orders.save(self._books, _whole(contact, day, lines, body), None, Issues())
        _require(issues)
        return made

    def add_bank_credit(
        self,
        type_: str,
        contact: Contact,
        day: date,
        amount: Amount,
        account: Account,
        *,
        line: dict[str, Any] | None = None,
        **body: Any,
    ) -> Document:
        """Money beyond any invoice: RECEIVE- or SPEND-, OVERPAYMENT or PREPAYMENT. ``line``: further fields of it."""
        lines = [{"Description": type_, "Quantity": 1, "UnitAmount": amount, **(line or {})}]
        sent = {"Type": type_, "BankAccount": {"AccountID": account.account_id}, **body}
        issues = Issues()
        made = bank.create(self._books, _whole(contact, day, lines, sent), issues, 2)
        _require(issues)
        assert made is not None
        return made

    def change(self, document: Document, **body: Any) -> Document:
        """Change an invoice, bill, credit note or purchase order; ``Status`` approves, voids or deletes it."""
        if document.kind == PURCHASE_ORDER:
            made, issues = orders.save(self._books, body, document, Issues())
        else:
            kind = trading.INVOICES if document.kind == trading.INVOICES.name else trading.CREDIT_NOTES
            made, issues = trading.save(self._books, kind, body, document, Issues(), 4)
        _require(issues)
        return made

    def remove(self, document: Document) -> Document:
        """Void what is approved, delete what is not."""
        assert document.status not in GONE
        return self.change(document, Status="VOIDED" if document.status == "AUTHORISED" else "DELETED")

    # ---- money

    def pay(self, document: Document, day: date, amount: Amount, account: Account, **body: Any) -> Payment:
        """Pay so much on a document, or refund so much of a credit."""
        issues = Issues()
        named = {document.kind: {f"{document.kind}ID": document.document_id}}
        whole = {
            "Account": {"AccountID": account.account_id},
            "Date": day.isoformat(),
            "Amount": amount,
            **named,
            **body,
        }
        made = payments.propose(self._books, whole, issues, defaultdict(Decimal))
        _require(issues)
        assert made is not None
        payments.commit(self._books, made)
        return made

    def reconcile(self, payment: Payment) -> None:
        """Match a payment with a line of the bank's statement."""
        payment.is_reconciled, payment.updated = True, self._books.now()
        self._books.payments.put(payment)

    def remove_payment(self, payment: Payment) -> None:
        """Remove and redo, without the redo."""
        issues = Issues()
        payments.delete(self._books, payment, issues)
        _require(issues)

    def allocate(self, credit: Document, invoice: Document, amount: Amount) -> Allocation:
        """Set so much of a credit off against an invoice."""
        issues = Issues()
        body = {"Amount": amount, "Invoice": {"InvoiceID": invoice.document_id}}
        made = credits.allocate(self._books, credit, body, issues)
        _require(issues)
        assert made is not None
        return made

    def withdraw(self, allocation: Allocation) -> None:
        """Undo an allocation."""
        credits.withdraw(self._books, allocation)

    def _trade(
        self, kind: trading.Kind, type_: str, contact: Contact, day: date, lines: Sequence[dict[str, Any]], body: Any
    ) -> Document:
        whole = {"Status": "AUTHORISED", "DueDate": day.isoformat(), "Type": type_, **body}
        made, issues = trading.save(self._books, kind, _whole(contact, day, lines, whole), None, Issues(), 4)
        _require(issues)
        return made

    def _usual_tax(self, type_: str) -> str:
        class_ = ACCOUNT_CLASSES[type_]
        if class_ not in ("REVENUE", "EXPENSE"):
            return "NONE"
        rates = editions.edition(self._books.profile.country_code).rates
        return rates[0].tax_type if class_ == "REVENUE" else rates[1].tax_type


def _whole(contact: Contact, day: date, lines: Sequence[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    named = {"Contact": {"ContactID": contact.contact_id}, "Date": day.isoformat(), "LineItems": list(lines)}
    return {**named, **body}


def _require(issues: Issues) -> None:
    if issues.messages:
        raise Impossible("; ".join(issues.messages))
