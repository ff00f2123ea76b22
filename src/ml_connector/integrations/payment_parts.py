"""The documents that a payment of the source is to have in the ledger, and the steps that make them.

Money received is one payment on each invoice, the rest an over- or prepayment. Money given back is a refund of a credit.
A write-off or fee moves no money: it is a credit note, applied to the invoice. For a fee that is chosen over a payment on
the expense account, because Xero takes payments only on bank accounts and on those that people have opened to them, which
is not shown to us; a credit note is taken on every expense account, carries the business unit, and can be removed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.debtors import debtor
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.demanded import demanded_tags
from ml_connector.integrations.drafts import Draft, followed, money
from ml_connector.integrations.payment_rules import (
    check_advance,
    credit_account,
    is_new,
    linked_invoice,
    money_account,
    payer,
    shown_invoice,
)
from ml_connector.integrations.payment_shares import credit_lines, tied
from ml_connector.integrations.payment_tables import PaymentRule
from ml_connector.integrations.views import View, placeholder

UNAPPLIED = "unapplied"  # ends the reference of the money that is on no invoice
_ADVANCES = {
    "overpayment": ("overpayments", PaymentKind.OVERPAYMENT),
    "prepayment": ("prepayments", PaymentKind.PREPAYMENT),
}
_CREDITS = {"credit_notes": "credit note", "overpayments": "overpayment", "prepayments": "prepayment"}
_WORDS = {"write-off": ("Write-off", "WO"), "fee": ("Fee", "FEE")}


@dataclass(frozen=True, slots=True)
class Part:
    """One document that a payment is to have in the ledger.

    ``on`` is the ledger's id of the invoice that it settles or of the credit that it gives back, empty for money on
    nothing. ``key`` ends its reference where the payment has several parts.
    """

    entity: str
    key: str
    on: str
    amount: Decimal  # positive
    document: Payment | Invoice

    @property
    def places(self) -> tuple[tuple[str, Decimal], ...]:
        """The ledger's ids of the invoices that it settles, each with how much; a payment may be on several."""
        if isinstance(self.document, Payment) and self.document.kind is PaymentKind.PAYMENT:
            return tuple((one.document.id, one.amount) for one in self.document.splits)
        return ((self.on, self.amount),) if self.on else ()


def wanted(payment: Payment, rule: PaymentRule, view: View, draft: Draft) -> tuple[Part, ...]:
    """The parts of a payment; what is missing for them goes to the draft."""
    if rule.kind == "none":
        return ()
    if rule.is_credit:
        return tuple(_credits(payment, rule, view, draft))
    account = money_account(rule, payment, view, draft)
    if payment.amount < 0:
        return tuple(_refunds(payment, account, view, draft))
    return tuple(_received(payment, account, view, draft))


def merged(payment: Payment) -> tuple[Allocation, ...]:
    """The splits, one for each invoice."""
    found: dict[str, Allocation] = {}
    for split in payment.splits:
        before = found.get(split.document.id)
        amount = split.amount + (before.amount if before else ZERO)
        found[split.document.id] = msgspec.structs.replace(split, amount=amount)
    return tuple(split for split in found.values() if split.amount)


def new_payment(payment: Payment, amount: Decimal, account: Ref, **more: object) -> Payment:
    """A document for the ledger: none of the source's own references reaches it."""
    return msgspec.structs.replace(
        Payment("", Ref(), amount, date=payment.date, currency=payment.currency, number=payment.number),
        bank_account=account,
        **more,
    )


def _received(payment: Payment, account: Ref, view: View, draft: Draft) -> Iterable[Part]:
    for split in merged(payment):
        target = linked_invoice(split.document, view, draft)
        if target:
            applied = (Allocation("", Ref(target), split.amount),)
            document = new_payment(payment, split.amount, account, splits=applied)
            yield Part("payments", split.document.id, target, split.amount, document)
    if payment.unapplied:
        entity, kind = _ADVANCES[view.settings.unapplied_as]
        check_advance(account, payment.unapplied, payment, view, draft)
        customer = Ref(payer(payment, view, draft))
        document = new_payment(payment, payment.unapplied, account, kind=kind, party=customer)
        yield Part(entity, UNAPPLIED, "", payment.unapplied, document)


# --- money given back --------------------------------------------------------------------------------------------


def _refunds(payment: Payment, account: Ref, view: View, draft: Draft) -> Iterable[Part]:
    for split in merged(payment):
        credit = adjustment(split, view, draft)
        if credit:
            yield _refund(payment, split.document.id, ("credit_notes", credit), -split.amount, account, view, draft)
    if payment.unapplied:
        advance = _advance_of(payment, view, draft)
        if advance:
            yield _refund(payment, UNAPPLIED, advance, -payment.unapplied, account, view, draft)


def _refund(
    payment: Payment, key: str, credit: tuple[str, str], amount: Decimal, account: Ref, view: View, draft: Draft
) -> Part:
    entity, id_ = credit
    _check_left(entity, id_, key, amount, view, draft)
    document = new_payment(payment, -amount, account, kind=PaymentKind.REFUND, refunds=Ref(id_, _CREDITS[entity]))
    return Part("payments", key, id_, amount, document)


def _check_left(entity: str, id_: str, key: str, amount: Decimal, view: View, draft: Draft) -> None:
    """The credit still holds what is given back, unless this very refund has been made already."""
    credit = view.at_target.get((entity, id_))
    references = {view.reference, f"{view.reference}-{key}"}
    if credit is None or references & {*view.proven, *view.made}:
        return
    left = credit.balance if isinstance(credit, Invoice) else getattr(credit, "unapplied", None)
    if left is not None and left < amount:
        told = {
            "left": money(left, draft.currency),
            "amount": money(amount, draft.currency),
            "credit": _CREDITS[entity],
        }
        draft.wait(waiting("credit_used_up", "fact", f"{entity}:{id_}", id=id_, **told))


def adjustment(split: Allocation, view: View, draft: Draft) -> str:
    """The ledger's id of the credit note of an adjustment that money is given back on; empty if there is none."""
    target = linked_invoice(split.document, view, draft)
    if not target or is_new(target) or ("credit_notes", target) in view.at_target:
        return target
    number = split.document.number or split.document.id
    if ("invoices", target) in view.at_target:
        draft.wait(waiting("refund_without_credit", "source", f"invoices:{split.document.id}", number=number))
    else:
        draft.wait(waiting("posted_unseen", "fact", f"credit_notes:{target}", id=target))
    return ""


def _advance_of(payment: Payment, view: View, draft: Draft) -> tuple[str, str] | None:
    """The over- or prepayment that the refunded payment has in the ledger."""
    original = payment.refunds.id
    key = f"payments:{original or payment.id}"
    if not original:
        draft.wait(waiting("refund_of_nothing", "source", key))
        return None
    linked = view.links.get(("payments", original))
    if linked is None:
        draft.wait(waiting("refunded_pending", "link", key, id=original))
        return None
    own = f"{view.reference.removesuffix(view.source_id)}{original}"
    found = []
    for (entity, id_), document in view.at_target.items():
        if isinstance(document, Payment) and entity in _CREDITS and document.active:
            named = document.reference == own or document.reference.startswith(f"{own}-{UNAPPLIED}")
            found += [(document.unapplied < -payment.unapplied, entity, id_)] if named or id_ == linked else []
    if found:  # the one that still holds what is given back, where there are several
        return min(found)[1:]
    if is_new(linked):  # a preview: what it will be is not known, most refunds are of overpayments
        return _ADVANCES[view.settings.unapplied_as][0], linked
    draft.wait(waiting("refund_of_applied", "source", key, id=original))
    return None


# --- what moves no money -----------------------------------------------------------------------------------------


def _credits(payment: Payment, rule: PaymentRule, view: View, draft: Draft) -> Iterable[Part]:
    account = credit_account(rule, payment, view, draft)
    name, key = payment.method.name or payment.method.id, f"payments:{payment.id}"
    if payment.unapplied:
        shown = money(payment.unapplied, draft.currency)
        draft.wait(waiting("credit_unapplied", "source", key, name=name, amount=shown))
    if payment.amount < 0:
        draft.wait(waiting("credit_negative", "source", key, name=name))
        return
    splits = merged(payment)
    for split in splits:
        target = linked_invoice(split.document, view, draft)
        if target:
            note = _note(payment, rule, split, target, account, view, draft)
            number = note.number if len(splits) == 1 else f"{note.number}-{split.document.id}"
            note = tied(msgspec.structs.replace(note, number=number), view, draft)
            yield Part("credit_notes", split.document.id, target, split.amount, note)


def _note(
    payment: Payment, rule: PaymentRule, split: Allocation, target: str, account: Ref, view: View, draft: Draft
) -> Invoice:
    """The credit note of a write-off or fee: of the invoice's own contact, since it is applied to it."""
    words, mark = _WORDS[rule.kind]
    told = f"{words}: {payment.method.name or payment.method.id}, invoice {split.document.number or split.document.id}"
    basis, lines = credit_lines(payment, rule, split, target, account, told, view, draft)
    demanded_tags(payment, lines, view, draft)
    return Invoice(
        id="",
        customer=Ref(contact_of_split(payment, split, target, view, draft)),
        total=split.amount,
        kind="credit note",
        number=f"{view.settings.number_prefix}{mark}-{payment.id}",
        date=payment.date,
        currency=payment.currency,
        tax_basis=basis,
        lines=lines,
        memo=payment.number,
        state=InvoiceState.AUTHORISED,
    )


def contact_of_split(payment: Payment, split: Allocation, target: str, view: View, draft: Draft) -> str:
    """The invoice's own contact, as the ledger shows it, else the one it is to get; else the payer's."""
    shown, source = shown_invoice(target, view), view.sources.get(("invoices", split.document.id))
    if shown is not None and shown.customer.id:
        return shown.customer.id
    linked = view.links.get(debtor(source, view.settings).pair, "") if isinstance(source, Invoice) else ""
    return followed(linked, view.ledger.parties) or payer(payment, view, draft)


# --- steps -------------------------------------------------------------------------------------------------------


def create(part: Part, reference: str, view: View, draft: Draft) -> list[Step]:
    """The steps that make a part: the document, and for a credit note its application to the invoice."""
    document = part.document
    made = steps_of(part.entity, Action.CREATE, document, reference, view, draft, total=document_total(document))
    if not isinstance(document, Invoice):
        return made
    credit_id = view.proven.get(reference) or placeholder(reference)
    return [*made, *apply(document, credit_id, part.on, part.amount, f"{reference}-applied", view, draft)]


def apply(
    credit: Payment | Invoice,
    credit_id: str,
    invoice_id: str,
    amount: Decimal,
    reference: str,
    view: View,
    draft: Draft,
) -> list[Step]:
    """The step that applies a credit to an invoice. The credit stands in it with that one part first.

    What it has of applications besides are earlier ones of the same amount to the same invoice.
    """
    parts = (Allocation("", Ref(invoice_id), amount, credit.date), *parts_of(credit))
    return steps_of(
        "allocations", Action.CREATE, with_part(credit, credit_id, parts), reference, view, draft, total=amount
    )


def next_reference(reference: str, taken: Collection[str]) -> str:
    """A reference that no step has, as the same may be done several times: the first free one, told by a plus behind it."""
    further = (f"{reference}+{n}" for n in range(1, len(taken) + 2))
    return reference if reference not in taken else next(one for one in further if one not in taken)


def parts_of(credit: Payment | Invoice) -> tuple[Allocation, ...]:
    """What a credit is applied to."""
    return credit.allocations if isinstance(credit, Invoice) else credit.splits


def with_part(credit: Payment | Invoice, credit_id: str, parts: tuple[Allocation, ...]) -> Payment | Invoice:
    """A credit with exactly these applications."""
    if isinstance(credit, Invoice):
        return msgspec.structs.replace(credit, id=credit_id, allocations=parts)
    return msgspec.structs.replace(credit, id=credit_id, splits=parts)


def remove(
    entity: str, document: Document, target_id: str, reference: str, view: View, draft: Draft, total: Decimal = ZERO
) -> list[Step]:
    """The step that removes what a step has made under the reference."""
    return steps_of(entity, Action.VOID, document, reference, view, draft, target_id=target_id, total=total)


def document_total(document: Payment | Invoice) -> Decimal:
    """The amount that the ledger must show for it."""
    return document.amount if isinstance(document, Payment) else document.total


def steps_of(
    entity: str, action: Action, document: Document, reference: str, view: View, draft: Draft, *,
    target_id: str = "", total: Decimal = ZERO,
) -> list[Step]:  # fmt: skip
    """The step; none, with the reason in the draft, where the ledger would not take it or make another total of it."""
    try:
        composed = view.compose(action, document, reference)
    except BadInput as error:
        draft.wait(waiting("unsuitable", "source", f"payments:{view.source_id}", why=error.sentence))
        return []
    if action is Action.CREATE and composed.total != total:
        told = {"stated": money(total, draft.currency), "target": money(composed.total, draft.currency)}
        draft.wait(waiting("target_total_differs", "source", f"payments:{view.source_id}", **told))
        return []
    draft.notes.extend(composed.notes)
    made = action is not Action.VOID and entity != "allocations"
    return [
        Step(
            entity, action, reference, composed.body, target_id=target_id, total=total, currency=draft.currency,
            party_id=_party(document) if made else "",
            number=document.number if made and isinstance(document, Invoice) else "",
            date=getattr(document, "date", None) if made else None,
        )
    ]  # fmt: skip


def _party(document: Document) -> str:
    """Whose it is, where the ledger does not take that from the invoice or credit it is on."""
    if isinstance(document, Payment):
        return document.party.id
    return document.customer.id if isinstance(document, Invoice) else ""
