"""What the ledger shows of a payment that was posted, laid beside what it is to have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from ml_connector.canonical.documents import Document
from ml_connector.canonical.parts import Allocation
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.decisions import Hold, Waiting, gone_there, waiting
from ml_connector.integrations.drafts import ENTRIES_PENDING, Draft
from ml_connector.integrations.payment_anew import took_its_place
from ml_connector.integrations.payment_parts import Part, parts_of, remove, with_part
from ml_connector.integrations.views import View, settled_key

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

    def is_dated(self, date: dt.date | None) -> bool:
        """Whether it has that date, be it that it was booked on another day because its own was closed."""
        return date in (self.document.date, self.document.original_date)

    def is_of(self, part: Part, view: View) -> bool:
        """Whether it is what the ledger has of the part."""
        if self.entity in ADVANCES or part.entity in ADVANCES:
            return self.entity in ADVANCES and part.entity in ADVANCES
        if self.settles:
            return self.settles == part.on
        own = (view.reference, f"{view.reference}-{part.key}")
        return self.reference in own or any(took_its_place(self.reference, first, view) for first in own)


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
            document = _before_this(document, view)
            documents.append(Standing(reference, entity, document, _is_leaving(entity, reference, view)))
        else:
            draft.wait(_not_shown(entity, target_id, view))
    return documents


def _not_shown(entity: str, id_: str, view: View) -> Waiting:
    """It is gone, or was never read: what no list shows, and was made before steps filed it, may well stand there."""
    if (entity, id_) in view.gone:
        return gone_there(entity, id_)
    return waiting("posted_unseen", "fact", f"{entity}:{id_}", id=id_)


def under_change(parts: Iterable[Allocation], view: View) -> tuple[Waiting, ...]:
    """It was taken off invoices for a change of theirs, which is not over yet. ``parts``: what is on which invoice."""
    numbers = {("invoices", part.document.id): part.document.number for part in parts}
    return tuple(
        waiting("invoice_changing", "link", settled_key(*pair), number=numbers.get(pair) or pair[1])
        for pair in sorted(view.changing)
    )


def on_hold(draft: Draft, view: View) -> Hold:
    """It asks for invoices, customers and entries of lists when it waits for nothing else."""
    rest = [wait for wait in draft.waits if wait.code not in ENTRIES_PENDING]
    pairs = [(entity, id_) for wait in rest for entity, _, id_ in [wait.key.partition(":")] if wait.kind == "link"]
    if len(pairs) != len(rest):
        return Hold(tuple(draft.waits))
    return Hold(tuple(draft.waits), (*(pair for pair in pairs if pair in view.asked), *draft.asks))


def _is_leaving(entity: str, reference: str, view: View) -> bool:
    """Whether a step of this very version has removed it, or taken the credit note that it is off its invoice."""
    removed = {(kind, of) for kind, action, of in view.done if action is Action.VOID}
    applied = (of for kind, of in removed if kind == "allocations" and entity == "credit_notes")
    return (entity, reference) in removed or any(of.startswith(f"{reference}-applied") for of in applied)


def _before_this(document: Payment | Invoice, view: View) -> Payment | Invoice:
    """Without what this very version has applied: its plan lists that, whether it is done or not."""
    own = set(view.proven.values())
    if isinstance(document, Payment) and document.kind is PaymentKind.PAYMENT:
        return document
    return with_part(document, document.id, tuple(one for one in parts_of(document) if one.id not in own))


def moved(view: View) -> bool:
    """Whether what it stood on has another counterpart now, or a change of that has taken it off."""
    targets = {target for (flow, _), target in view.links.items() if flow == "invoices"}
    made = (view.at_target.get((one.entity, one.target_id)) for one in view.made.values() if one.entity == "payments")
    splits = [split.document.id for one in made if isinstance(one, Payment) for split in one.splits]
    return bool(view.taken_off or view.replaced) or any(id_ not in targets for id_ in splits)


def is_ours(document: Document, view: View) -> bool:
    """Whether it carries the record's own reference."""
    shown = str(getattr(document, "reference", ""))
    return shown == view.reference or shown.startswith(f"{view.reference}-")


def removed_by_hand(view: View) -> bool:
    """Whether people have removed what this very version has made: no version removes what it makes itself."""
    link = view.link
    gone = link is not None and link.now is not None and not getattr(link.now, "active", True)
    return link is not None and gone and link.target_id in view.proven.values()


def applications(view: View) -> dict[str, str]:
    """References of the applications of credits that our steps have made, by their ids."""
    return {made.target_id: reference for reference, made in view.made.items() if made.entity == "allocations"}


def references_used(view: View) -> set[str]:
    """Those of what stands and of what steps of this very version have taken back: its plan names the same between them."""
    return {*view.made, *(of for entity, action, of in view.done if (entity, action) == ("allocations", Action.VOID))}


def taken_back(
    pot: Standing, credit: Payment | Invoice, one: Allocation, mine: dict[str, str], view: View, draft: Draft
) -> list[Step]:
    """The step that takes a credit off an invoice, if we have put it there."""
    if one.id not in mine:
        told = {"id": credit.id, "number": one.document.number or one.document.id}
        draft.wait(waiting("applied_by_hand", "fact", f"{pot.entity}:{credit.id}", **told))
        return []
    document = with_part(credit, credit.id, (one,))
    return remove("allocations", document, one.id, mine[one.id], view, draft, total=one.amount)
