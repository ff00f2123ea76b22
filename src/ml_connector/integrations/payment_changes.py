"""A payment that stands in the ledger already, and a newer version of it: what is removed there, and what is made anew.

Xero changes no payment: one of another amount or date is removed and entered again. What is the same stays. Over- and
prepayments cannot be removed by Xero's API; they are applied to invoices, and taken back from them. What people have
reconciled, applied or entered there themselves is never touched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ml_connector.canonical.documents import Allocation, Document, Invoice, Payment, PaymentKind, amount_of
from ml_connector.canonical.money import ZERO, total
from ml_connector.connectors.base import Action, Step
from ml_connector.integrations.base import View, waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.payment_parts import UNAPPLIED, Part, apply, new_payment, remove, with_part

ADVANCES = ("overpayments", "prepayments")


@dataclass(frozen=True, slots=True)
class Standing:
    """A document that our steps have made for the payment, as the ledger shows it now.

    ``leaving``: a step of this very version has removed it already, or its application.
    """

    reference: str
    entity: str
    document: Payment | Invoice
    leaving: bool = False

    @property
    def settles(self) -> str:
        """The ledger's id of the invoice or credit it is on; empty where it shows none."""
        if isinstance(self.document, Invoice):
            return next((one.document.id for one in self.document.allocations), "")
        if self.document.kind is PaymentKind.REFUND:
            return self.document.refunds.id
        return next((one.document.id for one in self.document.splits), "")

    def is_of(self, part: Part, view: View) -> bool:
        """Whether it is what the ledger has of the part."""
        if self.entity in ADVANCES or part.entity in ADVANCES:
            return self.entity in ADVANCES and part.entity in ADVANCES
        if self.settles:
            return self.settles == part.on
        return self.reference in (view.reference, f"{view.reference}-{part.key}")


@dataclass(slots=True)
class Change:
    """What stays, what goes, and what is still to be made. ``what``: how the versions differ, in words.

    ``anew``: nothing may stay, the payment's type is another. ``strict``: a version between the two broke off, so what
    stands may be of a type of its own; else what was posted is not weighed by what its type stands for today.
    """

    what: str
    anew: bool
    strict: bool
    kept: dict[str, Standing] = field(default_factory=dict)  # by the key of its part
    removed: list[Standing] = field(default_factory=list)
    missing: list[Part] = field(default_factory=list)
    applied: list[Step] = field(default_factory=list)  # credits that stand, applied to invoices
    taken_back: list[Step] = field(default_factory=list)
    dates: list[dt.date | None] = field(default_factory=list)  # of what changes; none may lie in a closed period


def standing(view: View, draft: Draft) -> list[Standing]:
    """What our steps have made for the payment, newest link included. What is not shown cannot be judged: it waits."""
    found: dict[str, tuple[str, str]] = {
        made.target_id: (reference, made.entity)
        for reference, made in view.made.items()
        if made.entity != "allocations"
    }
    link = view.link
    shown = link.now if link is not None else None
    stands = getattr(shown, "active", True) or removed_by_hand(view)
    ours = shown is not None and is_ours(shown, view) and stands
    if link is not None and ours and link.target_id not in found:
        found[link.target_id] = (str(getattr(shown, "reference", "")), link.target_entity)
    documents = []
    for target_id, (reference, entity) in found.items():
        document = (
            shown if link is not None and link.target_id == target_id else view.at_target.get((entity, target_id))
        )
        if isinstance(document, Payment | Invoice):
            parts = ((entity, reference), ("allocations", f"{reference}-applied"))
            leaving = any((kind, Action.VOID, of) in view.done for kind, of in parts)
            documents.append(Standing(reference, entity, document, leaving))
        else:
            draft.wait(waiting("posted_unseen", "fact", f"{entity}:{target_id}", id=target_id))
    return documents


def moved(view: View) -> bool:
    """Whether what it stood on has another counterpart now, or a change of that has taken it off."""
    targets = {target for (flow, _), target in view.links.items() if flow == "invoices"}
    made = (view.at_target.get((one.entity, one.target_id)) for one in view.made.values() if one.entity == "payments")
    splits = [split.document.id for one in made if isinstance(one, Payment) for split in one.splits]
    return bool(view.taken_off) or any(id_ not in targets for id_ in splits)


def is_ours(document: Document, view: View) -> bool:
    """Whether it carries the record's own reference."""
    shown = str(getattr(document, "reference", ""))
    return shown == view.reference or shown.startswith(f"{view.reference}-")


def removed_by_hand(view: View) -> bool:
    """Whether people have removed what this very version has made: no version removes what it makes itself."""
    link = view.link
    gone = link is not None and link.now is not None and not getattr(link.now, "active", True)
    return link is not None and gone and link.target_id in view.proven.values()


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
        left = _from_advance(payment, left, there, pots, change, view, draft)
    for one in there:
        if one not in pots:
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
    if change.anew or abs(amount_of(one.document) or ZERO) != part.amount or one.document.date != payment.date:
        return False
    return not change.strict or (one.entity == part.entity and _account(one.document) in ("", _account(part.document)))


def _account(document: Payment | Invoice) -> str:
    """The account of money; empty where it is not shown, and for credit notes."""
    return document.bank_account.id if isinstance(document, Payment) else ""


def _applied_again(one: Standing, part: Part, change: Change, view: View, draft: Draft) -> None:
    """A credit note that never came to be applied is; one that a person has taken off its invoice is not."""
    reference = f"{one.reference}-applied"
    if reference in view.made:
        told = {"id": view.made[reference].target_id, "what": change.what}
        draft.wait(waiting("removed_there", "person", "removed_there", **told))
        return
    change.applied += apply(one.document, one.document.id, part.on, part.amount, reference, view, draft)


# --- money that was on no invoice at first -----------------------------------------------------------------------


def _from_advance(
    payment: Payment, parts: Sequence[Part], there: Sequence[Standing], pots: Sequence[Standing], change: Change,
    view: View, draft: Draft,
) -> list[Part]:  # fmt: skip
    """Apply the over- or prepayment to the invoices that the payment names now; the parts that are left for payments."""
    pot = pots[0]
    advance = pot.document
    assert isinstance(advance, Payment)
    change.kept[UNAPPLIED] = pot
    money_only = all(isinstance(part.document, Payment) for part in parts)
    as_before = money_only and payment.active and not change.anew and advance.date == payment.date
    if len(pots) > 1 or not as_before:
        _advance_stands(pot, advance, change.what, draft)
        return []
    on_invoices = {part.on: part for part in parts if part.key != UNAPPLIED}
    rest = total(part.amount for part in parts if part.key == UNAPPLIED)
    applied = _kept_parts(pot, advance, on_invoices, change, view, draft)
    paid = {
        one.settles: amount_of(one.document) or ZERO
        for one in there
        if one is not pot and (one.document.active or one.leaving)
    }
    spare = advance.amount - rest - total(applied.values())
    for on, part in on_invoices.items():
        amount = min(part.amount - applied.get(on, ZERO) - paid.get(on, ZERO), spare)
        if amount > 0:
            _apply_more(payment, pot, part, amount, change, view, draft)
            applied[on] = applied.get(on, ZERO) + amount
            spare -= amount
    if spare != 0:
        _advance_stands(pot, advance, change.what, draft)
    left = [_reduced(part, part.amount - applied.get(part.on, ZERO), payment) for part in on_invoices.values()]
    return [part for part in left if part.amount > 0]


def _kept_parts(
    pot: Standing, advance: Payment, wanted: dict[str, Part], change: Change, view: View, draft: Draft
) -> dict[str, Decimal]:
    """How much of the advance is on which invoice and stays there; what is too much is taken back."""
    mine = {made.target_id: reference for reference, made in view.made.items() if made.entity == "allocations"}
    own = set(view.proven.values())  # of this version: not there yet as far as its plan goes
    on: dict[str, list[Allocation]] = {}
    for one in advance.splits:
        if one.id not in own:
            on.setdefault(one.document.id, []).append(one)
    kept: dict[str, Decimal] = {}
    for invoice_id, found in on.items():
        amount = total(one.amount for one in found)
        if invoice_id in wanted and amount <= wanted[invoice_id].amount:
            kept[invoice_id] = amount
            continue
        for one in found:
            change.taken_back += _taken_back(pot, advance, one, mine, view, draft)
            change.dates.append(one.date)
    return kept


def _taken_back(
    pot: Standing, credit: Payment | Invoice, one: Allocation, mine: dict[str, str], view: View, draft: Draft
) -> list[Step]:
    """The step that takes a credit off an invoice, if we have put it there."""
    if one.id not in mine:
        told = {"id": credit.id, "number": one.document.number or one.document.id}
        draft.wait(waiting("applied_by_hand", "fact", f"{pot.entity}:{credit.id}", **told))
        return []
    document = with_part(credit, credit.id, (one,))
    return remove("allocations", document, one.id, mine[one.id], view, draft, total=one.amount)


def _apply_more(
    payment: Payment, pot: Standing, part: Part, amount: Decimal, change: Change, view: View, draft: Draft
) -> None:
    assert isinstance(pot.document, Payment)
    reference = _next(f"{view.reference}-applied-{part.key}", view)
    date = next((one.date for one in payment.splits if one.document.id == part.key), None) or payment.date
    if date is not None and pot.document.date is not None:
        date = max(date, pot.document.date)
    credit = new_payment(payment, pot.document.amount, pot.document.bank_account, kind=pot.document.kind, date=date)
    change.applied += apply(credit, pot.document.id, part.on, amount, reference, view, draft)
    change.dates.append(date)


def _next(reference: str, view: View) -> str:
    """A reference that no step before has: money may be applied to one invoice several times."""
    n = sum(one == reference or one.startswith(f"{reference}+") for one in view.made)
    return f"{reference}+{n}" if n else reference


def _reduced(part: Part, amount: Decimal, payment: Payment) -> Part:
    """The part with what is left of it for a payment."""
    document = part.document
    assert isinstance(document, Payment)
    applied = tuple(Allocation("", one.document, amount) for one in document.splits)
    changed = new_payment(payment, amount, document.bank_account, splits=applied)
    return replace(part, amount=amount, document=changed)


def _advance_stands(pot: Standing, advance: Payment, what: str, draft: Draft) -> None:
    told = {
        "credit": advance.kind.value,
        "id": advance.id,
        "amount": money(advance.amount, draft.currency),
        "what": what,
    }
    draft.wait(waiting("advance_stands", "fact", f"{pot.entity}:{advance.id}", **told))


# --- removals ----------------------------------------------------------------------------------------------------


def removals(change: Change, view: View, draft: Draft) -> list[Step]:
    """The steps that remove what may not stay: applications first, since nothing that is applied can be removed."""
    mine = {made.target_id: reference for reference, made in view.made.items() if made.entity == "allocations"}
    steps, documents = list(change.taken_back), []
    for one in change.removed:
        document = one.document
        if isinstance(document, Payment):
            if document.reconciled:
                told = {"id": document.id, "amount": money(abs(document.amount), draft.currency), "what": change.what}
                draft.wait(waiting("payment_reconciled", "fact", f"{one.entity}:{document.id}", **told))
        else:
            for part in document.allocations:
                steps += _taken_back(one, document, part, mine, view, draft)
            document = with_part(document, document.id, ())
        documents += remove(one.entity, document, one.document.id, one.reference, view, draft)
    return [*steps, *documents]
