"""What of a credit memo is on which invoice, and the steps that make the ledger show the same: each part applied once.

What people have applied in the ledger themselves counts, and is never taken back; what we applied is, where the source
has it on an invoice no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Allocation
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.checks import check_periods
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.laid_parts import Laid, laid_beside
from ml_connector.integrations.payment_parts import apply, merged, next_reference, with_part
from ml_connector.integrations.payment_rules import check_contact, check_open, linked_invoice
from ml_connector.integrations.payment_scope import since_start
from ml_connector.integrations.payment_standing import Standing, applications, references_used, taken_back
from ml_connector.integrations.views import View

ENTITY = "credit_notes"


def as_payment(memo: Invoice) -> Payment:
    """What it settles, and what of it is on nothing yet, as a payment shows that."""
    open_ = memo.balance if memo.balance is not None else memo.total - total(one.amount for one in memo.allocations)
    return Payment(
        memo.id, memo.customer, memo.total, date=memo.date, currency=memo.currency, splits=memo.allocations,
        unapplied=open_, business_unit=memo.business_unit, active=memo.active,
    )  # fmt: skip


def applied(
    memo: Invoice, note: Invoice, reference: str, view: View, draft: Draft, off: Sequence[Allocation] = ()
) -> list[Step]:
    """The steps that bring what the ledger's note is applied to in line; what is taken back goes first.

    ``off`` is what the same plan takes off the note before that, so that it can be changed.
    """
    wanted = _wanted(memo, view, draft)
    laid = laid_beside(wanted, note.allocations, applications(view), _passing(off, view))
    missing = {on: part.amount - laid.kept[on] for on, part in wanted.items() if part.amount > laid.kept[on]}
    _check_room(note, laid, total(missing.values()), view, draft)
    mine, pot = applications(view), Standing(reference, ENTITY, note)
    steps = [step for one in laid.back for step in taken_back(pot, note, one, mine, view, draft)]
    check_periods((one.date for one in laid.back), view, draft, "less of it is on an invoice" if laid.back else "")
    for on, amount in missing.items():
        freed = total(one.amount for one in (*laid.back, *off) if one.document.id == on)
        steps += _applied(wanted[on], on, amount, freed, note, off, reference, view, draft)
    return steps


def _passing(off: Sequence[Allocation], view: View) -> set[str]:
    """Ids of applications that are none of what a plan finds: it makes them itself, or takes them off before."""
    return {*view.proven.values(), *(one.id for one in off)}


def _wanted(memo: Invoice, view: View, draft: Draft) -> dict[str, Allocation]:
    """By the ledger's invoice what is to be on it. What was before the start stands in the opening balances."""
    given = as_payment(memo)
    early = memo.date is not None and memo.date < view.settings.start_date
    found: dict[str, Allocation] = {}
    for part in since_start(given, view, view.settings) if early else merged(given):
        if target := linked_invoice(part.document, view, draft):
            date = max((day for day in (part.date, memo.date) if day is not None), default=None)
            amount = part.amount + (found[target].amount if target in found else ZERO)
            found[target] = msgspec.structs.replace(part, amount=amount, date=date)
    return found


def _check_room(note: Invoice, laid: Laid, amount: Decimal, view: View, draft: Draft) -> None:
    """The note has enough left for what is to be applied: others may have applied it, or given it back."""
    shown = total(one.amount for one in note.allocations)
    given_back = note.total - note.balance - shown if note.balance is not None else ZERO
    left = note.total - given_back - total(laid.kept.values())
    if amount <= left:
        return
    key = f"{ENTITY}:{note.id}"
    for one in laid.others:
        told = {"id": note.id, "number": one.document.number or one.document.id}
        draft.wait(waiting("applied_by_hand", "fact", key, **told))
    if not laid.others:
        told = {"left": money(left, draft.currency), "credit": "credit note", "id": note.id}
        draft.wait(waiting("carried_used_up", "fact", key, short=money(amount - left, draft.currency), **told))


# --- one part ----------------------------------------------------------------------------------------------------


def _applied(
    part: Allocation, on: str, amount: Decimal, freed: Decimal, note: Invoice, off: Sequence[Allocation], base: str,
    view: View, draft: Draft,
) -> list[Step]:  # fmt: skip
    """``freed``: so much is taken off the invoice by the same plan."""
    first = f"{base}-applied-{part.document.id}"
    reference = next_reference(first, references_used(view))
    if reference not in view.proven:
        _check_taken_off(first, part, note, view, draft)
        check_contact(on, note, view, draft)
        if amount > freed:
            check_open(on, amount - freed, view, draft)
    dates = (day for day in (part.date, note.date) if day is not None)
    date = max(dates, default=None)
    check_periods((date,), view, draft)
    passing = _passing(off, view)
    alike = tuple(
        one for one in note.allocations if (one.document.id, one.amount) == (on, amount) and one.id not in passing
    )
    credit = msgspec.structs.replace(with_part(note, note.id, alike), date=date)
    assert isinstance(credit, Invoice)
    return apply(credit, note.id, on, amount, reference, view, draft)


def _check_taken_off(first: str, part: Allocation, note: Invoice, view: View, draft: Draft) -> None:
    """People have taken it off the invoice there: it is not put on it again. One whose invoice was replaced is."""
    if ("invoices", part.document.id) in view.replaced:
        return
    earlier = {reference: one.target_id for reference, one in sorted(view.made.items())
               if (reference == first or reference.startswith(f"{first}+"))
               and ("allocations", Action.VOID, reference) not in view.done}  # fmt: skip
    gone = [id_ for id_ in earlier.values() if id_ not in {one.id for one in note.allocations}]
    if gone:
        told = {"id": gone[0], "what": "what it is applied to"}
        draft.wait(waiting("removed_there", "fact", f"{ENTITY}:{note.id}", **told))
