"""A payment that stands in the ledger already, and a newer version of it: what is removed there, and what is made anew.

Xero changes no payment: one of another amount or date is removed and entered again. What is the same stays. What people
have reconciled, applied or entered there themselves is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ml_connector.canonical.documents import amount_of
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.connectors.writing import Step
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.payment_advances import from_advances
from ml_connector.integrations.payment_parts import (
    Part,
    apply,
    next_reference,
    remove,
    with_part,
)
from ml_connector.integrations.payment_standing import ADVANCES, Change, Standing, applications, taken_back
from ml_connector.integrations.views import View
from ml_connector.integrations.whole_payment_changes import changed_whole, check_unused


def compared(
    payment: Payment, parts: Sequence[Part], there: Sequence[Standing], what: str, anew: bool, view: View, draft: Draft
) -> Change:
    """What the ledger has laid against what it is to have."""
    linked = view.link.target_id if view.link is not None and view.link.source is not None else ""
    whole = any(one.document.id == linked and (one.leaving or one.document.active) for one in there)
    change = Change(what, anew, strict=not whole)
    pots = [one for one in there if one.entity in ADVANCES and one.document.active]
    left = list(parts)
    if pots:
        left = from_advances(payment, left, there, pots, change, view, draft)
    for one in there:
        if one not in pots and not changed_whole(one, payment, left, change, view, draft):
            _lay(one, payment, left, change, view, draft)
    change.missing = [part for part in left if part.key not in change.kept]
    change.dates += [one.document.date for one in change.removed]
    return change


def _lay(one: Standing, payment: Payment, parts: Iterable[Part], change: Change, view: View, draft: Draft) -> None:
    part = next((part for part in parts if part.key not in change.kept and one.is_of(part, view)), None)
    if part is not None and not one.leaving and _is_the_same(one, part, payment, change):
        change.kept[part.key] = one
        if not one.document.active:
            draft.wait(waiting("removed_there", "person", "removed_there", id=one.document.id, what=change.what))
        elif isinstance(one.document, Invoice) and not one.document.allocations:
            _applied_again(one, part, change, view, draft)
    elif one.leaving or one.document.active:
        change.removed.append(one)


def _is_the_same(one: Standing, part: Part, payment: Payment, change: Change) -> bool:
    if change.anew or abs(amount_of(one.document) or ZERO) != part.amount or not one.is_dated(payment.date):
        return False
    return not change.strict or (one.entity == part.entity and _account(one.document) in ("", _account(part.document)))


def _account(document: Payment | Invoice) -> str:
    """The account of money; empty where it is not shown, and for credit notes."""
    return document.bank_account.id if isinstance(document, Payment) else ""


def _applied_again(one: Standing, part: Part, change: Change, view: View, draft: Draft) -> None:
    """A credit note that never came to be applied is, and one whose invoice was replaced; one that a person has taken off

    its invoice is not.
    """
    reference = f"{one.reference}-applied"
    if ("invoices", part.key) in view.replaced:
        reference = next_reference(reference, view.made)
    elif reference in view.made:
        told = {"id": view.made[reference].target_id, "what": change.what}
        draft.wait(waiting("removed_there", "fact", f"{one.entity}:{one.document.id}", **told))
        return
    change.applied += apply(one.document, one.document.id, part.on, part.amount, reference, view, draft)


# --- removals ----------------------------------------------------------------------------------------------------


def removals(change: Change, view: View, draft: Draft) -> list[Step]:
    """The steps that remove what may not stay: applications first, since nothing that is applied can be removed."""
    mine = applications(view)
    steps, documents = list(change.taken_back), []
    for one in change.removed:
        document = one.document
        if isinstance(document, Payment):
            if document.reconciled:
                told = {"id": document.id, "amount": money(abs(document.amount), draft.currency), "what": change.what}
                draft.wait(waiting("payment_reconciled", "fact", f"{one.entity}:{document.id}", **told))
            if document.kind is PaymentKind.PAYMENT and not one.leaving:
                check_unused(document, change.what, view, draft)
        else:
            for part in document.allocations:
                steps += taken_back(one, document, part, mine, view, draft)
            document = with_part(document, document.id, ())
        documents += remove(one.entity, document, one.document.id, one.reference, view, draft)
    return [*steps, *documents]
