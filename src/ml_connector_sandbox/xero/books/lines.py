"""Reading and checking the lines of a document."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.xero.books.arithmetic import fill_line, fill_tax
from ml_connector_sandbox.xero.books.body import Body, children, decimal, given, text
from ml_connector_sandbox.xero.books.documents import CREDIT_NOTE, INVOICE, Document, Line
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.masters import ACTIVE, Account, Item, TrackingCategory, TrackingOption

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.organisation import OrganisationBooks

_CAN_APPLY = "The TaxType code '{}' cannot be used with account code '{}'."
_UNKNOWN_ACCOUNT = "Account code '{}' is not a valid code for this document."
_ARCHIVED_ACCOUNT = (
    "Account code '{}' has been archived, or has been deleted. Each line item must reference a valid account."
)
_FIGURES = ("Quantity", "UnitAmount", "LineAmount", "DiscountRate", "DiscountAmount", "ItemCode")
_WRONG_TOTAL = "The line total {} does not match the expected line total {}"


def read_lines(books: OrganisationBooks, body: Body, wanted: Document, issues: Issues, unit_places: int) -> None:
    """Put the lines as sent into ``wanted``: a known LineItemID changes that line, none adds, omitted ones go.

    Lines whose figures are not sent keep their amounts; their tax follows the document's amount type.
    """
    rules = books.arithmetic(unit_places)
    if not given(body, "LineItems"):
        for line in wanted.lines:
            fill_tax(line, wanted.amounts, rules)
        return
    known = {line.line_id: line for line in wanted.lines}
    wanted.lines = []
    for number, sent in enumerate(children(body, "LineItems")):
        line_id = text(sent, "LineItemID").lower()
        if line_id and line_id not in known:
            issues.line_invented(number, "unknown line", line_id)
        line = known.get(line_id) or Line(line_id=books.new_id())
        figures = line_id not in known or any(given(sent, name) for name in _FIGURES)
        wanted.lines.append(line)
        _read(books, sent, line, number, wanted, issues, figures)
        if not figures:
            fill_tax(line, wanted.amounts, rules)
            continue
        expected = fill_line(line, wanted.amounts, rules, decimal(sent, "LineAmount"))
        if expected is not None:
            issues.line(number, _WRONG_TOTAL.format(decimal(sent, "LineAmount"), expected))


def require_complete(books: OrganisationBooks, wanted: Document, issues: Issues) -> None:
    """What a document that leaves DRAFT needs in its lines."""
    if not wanted.lines:
        issues.invented("no lines")
    for number, line in enumerate(wanted.lines):
        if not 1 <= len(line.description) <= 4000:
            issues.line_invented(number, "no description")
        if line.unit_amount is None:
            issues.line_invented(number, "no amount")
        if not line.account_code:
            issues.line_invented(number, "no account")


def _read(
    books: OrganisationBooks, sent: Body, line: Line, number: int, wanted: Document, issues: Issues, figures: bool
) -> None:
    item = _item(books, sent, line, number, issues)
    line.description = text(sent, "Description", line.description or (item.description if item else ""))
    if len(line.description) > 4000:
        issues.line_invented(number, "no description")
    for name, value in (("quantity", "Quantity"), ("unit_amount", "UnitAmount")):
        if given(sent, value):
            setattr(line, name, decimal(sent, value))
    if given(sent, "LineAmount") and not given(sent, "UnitAmount"):
        line.unit_amount = None
    line.account_code = _account_code(books, sent, line.account_code)
    _from_item(item, line, wanted)
    _discount(sent, line, number, wanted, issues)
    account = _checked_account(books, line, number, issues)
    _tax_type(books, sent, line, number, account, wanted, issues)
    if given(sent, "TaxAmount"):
        line.tax, line.tax_given = decimal(sent, "TaxAmount") or Decimal(0), True
    elif figures or given(sent, "TaxType"):
        line.tax_given = False
    if "Tracking" in sent:
        line.tracking = _tracking(books, sent, number, issues)


def _item(books: OrganisationBooks, sent: Body, line: Line, number: int, issues: Issues) -> Item | None:
    line.item_code = text(sent, "ItemCode", line.item_code)
    if not line.item_code:
        return None
    found = next((one for one in books.items.values() if one.code == line.item_code), None)
    if found is None:
        issues.line(number, f"Item code '{line.item_code}' is not valid")
    return found


def _from_item(item: Item | None, line: Line, wanted: Document) -> None:
    if item is None:
        return
    sale = wanted.is_sale
    price, account = (item.sales_price, item.sales_account) if sale else (item.purchase_price, item.purchase_account)
    line.unit_amount = price if line.unit_amount is None else line.unit_amount
    line.account_code = line.account_code or account
    line.tax_type = line.tax_type or (item.sales_tax if sale else item.purchase_tax)


def _account_code(books: OrganisationBooks, sent: Body, kept: str) -> str:
    if given(sent, "AccountCode"):
        return text(sent, "AccountCode")
    account = books.accounts.get(text(sent, "AccountID").lower())
    return account.code if account else text(sent, "AccountID", kept)


def _checked_account(books: OrganisationBooks, line: Line, number: int, issues: Issues) -> Account | None:
    if not line.account_code:
        return None
    account = books.account_by_code(line.account_code)
    if account is None or account.type == "BANK" or account.system_account:
        issues.line(number, _UNKNOWN_ACCOUNT.format(line.account_code))
        return None
    if account.status != ACTIVE:
        issues.line(number, _ARCHIVED_ACCOUNT.format(line.account_code))
    return account


def _tax_type(
    books: OrganisationBooks,
    sent: Body,
    line: Line,
    number: int,
    account: Account | None,
    wanted: Document,
    issues: Issues,
) -> None:
    """Without one the account's default stands; without an account, too, there is none."""
    line.tax_type = text(sent, "TaxType", line.tax_type) or (account.tax_type if account else "")
    if wanted.amounts == "NoTax" and line.tax_type:
        line.tax_type = "NONE"
    if not line.tax_type:
        return
    rate = books.tax_rates.get(line.tax_type)
    if rate is None or rate.status != ACTIVE:
        issues.line_invented(number, "unknown tax", line.tax_type)
    elif account is not None and account.account_class not in rate.applies_to:
        issues.line(number, _CAN_APPLY.format(line.tax_type, line.account_code))


def _discount(sent: Body, line: Line, number: int, wanted: Document, issues: Issues) -> None:
    for name, field in (("DiscountRate", "discount_rate"), ("DiscountAmount", "discount_amount")):
        if given(sent, name):
            setattr(line, field, decimal(sent, name) or None)
    if line.discount_rate is None and line.discount_amount is None:
        return
    bill = wanted.kind == INVOICE and not wanted.is_sale
    if wanted.kind == CREDIT_NOTE or bill:
        issues.line_invented(number, "discount")


def _tracking(books: OrganisationBooks, sent: Body, number: int, issues: Issues) -> list[tuple[str, str]]:
    chosen: list[tuple[str, str]] = []
    for one in children(sent, "Tracking"):
        found = _choice(books, one)
        if found is None:
            name = text(one, "Option") or text(one, "TrackingOptionID") or text(one, "Name")
            issues.line_invented(number, "tracking", name)
        else:
            chosen.append((found[0].category_id, found[1].option_id))
    if len({category for category, _ in chosen}) > 2 or len(chosen) > 2:
        issues.line_invented(number, "too much tracking")
    return chosen


def _choice(books: OrganisationBooks, one: Body) -> tuple[TrackingCategory, TrackingOption] | None:
    category_id, option_id = text(one, "TrackingCategoryID").lower(), text(one, "TrackingOptionID").lower()
    name, option = text(one, "Name"), text(one, "Option")
    for category in books.tracking.values():
        if category.status == ACTIVE and (category.category_id == category_id or category.name == name):
            for choice in category.options:
                if choice.status == ACTIVE and (choice.option_id == option_id or choice.name == option):
                    return category, choice
    return None
