"""The part of a document above its lines: dates, currency, texts, contact. Invoices, credits and orders share it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.xero.books import contacts
from ml_connector_sandbox.xero.books.body import Body, child, day, decimal, given, text
from ml_connector_sandbox.xero.books.documents import Document
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.masters import ACTIVE, Contact
from ml_connector_sandbox.xero.errors import bad_data

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.organisation import OrganisationBooks

_WRITABLE = (*contacts.TEXTS, "Name", "ContactNumber", "AccountNumber", "Phones", "Addresses", "ContactPersons")
AMOUNTS = ("Exclusive", "Inclusive", "NoTax")
_NO_CURRENCY = "Organisation is not subscribed to currency {}"


@dataclass(slots=True)
class Draft:
    """A document as asked for and what is wrong with it. ``before``: as it stands.

    ``contact``: what is to be entered with it, a new contact or a changed one; None: nothing.
    """

    wanted: Document
    before: Document | None
    issues: Issues
    contact: Contact | None = None


def opened(books: OrganisationBooks, kind: str, type_: str, target: Document | None, app: str) -> Draft:
    """A draft of a new document, or of a change of ``target``."""
    if target is None:
        moment = books.now()
        wanted = Document(
            document_id=books.new_id(),
            kind=kind,
            type=type_,
            date=books.today(),
            created=moment,
            updated=moment,
            currency_code=books.profile.base_currency,
            app=app,
        )
        return Draft(wanted, None, Issues())
    copied = replace(
        target,
        lines=[replace(line, tracking=list(line.tracking)) for line in target.lines],
        texts=dict(target.texts),
        dates=dict(target.dates),
    )
    return Draft(copied, target, Issues())


def read_header(
    books: OrganisationBooks, body: Body, draft: Draft, texts: dict[str, int], dates: tuple[str, ...]
) -> None:
    """Dates, amount type, currency, reference and the kind's own ``texts`` (name -> longest) and ``dates``."""
    wanted, issues = draft.wanted, draft.issues
    wanted.date = day(body, "Date") or wanted.date
    wanted.due_date = day(body, "DueDate") or wanted.due_date
    wanted.amounts = _amounts(body, wanted.amounts)
    for name, longest in texts.items():
        if given(body, name):
            wanted.texts[name] = text(body, name)
            issues.limit(name, wanted.texts[name], longest)
    for name in dates:
        found = day(body, name)
        if found is not None:
            wanted.dates[name] = found
    if "xero" in wanted.texts.get("Url", "").casefold():
        issues.invented("url")
    _currency(books, body, draft)


def read_contact(books: OrganisationBooks, body: Body, draft: Draft, *, may_create: bool) -> None:
    """The contact as sent; an update may leave it out. Fields beside its id change the contact, too."""
    if draft.before is not None and not given(body, "Contact"):
        return
    sent = child(body, "Contact")
    found = _same(books, sent, draft) or contacts.for_document(books, body, draft.issues, may_create=may_create)
    draft.wanted.contact_id = found.contact_id if found else ""
    if found is None:
        return
    known = books.contacts.get(found.contact_id)
    if known is None:
        draft.contact = found
    elif text(sent, "ContactID") and known.status == ACTIVE and any(given(sent, name) for name in _WRITABLE):
        kept = {key: value for key, value in sent.items() if key != "ContactStatus"}
        draft.contact = contacts.propose(books, {"ContactPersons": known.persons, **kept}, known, draft.issues)


def enter_contact(books: OrganisationBooks, draft: Draft) -> None:
    """Enter a contact that the document names for the first time, or changes."""
    if draft.contact is not None:
        contacts.commit(books, draft.contact, books.contacts.get(draft.contact.contact_id))


def _same(books: OrganisationBooks, sent: Body, draft: Draft) -> Contact | None:
    """The contact an update repeats; it may have been archived since."""
    if draft.before is None or text(sent, "ContactID").lower() != draft.before.contact_id:
        return None
    return books.contacts.get(draft.before.contact_id)


def _amounts(body: Body, default: str) -> str:
    sent = text(body, "LineAmountTypes", default)
    found = next((one for one in AMOUNTS if one.casefold() == sent.casefold()), None)
    if found is None:
        raise bad_data(f"LineAmountTypes must be one of {', '.join(AMOUNTS)}, not {sent!r}")
    return found


def _currency(books: OrganisationBooks, body: Body, draft: Draft) -> None:
    wanted = draft.wanted
    code = text(body, "CurrencyCode", wanted.currency_code)
    currency = books.currencies.get(code)
    if currency is None:
        draft.issues.add(_NO_CURRENCY.format(code))
        return
    changed = code != wanted.currency_code
    wanted.currency_code = code
    sent = decimal(body, "CurrencyRate")
    if code == books.profile.base_currency:
        wanted.rate = Decimal(1)
    elif sent:
        wanted.rate = sent
    elif draft.before is None or changed:
        wanted.rate = currency.rate
