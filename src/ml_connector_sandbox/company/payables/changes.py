"""What the firm does after its month was read for the first time, and how that must end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from ml_connector_sandbox.company.payables.books import Books
from ml_connector_sandbox.company.payables.truth import HELD, STAGED, STANDS, PayableTruth, PaymentTruth
from ml_connector_sandbox.zoho_books.books import approval, contacts, payments
from ml_connector_sandbox.zoho_books.books.documents import Bill
from ml_connector_sandbox.zoho_books.books.purchases import delete_bill, set_bill_state, update_bill


@dataclass(frozen=True, slots=True)
class Changed:
    """The endings that are others now; every other one stands."""

    bills: tuple[PayableTruth, ...]
    payments: tuple[PaymentTruth, ...]

    @property
    def endings(self) -> dict[str, str]:
        """By document or payment id, for the comparison of both systems."""
        told = {one.document_id: one for one in self.bills} | {one.payment_id: one for one in self.payments}
        return {key: STANDS if one.reason.endswith("_after_staging") else one.ends for key, one in told.items()}


def change(books: Books) -> Changed:
    """Edit, retag, void, delete and approve bills, apply an advance, delete a payment, move a vendor. Call it once."""
    unpaid = [one for one in books.organisation.bills if _plain(books, one)]
    edited, retagged, gone = (unpaid[place::3] for place in range(3))
    bills = [*_edited(books, edited[:3]), *_retagged(books, retagged[:2]), *_voided(books, gone[:2]), *_approved(books)]
    bills += _deleted(books, gone[2:3])
    made = [*_applied(books, {one.document_id for one in bills}), *_unpaid(books)]
    moved = books.vendors[next(iter(books.vendors))]
    contacts.update(books.organisation, moved, {"billing_address": moved.billing_address | {"address": "1 New Quay"}})
    return Changed(tuple(bills), tuple(made))


def _plain(books: Books, bill: Bill) -> bool:
    known = books.truth[bill.document_id]
    untouched = not bill.payments and not bill.credits and bill.state == "open"
    return untouched and known.ends == STAGED and known.case in ("ordinary", "office", "group")


def _edited(books: Books, bills: list[Bill]) -> list[PayableTruth]:
    kept = [update_bill(books.organisation, one, {"adjustment": Decimal("12.50")}) for one in bills]
    return [_held(books, one, "changed_after_staging") for one in kept]


def _retagged(books: Books, bills: list[Bill]) -> list[PayableTruth]:
    for bill in bills:
        lines = [
            {"line_item_id": line.line_item_id, "account_id": line.account_id, "rate": line.rate, "quantity": line.quantity,
             "description": line.texts["description"], "tags": [books.option("Denver Library")]}
            for line in bill.lines
        ]  # fmt: skip
        update_bill(books.organisation, bill, {"line_items": lines})
    return [_held(books, one, "changed_after_staging") for one in bills]


def _voided(books: Books, bills: list[Bill]) -> list[PayableTruth]:
    for bill in bills:
        set_bill_state(books.organisation, bill, "void")
    return [_held(books, one, "voided_after_staging") for one in bills]


def _deleted(books: Books, bills: list[Bill]) -> list[PayableTruth]:
    held = [_held(books, one, "deleted_after_staging") for one in bills]
    for bill in bills:
        delete_bill(books.organisation, bill)
    return held


def _approved(books: Books) -> list[PayableTruth]:
    waiting = [one for one in books.organisation.bills if one.state == "pending_approval"][:2]
    for bill in waiting:
        approval.move(books.organisation, bill, "approved")
    found = []
    for bill in waiting:
        entity = books.mapping["legal_entities"][bill.texts["location_id"]]
        names = [books.tag.options[line.tags[0].tag_option_id].option_name for line in bill.lines]
        found.append(
            replace(
                books.truth[bill.document_id], ends=STAGED, reason="", legal_entity=entity,
                centers=tuple(books.centers[name].account_number for name in names),
                accounts=tuple(books.mapping["accounts"][line.account_id] for line in bill.lines),
            )
        )  # fmt: skip
    return found


def _applied(books: Books, changed: set[str]) -> list[PaymentTruth]:
    """The first advance that was left takes the first bill of its vendor that is still owed, staged and unchanged."""
    for known in [one for one in books.payment_truth if one.case == "advance"]:
        made = books.organisation.vendor_payments.get(known.payment_id)
        for bill in books.organisation.bills.having("vendor_id", known.vendor_id):
            staged = books.truth[bill.document_id].ends == STAGED and bill.document_id not in changed
            if made is None or not staged or bill.balance <= 0:
                continue
            amount = min(made.balance, bill.balance)
            payments.apply_advance(books.organisation, made, bill, amount)
            return [replace(known, ends=STAGED, reason="", rows=((bill.document_id, amount),))]
    raise LookupError("no advance is left whose vendor is owed something; change() is for one call")


def _unpaid(books: Books) -> list[PaymentTruth]:
    known = next(one for one in books.payment_truth if one.case == "full" and one.ends == STAGED)
    made = books.organisation.vendor_payments.get(known.payment_id)
    if made is None:
        raise LookupError(f"payment {known.payment_id} is not on record; change() is for one call")
    payments.delete_payment(books.organisation, made)
    return [replace(known, ends=HELD, reason="deleted_after_staging", rows=())]


def _held(books: Books, bill: Bill, reason: str) -> PayableTruth:
    return replace(books.truth[bill.document_id], ends=HELD, reason=reason, centers=(), accounts=(), legal_entity="")
