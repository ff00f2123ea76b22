"""Expenses: money spent without a bill, entered, changed and deleted with the checks the API makes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.zoho_books.books import choices, editions, lines, periods
from ml_connector_sandbox.zoho_books.books.arithmetic import components
from ml_connector_sandbox.zoho_books.books.body import Body, boolean, day, decimal, objects, text
from ml_connector_sandbox.zoho_books.books.ledger import Posting
from ml_connector_sandbox.zoho_books.books.masters import Contact, TagChoice
from ml_connector_sandbox.zoho_books.books.payments import money_account, positive_amount
from ml_connector_sandbox.zoho_books.books.values import ZERO, rounded
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

MODULE = "expense"
TEXTS = {"description": 500, "project_id": 0, "location_id": 0, **dict.fromkeys(editions.PURCHASE_FIELDS, 0)}


@dataclass(slots=True, kw_only=True)
class Expense:
    """One expense, in its own currency. ``amount`` is as keyed; whether it holds the tax says ``is_inclusive_tax``."""

    expense_id: str
    line_item_id: str
    account_id: str
    paid_through_account_id: str
    date: date
    amount: Decimal
    currency_code: str
    exchange_rate: Decimal
    created: datetime
    modified: datetime
    sequence: int
    tax_id: str = ""
    is_inclusive_tax: bool = False
    is_billable: bool = False
    vendor_id: str = ""
    customer_id: str = ""
    reference_number: str = ""
    source: str = "Api"
    texts: dict[str, str] = field(default_factory=dict)
    tags: list[TagChoice] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)
    # computed; ``tax_parts`` are tax id, name and amount
    sub_total: Decimal = ZERO
    total: Decimal = ZERO
    tax_parts: list[tuple[str, str, Decimal]] = field(default_factory=list)

    @property
    def tax_amount(self) -> Decimal:
        """The tax in ``total``."""
        return self.total - self.sub_total


def create(books: Records, body: Body, created: datetime | None = None) -> Expense:
    """A new expense. Raises Refused."""
    moment = created or books.now()
    base = books.base_currency
    expense = Expense(
        expense_id=books.new_id(),
        line_item_id=books.new_id(),
        account_id=_account(books, body),
        paid_through_account_id=money_account(books, body, "paid_through_account_id"),
        date=day(body, "date", moment.astimezone(books.zone).date()),
        amount=_amount(body),
        currency_code=base.currency_code,
        exchange_rate=Decimal(1),
        created=moment,
        modified=moment,
        sequence=books.next_sequence(),
    )
    return _fill(books, expense, body, None)


def update(books: Records, old: Expense, body: Body) -> Expense:
    """Change an expense: what the body does not name stays. All or nothing. Raises Refused."""
    periods.require_open(books, "purchase", old.date)
    expense = replace(old, texts=dict(old.texts), custom=dict(old.custom), modified=books.now())
    if "account_id" in body or "line_items" in body:
        expense.account_id = _account(books, body)
    if "paid_through_account_id" in body:
        expense.paid_through_account_id = money_account(books, body, "paid_through_account_id")
    if "amount" in body or "line_items" in body:
        expense.amount = _amount(body)
    expense.date = day(body, "date", old.date)
    return _fill(books, expense, body, old)


def delete(books: Records, expense: Expense) -> None:
    """Remove for good. Raises Refused in a closed period."""
    periods.require_open(books, "purchase", expense.date)
    choices.drop_unique(books, MODULE, expense.custom)
    books.expenses.remove(expense)
    books.ledger.post(expense.expense_id, ())


def post(books: Records, expense: Expense) -> None:
    """Debit the account and recoverable tax, credit the account paid through."""
    places, rate = books.price_precision, expense.exchange_rate
    paid = rounded(expense.total * rate, places)
    recoverable = [amount for tax_id, _, amount in expense.tax_parts if books.tax_by_id(tax_id).recoverable]
    back = rounded(sum(recoverable, ZERO) * rate, places)
    sides = [(expense.account_id, paid - back), (books.input_tax.account_id, back)]
    sides.append((expense.paid_through_account_id, -paid))
    entry, on = expense.expense_id, expense.date
    made = [Posting(MODULE, entry, on, account, expense.vendor_id, amount) for account, amount in sides if amount]
    books.ledger.post(entry, tuple(made))


def _fill(books: Records, expense: Expense, body: Body, old: Expense | None) -> Expense:
    periods.require_open(books, "purchase", expense.date)
    expense.vendor_id = _contact(books, body, "vendor_id", "vendor", expense.vendor_id)
    expense.customer_id = _contact(books, body, "customer_id", "customer", expense.customer_id)
    _currency(books, expense, body)
    expense.is_inclusive_tax = boolean(body, "is_inclusive_tax", expense.is_inclusive_tax)
    expense.is_billable = boolean(body, "is_billable", expense.is_billable)
    if expense.is_billable and not expense.customer_id:
        raise invalid("customer_id")
    expense.reference_number = text(body, "reference_number", 100, expense.reference_number)
    expense.texts |= {name: text(body, name, limit) for name, limit in TEXTS.items() if name in body}
    _project(books, expense)
    lines.require_location(books, expense.texts.get("location_id", ""))
    if "tax_id" in body:
        expense.tax_id = lines.known_tax(books, text(body, "tax_id")) if text(body, "tax_id") else ""
    if "tags" in body:
        expense.tags = choices.read_tags(books, body)
    editions.require_fields(books, MODULE, expense.texts, books.contacts.get(expense.vendor_id))
    _compute(books, expense)
    _custom(books, expense, body, old)
    books.expenses.put(expense)
    post(books, expense)
    return expense


def _currency(books: Records, expense: Expense, body: Body) -> None:
    """The currency is the body's, else the vendor's when one is named, else it stays."""
    vendor = books.contacts.get(expense.vendor_id) if "vendor_id" in body else None
    currency = books.currencies[vendor.currency_code if vendor else expense.currency_code]
    if text(body, "currency_id"):
        wanted = books.currency_by_id(text(body, "currency_id"))
        if wanted is None:
            raise invalid("currency_id")
        currency = wanted
    moved = currency.currency_code != expense.currency_code
    expense.currency_code = currency.currency_code
    if currency.is_base:
        expense.exchange_rate = Decimal(1)
    elif moved or "exchange_rate" in body:
        expense.exchange_rate = decimal(body, "exchange_rate", currency.rate_on(expense.date))
    if expense.exchange_rate <= 0:
        raise invalid("exchange_rate")


def _compute(books: Records, expense: Expense) -> None:
    places = books.currencies[expense.currency_code].price_precision
    amount = rounded(expense.amount, places)
    shares = components(books.tax_or_group(expense.tax_id)) if expense.tax_id else []
    whole = 1 + sum((share for _, share in shares), ZERO)
    net = amount / whole if expense.is_inclusive_tax else amount
    expense.tax_parts = [(tax.tax_id, tax.tax_name, rounded(net * share, places)) for tax, share in shares]
    tax = sum((part for _, _, part in expense.tax_parts), ZERO)
    expense.total = amount if expense.is_inclusive_tax else amount + tax
    expense.sub_total = expense.total - tax


def _account(books: Records, body: Body) -> str:
    """The head's account, else that of the one line; an expense of several lines is not kept by the emulator."""
    return lines.line_account(books, text(_line(body), "account_id") or text(body, "account_id"))


def _amount(body: Body) -> Decimal:
    line = _line(body)
    return positive_amount(line if line.get("amount") not in ("", None) else body, "amount")


def _line(body: Body) -> Body:
    given = objects(body, "line_items")
    if len(given) > 1:
        raise invalid("line_items")
    return given[0] if given else {}


def _contact(books: Records, body: Body, name: str, kind: str, kept: str) -> str:
    contact_id = text(body, name, default=kept)
    if not contact_id or contact_id == kept:
        return contact_id
    contact: Contact | None = books.contacts.get(contact_id)
    if contact is None or contact.contact_type != kind:
        raise lines.unknown(books, name)
    if not contact.active:
        raise Refused(400, books.switches.inactive_code, f"The {kind} {contact.contact_name} is inactive.")
    return contact_id


def _project(books: Records, expense: Expense) -> None:
    project_id = expense.texts.get("project_id", "")
    project = books.projects.get(project_id)
    if project_id and (project is None or project.customer_id != expense.customer_id):
        raise lines.unknown(books, "project_id")


def _custom(books: Records, expense: Expense, body: Body, old: Expense | None) -> None:
    if "custom_fields" in body:
        given = choices.read_custom(books, MODULE, objects(body, "custom_fields"))
        expense.custom = choices.merge_custom(books, expense.custom, given)
    choices.check_custom(books, MODULE, expense.custom, expense.expense_id)
    choices.drop_unique(books, MODULE, old.custom if old else {})
    choices.file_unique(books, MODULE, expense.custom, expense.expense_id)
