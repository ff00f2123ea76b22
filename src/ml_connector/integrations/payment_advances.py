"""Money of a payment that was on no invoice at first: over- and prepayments, applied to invoices later, each once.

Xero's API removes none of them. What they hold is applied before anything is paid, what is too much on an invoice is taken
back from it, and money that joins what is on no invoice becomes one more of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from ml_connector.canonical.documents import amount_of
from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Allocation
from ml_connector.canonical.sales import Payment
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.payment_parts import UNAPPLIED, Part, apply, new_payment, next_reference
from ml_connector.integrations.payment_rules import check_contact
from ml_connector.integrations.payment_standing import Change, Standing, applications, taken_back
from ml_connector.integrations.views import View


def from_advances(
    payment: Payment, parts: Sequence[Part], there: Sequence[Standing], pots: Sequence[Standing], change: Change,
    view: View, draft: Draft,
) -> list[Part]:  # fmt: skip
    """Apply over- and prepayments to the invoices that the payment names now; the parts that are left to be made."""
    change.kept |= {one.reference if place else UNAPPLIED: one for place, one in enumerate(pots)}
    money_only = payment.active and not change.anew and all(isinstance(part.document, Payment) for part in parts)
    if not money_only or not all(one.is_dated(payment.date) for one in pots):
        for one in pots:
            _advance_stands(one, change.what, draft)
        return []
    on_invoices = {part.on: part for part in parts if part.key != UNAPPLIED}
    rest = next((part for part in parts if part.key == UNAPPLIED), None)
    free = {one.document.id: amount_of(one.document) or ZERO for one in pots}
    applied = _kept_parts(pots, on_invoices, free, change, view, draft)
    spare = total(free.values()) - (rest.amount if rest is not None else ZERO)
    for on, part in on_invoices.items():
        wanted = min(part.amount - applied[on] - _paid(on, there, pots), spare)
        given = _spread(payment, pots, part, wanted, free, change, view, draft) if wanted > 0 else ZERO
        applied[on] += given
        spare -= given
    if spare > 0:
        _advance_stands(pots[-1], change.what, draft)
    left = [_reduced(part, part.amount - applied[part.on], payment) for part in on_invoices.values()]
    more = [_further(rest, -spare, payment, view)] if rest is not None and spare < 0 else []
    return [part for part in (*left, *more) if part.amount > 0]


def _paid(on: str, there: Sequence[Standing], pots: Sequence[Standing]) -> Decimal:
    """What payments of ours have settled of an invoice."""
    others = (one for one in there if one not in pots and one.settles == on)
    return total(amount_of(one.document) or ZERO for one in others if one.document.active or one.leaving)


def _kept_parts(
    pots: Sequence[Standing], wanted: Mapping[str, Part], free: dict[str, Decimal], change: Change, view: View,
    draft: Draft,
) -> dict[str, Decimal]:  # fmt: skip
    """How much of them is on which invoice and stays there; what is too much is taken back. ``free`` is left of each."""
    mine, kept = applications(view), defaultdict[str, Decimal](Decimal)
    for pot in pots:
        advance = pot.document
        assert isinstance(advance, Payment)
        for on in dict.fromkeys(one.document.id for one in advance.splits):
            found = [one for one in advance.splits if one.document.id == on]
            amount = total(one.amount for one in found)
            if on in wanted and kept[on] + amount <= wanted[on].amount:
                kept[on] += amount
                free[advance.id] -= amount
                continue
            for one in found:
                change.taken_back += taken_back(pot, advance, one, mine, view, draft)
                change.dates.append(one.date)
    return kept


def _spread(
    payment: Payment, pots: Sequence[Standing], part: Part, wanted: Decimal, free: dict[str, Decimal], change: Change,
    view: View, draft: Draft,
) -> Decimal:  # fmt: skip
    """Apply so much to an invoice, of the first that has something left, then of the next; how much it came to."""
    given = ZERO
    for pot in pots:
        amount = min(wanted - given, free[pot.document.id])
        if amount > 0:
            _apply_more(payment, pot, part, amount, change, view, draft)
            free[pot.document.id] -= amount
            given += amount
    return given


def _apply_more(
    payment: Payment, pot: Standing, part: Part, amount: Decimal, change: Change, view: View, draft: Draft
) -> None:
    advance = pot.document
    assert isinstance(advance, Payment)
    taken = {*view.made, *(step.reference for step in change.applied)}
    reference = next_reference(f"{view.reference}-applied-{part.key}", taken)
    date = next((one.date for one in payment.splits if one.document.id == part.key), None) or payment.date
    if date is not None and advance.date is not None:
        date = max(date, advance.date)
    check_contact(part.on, advance, view, draft)
    alike = tuple(one for one in advance.splits if (one.document.id, one.amount) == (part.on, amount))
    credit = new_payment(payment, advance.amount, advance.bank_account, kind=advance.kind, date=date, splits=alike)
    change.applied += apply(credit, advance.id, part.on, amount, reference, view, draft)
    change.dates.append(date)


def _reduced(part: Part, amount: Decimal, payment: Payment) -> Part:
    """The part with what is left of it for a payment."""
    document = part.document
    assert isinstance(document, Payment)
    applied = tuple(Allocation("", one.document, amount) for one in document.splits)
    changed = new_payment(payment, amount, document.bank_account, splits=applied)
    return replace(part, amount=amount, document=changed)


def _further(rest: Part, amount: Decimal, payment: Payment, view: View) -> Part:
    """One more over- or prepayment, of what joins the money on no invoice."""
    document = rest.document
    assert isinstance(document, Payment)
    first = f"{view.reference}-{UNAPPLIED}"
    key = next_reference(first, {*view.made, first}).removeprefix(f"{view.reference}-")
    changed = new_payment(payment, amount, document.bank_account, kind=document.kind, party=document.party)
    return replace(rest, key=key, amount=amount, document=changed)


def _advance_stands(pot: Standing, what: str, draft: Draft) -> None:
    advance = pot.document
    assert isinstance(advance, Payment)
    told = {
        "credit": advance.kind.value,
        "id": advance.id,
        "amount": money(advance.amount, draft.currency),
        "what": what,
    }
    draft.wait(waiting("advance_stands", "fact", f"{pot.entity}:{advance.id}", **told))
