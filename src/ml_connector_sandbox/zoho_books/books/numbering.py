"""Numbers of invoices and credit notes: given by the books, or by the body where it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books.body import Body, text
from ml_connector_sandbox.zoho_books.books.register import Register
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, Invoice, SalesDocument
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

NUMBER_LIMIT = 100
_NAMES = {Invoice: ("invoice_number", "INV-{:06d}"), CreditNote: ("creditnote_number", "CN-{:05d}")}


def give_number(books: Records, document: SalesDocument, body: Body, own: bool) -> None:
    """Number a document, new or changed. ``own``: ``ignore_auto_number_generation`` was sent. Raises Refused."""
    name, pattern = _NAMES[type(document)]
    given = text(body, name, NUMBER_LIMIT).strip()
    if own or not books.switches.numbers_generated:
        if not given and (not document.number or name in body):
            raise invalid(name)
    elif given and given != document.number:
        given = _unasked(books, name, given)
    if given and given != document.number:
        _free(books, document, given)
        document.number, document.numbered_in_sequence = given, False
    elif not document.number:
        document.number, document.numbered_in_sequence = _next(books, document, pattern), True


def number_free(books: Records, document: SalesDocument) -> None:
    """Raises Refused when another document has taken the number meanwhile."""
    _free(books, document, document.number)


def _unasked(books: Records, name: str, given: str) -> str:
    """A number came without the flag: what the API does then is a switch."""
    if books.switches.number_without_flag == "refused":
        raise invalid(name)
    return given if books.switches.number_without_flag == "taken" else ""


def _free(books: Records, document: SalesDocument, number: str) -> None:
    for one in _register(books, document).having("number", number):
        freed = books.switches.void_frees_sales_number and one.state == "void"
        if one.document_id != document.document_id and not freed:
            message = f"The number {number} already exists. Please use another one."
            raise Refused(400, books.switches.already_exists_code, message)


def _next(books: Records, document: SalesDocument, pattern: str) -> str:
    """The next of the sequence that nobody has taken by hand."""
    while True:
        number = pattern.format(books.next_in_sequence(type(document).__name__))
        if not _register(books, document).having("number", number):
            return number


def _register(books: Records, document: SalesDocument) -> Register[Invoice] | Register[CreditNote]:
    return books.invoices if isinstance(document, Invoice) else books.credit_notes
