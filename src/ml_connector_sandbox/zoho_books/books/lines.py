"""Reading line items: accounts, items, taxes, tags."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books import choices
from ml_connector_sandbox.zoho_books.books.body import Body, boolean, decimal, discount, text, whole
from ml_connector_sandbox.zoho_books.books.documents import Document, LineItem
from ml_connector_sandbox.zoho_books.books.masters import CONTROL_TYPES, MONEY_TYPES, Item, Tax
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

# Lengths are uncertain; name 100 and description 2000 are what older documents state for items.
LINE_TEXTS = {
    "name": 100,
    "description": 2000,
    "unit": 100,
    "purchaseorder_item_id": 0,
    "location_id": 0,
    "project_id": 0,
    "customer_id": 0,
    "tax_exemption_id": 0,
    "tax_exemption_code": 0,
    "line_item_category": 0,
    "hsn_or_sac": 0,
}


def purchase_account(books: Records, item: Body) -> str:
    """The account of a bought line: the one it names, else its item's. Raises Refused."""
    account_id, item_id = text(item, "account_id"), text(item, "item_id")
    if item_id:
        found = item_on_file(books, item_id)
        if not found.can_be_purchased:
            raise unknown(books, "item_id")
        account_id = account_id or found.purchase_account_id
    return line_account(books, account_id)


def read_lines(
    books: Records,
    items: list[Body],
    document: Document,
    account_of: Callable[[Records, Body], str] = purchase_account,
) -> list[LineItem]:
    """All lines of a document; a ``line_item_id`` must be one of the document's own. Raises Refused."""
    if not items:
        message = "Please add at least one line item."
        raise Refused(400, books.switches.missing_lines_code, message)
    known = {line.line_item_id for line in document.lines}
    return [_line(books, item, order, known, account_of(books, item)) for order, item in enumerate(items, start=1)]


def require_location(books: Records, location_id: str) -> None:
    """A location that is on file and active, where the organisation has locations."""
    if not location_id:
        return
    if not books.profile.locations_enabled:
        raise Refused(400, books.switches.feature_off_code, "Locations are not enabled for this organization.")
    location = books.locations.get(location_id)
    if location is None:
        raise unknown(books, "location_id")
    if not location.active:
        raise Refused(400, books.switches.inactive_code, f"The location {location.location_name} is inactive.")


def _line(books: Records, item: Body, order: int, known: set[str], account_id: str) -> LineItem:
    kept = text(item, "line_item_id")
    if kept and kept not in known:
        raise invalid("line_item_id")
    line = LineItem(
        line_item_id=kept or books.new_id(),
        item_id=text(item, "item_id"),
        account_id=account_id,
        rate=decimal(item, "rate"),
        quantity=decimal(item, "quantity", Decimal(1)),
        item_order=whole(item, "item_order", order),
        tax_id=_tax(books, item),
        discount=discount(item, "discount", "0"),
        texts={name: text(item, name, limit) for name, limit in LINE_TEXTS.items()},
        is_billable=boolean(item, "is_billable", default=False),
        tags=choices.read_tags(books, item, "line_item"),
    )
    _check(books, line)
    return line


def _check(books: Records, line: LineItem) -> None:
    if line.quantity <= 0:
        raise invalid("quantity")
    require_location(books, line.texts["location_id"])
    customer = line.texts["customer_id"]
    if customer and books.contacts.get(customer) is None:
        raise unknown(books, "customer_id")
    if line.texts["project_id"]:
        _require_project(books, line.texts["project_id"], customer)
    if line.is_billable and not customer:
        raise invalid("customer_id")


def _require_project(books: Records, project_id: str, customer_id: str) -> None:
    """A project belongs to a customer and is refused without it."""
    if not customer_id:
        raise invalid("customer_id")
    project = books.projects.get(project_id)
    if project is None or project.customer_id != customer_id:
        raise unknown(books, "project_id")


def item_on_file(books: Records, item_id: str) -> Item:
    """The item of a line, known and active. Raises Refused."""
    found = books.items.get(item_id)
    if found is None:
        raise unknown(books, "item_id")
    if not found.active:
        raise Refused(400, books.switches.inactive_code, f"The item {found.name} is inactive.")
    return found


def line_account(books: Records, account_id: str) -> str:
    """An account that a line may name: active, no control account, and no money unless a switch allows it."""
    account = books.accounts.get(account_id)
    if account is None:
        raise unknown(books, "account_id")
    if not account.active:
        raise Refused(400, books.switches.inactive_code, f"The account {account.account_name} is inactive.")
    money = account.account_type in MONEY_TYPES and not books.switches.bank_accounts_on_lines
    if account.account_type in CONTROL_TYPES or money:
        raise invalid("account_id")
    return account.account_id


def _tax(books: Records, item: Body) -> str:
    tax_id = text(item, "tax_id")
    if not tax_id:
        _require_exemption(books, item)
        return ""
    return known_tax(books, tax_id)


def known_tax(books: Records, tax_id: str) -> str:
    """The id of a tax or a group that is on file and active. Raises Refused."""
    tax = books.taxes.get(tax_id) or books.tax_groups.get(tax_id)
    if tax is None or books.profile.tax_edition == "none":
        raise unknown(books, "tax_id")
    if not tax.active:
        name = tax.tax_name if isinstance(tax, Tax) else tax.tax_group_name
        raise Refused(400, books.switches.inactive_code, f"The tax {name} is inactive.")
    return tax_id


def _require_exemption(books: Records, item: Body) -> None:
    wanted_id, wanted_code = text(item, "tax_exemption_id"), text(item, "tax_exemption_code")
    if wanted_id and wanted_id not in books.tax_exemptions:
        raise unknown(books, "tax_exemption_id")
    if wanted_code and wanted_code not in {one.code for one in books.tax_exemptions.values()}:
        raise unknown(books, "tax_exemption_code")
    if books.profile.tax_exemption_required and not (wanted_id or wanted_code):
        raise Refused(400, books.switches.exemption_code, "Please select a tax or a tax exemption for every line.")


def unknown(books: Records, name: str) -> Refused:
    """A body names what the organisation does not have."""
    return Refused(400, books.switches.unknown_reference_code, f"Invalid value passed for {name}")
