"""Bank transactions that make over- and prepayments; others are not written here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ml_connector_sandbox.xero.books import header, lines
from ml_connector_sandbox.xero.books.arithmetic import total
from ml_connector_sandbox.xero.books.body import Body, child, children, text
from ml_connector_sandbox.xero.books.documents import AUTHORISED, OVERPAYMENT, PREPAYMENT, VOIDED, Document
from ml_connector_sandbox.xero.books.header import Draft
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.masters import ACTIVE
from ml_connector_sandbox.xero.books.periods import require_open
from ml_connector_sandbox.xero.books.posting import post_document
from ml_connector_sandbox.xero.books.values import ZERO

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.organisation import OrganisationBooks

TYPES = MappingProxyType(
    {
        "RECEIVE-OVERPAYMENT": (OVERPAYMENT, "AROVERPAYMENT"),
        "SPEND-OVERPAYMENT": (OVERPAYMENT, "APOVERPAYMENT"),
        "RECEIVE-PREPAYMENT": (PREPAYMENT, "ARPREPAYMENT"),
        "SPEND-PREPAYMENT": (PREPAYMENT, "APPREPAYMENT"),
    }
)
"""Type on the wire -> kind of document and its type in the books."""
WIRE_TYPES = MappingProxyType({type_: word for word, (_, type_) in TYPES.items()})


def create(books: OrganisationBooks, body: Body, issues: Issues, places: int, app: str = "") -> Document | None:
    """Money received or spent beyond any invoice; None when the type is none of these."""
    word = text(body, "Type")
    if word not in TYPES:
        issues.invented("bank type")
        return None
    kind, type_ = TYPES[word]
    draft = header.opened(books, kind, type_, None, app)
    draft.issues = issues
    wanted = draft.wanted
    wanted.status, wanted.amounts = AUTHORISED, "NoTax" if kind == OVERPAYMENT else wanted.amounts
    header.read_header(books, {key: one for key, one in body.items() if key != "DueDate"}, draft, {"Url": 2000}, ())
    header.read_contact(books, body, draft, may_create=True)
    wanted.reference = text(body, "Reference") if books.switches.bank_credit_reference else ""
    _account(books, body, wanted, issues)
    _lines(books, body, wanted, issues, places)
    require_open(books, [wanted.date], issues)
    return wanted if issues.messages else _commit(books, draft)


def delete(books: OrganisationBooks, document: Document, issues: Issues) -> None:
    """Take the money back out, unless some of the credit is used."""
    if document.touched or document.status == VOIDED:
        issues.invented("credited")
    require_open(books, [document.date], issues)
    if issues.messages:
        return
    document.status, document.updated = VOIDED, books.now()
    post_document(books, document)
    books.register(document.kind).put(document)


def _account(books: OrganisationBooks, body: Body, wanted: Document, issues: Issues) -> None:
    sent = child(body, "BankAccount")
    account = books.accounts.get(text(sent, "AccountID").lower()) or books.account_by_code(text(sent, "Code"))
    if account is None or account.type != "BANK" or account.status != ACTIVE:
        issues.invented("bank account")
    else:
        wanted.bank_account_id = account.account_id


def _lines(books: OrganisationBooks, body: Body, wanted: Document, issues: Issues, places: int) -> None:
    """An overpayment's line needs no account: it stands in the control account itself, without tax."""
    sent = body
    if wanted.kind == OVERPAYMENT:
        wanted.amounts = "NoTax"
        bare = [{**one, "AccountCode": None, "AccountID": None} for one in children(body, "LineItems")]
        sent = {**body, "LineItems": bare}
    lines.read_lines(books, sent, wanted, issues, places)
    if not wanted.lines:
        issues.invented("no lines")
    elif wanted.kind == PREPAYMENT:
        lines.require_complete(books, wanted, issues)
    total(wanted)
    if wanted.total <= ZERO:
        issues.invented("amount")


def _commit(books: OrganisationBooks, draft: Draft) -> Document:
    header.enter_contact(books, draft)
    wanted = draft.wanted
    wanted.bank_transaction_id = books.new_id()
    books.register(wanted.kind).put(wanted)
    post_document(books, wanted)
    return wanted
