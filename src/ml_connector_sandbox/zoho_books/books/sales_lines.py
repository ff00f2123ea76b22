"""Reading lines that are sold: what the item says stands in for what the line does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.zoho_books.books import lines
from ml_connector_sandbox.zoho_books.books.body import Body, text
from ml_connector_sandbox.zoho_books.books.documents import LineItem
from ml_connector_sandbox.zoho_books.books.masters import Item
from ml_connector_sandbox.zoho_books.books.sales_documents import Invoice, SalesDocument
from ml_connector_sandbox.zoho_books.errors import invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records


def read_sales_lines(books: Records, given: list[Body], document: SalesDocument) -> list[LineItem]:
    """All lines of an invoice or credit note. Raises Refused."""
    whole = [_completed(books, one, document) for one in given]
    return lines.read_lines(books, whole, document, lambda records, one: lines.line_account(records, one["account_id"]))


def _completed(books: Records, one: Body, document: SalesDocument) -> Body:
    """The line as sent, with its item's facts, its account, and the customer whom its project belongs to."""
    demanded = isinstance(document, Invoice) and books.switches.invoice_lines == "item"
    item = _item(books, text(one, "item_id"), demanded)
    customer = document.customer_id if text(one, "project_id") else ""
    found = {**(_facts(item) if item else {}), **one, "customer_id": customer}
    account = "" if demanded else text(one, "account_id")
    found["account_id"] = account or (item.account_id if item else books.sales_account.account_id)
    return found


def _item(books: Records, item_id: str, demanded: bool) -> Item | None:
    if not item_id:
        if demanded:
            raise invalid("item_id")
        return None
    item = lines.item_on_file(books, item_id)
    if not item.can_be_sold:
        raise lines.unknown(books, "item_id")
    return item


def _facts(item: Item) -> dict[str, Any]:
    facts = {"name": item.name, "rate": item.rate, "tax_id": item.tax_id, "tax_exemption_id": item.tax_exemption_id}
    return facts | {name: item.texts.get(name, "") for name in ("description", "unit", "hsn_or_sac")}
