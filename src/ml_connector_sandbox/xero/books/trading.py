"""Invoices, bills and credit notes: creating, changing, approving, voiding."""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING

from ml_connector_sandbox.xero.books import header, lines
from ml_connector_sandbox.xero.books.arithmetic import total
from ml_connector_sandbox.xero.books.body import Body, flag, given, text
from ml_connector_sandbox.xero.books.documents import (
    AUTHORISED,
    CREDIT_NOTE,
    DELETED,
    DRAFT,
    GONE,
    INVOICE,
    PAID,
    POSTED,
    SUBMITTED,
    VOIDED,
    Document,
    Line,
)
from ml_connector_sandbox.xero.books.header import Draft
from ml_connector_sandbox.xero.books.issues import (
    APPROVALS_USED,
    HAS_PAYMENTS,
    INVENTED,
    NO_DUE_DATE,
    NUMBER_TAKEN,
    SENT_UNAPPROVED,
    WRONG_STATUS,
    Issues,
)
from ml_connector_sandbox.xero.books.periods import require_open
from ml_connector_sandbox.xero.books.posting import post_document
from ml_connector_sandbox.xero.books.values import ZERO

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.organisation import OrganisationBooks

STEPS = MappingProxyType(
    {
        DRAFT: frozenset({DRAFT, SUBMITTED, AUTHORISED, DELETED}),
        SUBMITTED: frozenset({SUBMITTED, AUTHORISED, DRAFT, DELETED}),
        AUTHORISED: frozenset({AUTHORISED, VOIDED}),
        # PAID is set by the system; a paid document may still be sent with either word.
        PAID: frozenset({PAID, AUTHORISED}),
    }
)
"""Status -> what a write may set."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``numbered``: the type whose numbers are unique and given by the organisation, with ``prefix``."""

    name: str
    number_field: str
    types: tuple[str, str]
    numbered: str
    prefix: str
    taken: str


INVOICES = Kind(INVOICE, "InvoiceNumber", ("ACCREC", "ACCPAY"), "ACCREC", "INV-", NUMBER_TAKEN)
CREDIT_NOTES = Kind(
    CREDIT_NOTE, "CreditNoteNumber", ("ACCRECCREDIT", "ACCPAYCREDIT"), "ACCRECCREDIT", "CN-", INVENTED["credit number"]
)  # fmt: skip
_TEXTS = {"Url": 2000, "BrandingThemeID": 36}
_DATES = ("ExpectedPaymentDate", "PlannedPaymentDate")


def find_target(books: OrganisationBooks, kind: Kind, body: Body, issues: Issues) -> Document | None:
    """What a POST changes: by id, or by the number of a numbered type; None: a new document."""
    register = books.register(kind.name)
    wanted = text(body, f"{kind.name}ID")
    if wanted:
        found = register.get(wanted)
        if found is None:
            issues.invented("unknown id", kind.name, kind.name)
        return found
    number = text(body, kind.number_field)
    return _holder(books, kind, number) if number and text(body, "Type", kind.numbered) == kind.numbered else None


def save(
    books: OrganisationBooks,
    kind: Kind,
    body: Body,
    target: Document | None,
    issues: Issues,
    places: int,
    app: str = "",
) -> tuple[Document, Issues]:
    """Create, or change ``target``, unless something is wrong; returns what was asked for or what stands now."""
    type_ = text(body, "Type", target.type if target else "")
    draft = header.opened(books, kind.name, type_, target, app)
    draft.issues = issues
    if type_ not in kind.types or (target is not None and type_ != target.type):
        issues.invented("type")
    if target is not None and target.automatic_tax:
        issues.invented("read only")
    _status(body, draft)
    if draft.wanted.status in GONE:
        # Ending a document changes nothing else about it.
        require_open(books, [draft.wanted.date], issues)
        return (draft.wanted if issues.messages else _commit(books, kind, draft)), issues
    _read(books, kind, body, draft, places)
    _check(books, kind, body, draft)
    return (draft.wanted if issues.messages else _commit(books, kind, draft)), issues


def settle(books: OrganisationBooks, document: Document) -> None:
    """Set PAID when nothing is due, and take it back when something is; the last payment's date is kept."""
    if document.status == AUTHORISED and document.due == ZERO:
        document.status = PAID
        days = [one.date for one in document.payments if one.status == AUTHORISED]
        days += [one.date for one in document.allocations]
        document.fully_paid_on = max(days, default=document.date)
    elif document.status == PAID and document.due != ZERO and books.switches.deleted_payment_reopens:
        document.status, document.fully_paid_on = AUTHORISED, None


def _holder(books: OrganisationBooks, kind: Kind, number: str) -> Document | None:
    held = books.register(kind.name).having("number", number)
    freed = GONE if books.switches.void_frees_number else frozenset()
    return next((one for one in held if one.type == kind.numbered and one.status not in freed), None)


def _status(body: Body, draft: Draft) -> None:
    before, issues = draft.before, draft.issues
    if before is None:
        draft.wanted.status = text(body, "Status", DRAFT)
        if draft.wanted.status not in (DRAFT, SUBMITTED, AUTHORISED):
            issues.add(WRONG_STATUS)
        return
    wanted = text(body, "Status", before.status)
    if wanted not in STEPS.get(before.status, frozenset()):
        issues.add(WRONG_STATUS)
    if wanted == VOIDED and before.touched:
        issues.add(HAS_PAYMENTS)
    draft.wanted.status = PAID if (before.status, wanted) == (PAID, AUTHORISED) else wanted


def _read(books: OrganisationBooks, kind: Kind, body: Body, draft: Draft, places: int) -> None:
    wanted, issues = draft.wanted, draft.issues
    header.read_header(books, body, draft, _TEXTS, _DATES)
    header.read_contact(books, body, draft, may_create=True)
    # Bills keep no reference; they have their number.
    if wanted.type != "ACCPAY":
        wanted.reference = text(body, "Reference", wanted.reference)
        issues.limit("Reference", wanted.reference, 255)
    wanted.number = text(body, kind.number_field) or wanted.number
    issues.limit(kind.number_field, wanted.number, 255)
    if not all(" " <= one <= "~" for one in wanted.number):
        issues.invented("ascii")
    if given(body, "SentToContact") and flag(body, "SentToContact") != wanted.sent_to_contact:
        if wanted.status in POSTED:
            wanted.sent_to_contact = flag(body, "SentToContact")
        else:
            issues.warn(SENT_UNAPPROVED)
    lines.read_lines(books, body, wanted, issues, places)
    total(wanted)


def _check(books: OrganisationBooks, kind: Kind, body: Body, draft: Draft) -> None:
    wanted, issues, before = draft.wanted, draft.issues, draft.before
    if wanted.number and wanted.type == kind.numbered:
        holder = _holder(books, kind, wanted.number)
        if holder is not None and holder is not before:
            issues.add(kind.taken)
    if wanted.status != DRAFT:
        lines.require_complete(books, wanted, issues)
        if kind is INVOICES and wanted.due_date is None:
            issues.add(NO_DUE_DATE)
    if wanted.total < ZERO and books.switches.negative_total_refused:
        issues.invented("negative total")
    if wanted.status in POSTED or books.switches.lock_binds_drafts:
        require_open(books, [wanted.date, before.date if before else wanted.date], issues)
    fixed = kind is CREDIT_NOTES and books.switches.applied_credit_fixed
    if before is not None and before.touched and (fixed or _changed(before, wanted)):
        issues.add(HAS_PAYMENTS)
    approves = wanted.status == AUTHORISED and (before is None or before.status not in POSTED)
    if approves and kind is INVOICES and books.profile.approvals_left == 0:
        issues.add(APPROVALS_USED)


def _changed(before: Document, wanted: Document) -> bool:
    """More than may be changed once a payment or credit is on the document."""
    credited = any(one.credit.kind == CREDIT_NOTE for one in before.allocations)
    if credited and before.contact_id != wanted.contact_id:
        return True
    return _fixed(before) != _fixed(wanted)


def _fixed(one: Document) -> tuple[object, ...]:
    return (one.date, one.currency_code, one.rate, one.amounts, one.total, *(_figures(line) for line in one.lines))


def _figures(line: Line) -> tuple[object, ...]:
    return (line.quantity, line.unit_amount, line.amount, line.tax_type, line.tax, line.item_code)


def _commit(books: OrganisationBooks, kind: Kind, draft: Draft) -> Document:
    wanted, before = draft.wanted, draft.before
    header.enter_contact(books, draft)
    if not wanted.number and wanted.type == kind.numbered:
        wanted.number = books.next_number(kind.name, kind.prefix)
    if wanted.is_sale:
        wanted.texts.setdefault("BrandingThemeID", books.branding_theme_id)
    if kind is INVOICES and wanted.status == AUTHORISED and (before is None or before.status not in POSTED):
        books.use_approval()
    moves = before is None or not _blind(before, wanted)
    kept = wanted if before is None else _absorbed(before, wanted)
    if kept.status == AUTHORISED and kept.total == ZERO and books.switches.zero_total_paid:
        settle(books, kept)
    if moves:
        kept.updated = books.now()
    books.register(kind.name).put(kept)
    post_document(books, kept)
    if kind is INVOICES:
        books.note_trade(kept)
    return kept


def _absorbed(before: Document, wanted: Document) -> Document:
    """Payments point at the object that is on record: it stays and takes the new values."""
    for one in fields(Document):
        setattr(before, one.name, getattr(wanted, one.name))
    return before


def _blind(before: Document, wanted: Document) -> bool:
    """DueDate and SentToContact of a part-paid document change without moving its stamp."""
    if not before.touched:
        return False
    changed = {one.name for one in fields(Document) if getattr(before, one.name) != getattr(wanted, one.name)}
    return bool(changed) and changed <= {"due_date", "sent_to_contact"}
