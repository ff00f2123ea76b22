"""A payment where the ledger has it as one document: on all its invoices at once, and what is on none as unused money.

Money given back is a refund of that payment, or of the credit note of an adjustment. What moves no money is a credit note for
each invoice, as with any ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft, followed, money
from ml_connector.integrations.payment_parts import (
    UNAPPLIED,
    Part,
    adjustment,
    contact_of_split,
    merged,
    new_payment,
    wanted,
)
from ml_connector.integrations.payment_rules import is_new, linked_invoice, money_account, payer, shown_invoice
from ml_connector.integrations.payment_tables import PaymentRule
from ml_connector.integrations.views import View

WHOLE = "whole"  # the key of the one document; it has the record's own reference
_GIVEN_BACK = {"payments": "payment", "credit_notes": "credit note"}


def wanted_whole(payment: Payment, rule: PaymentRule, view: View, draft: Draft) -> tuple[Part, ...]:
    """The parts of a payment; what is missing for them goes to the draft."""
    if rule.is_credit or rule.kind == "none":
        return wanted(payment, rule, view, draft)
    account = money_account(rule, payment, view, draft)
    if payment.amount < 0:
        return tuple(_refunds(payment, account, view, draft))
    return (_received(payment, account, view, draft),)


def _received(payment: Payment, account: Ref, view: View, draft: Draft) -> Part:
    on = [(split, linked_invoice(split.document, view, draft)) for split in merged(payment)]
    splits = tuple(Allocation("", Ref(target), split.amount) for split, target in on if target)
    owner = _owner(payment, [one for one in on if one[1]], view, draft)
    document = new_payment(
        payment, payment.amount, account, splits=splits, unapplied=payment.unapplied, party=Ref(owner),
        method=Ref(name=payment.method.name),
    )  # fmt: skip
    return Part("payments", WHOLE, "", payment.amount, document)


def _owner(payment: Payment, on: list[tuple[Allocation, str]], view: View, draft: Draft) -> str:
    """The contact of its invoices, else the payer's; a payment is one contact's, and so are all that it settles."""
    if not on:
        return payer(payment, view, draft)
    contacts = {target: contact_of_split(payment, split, target, view, draft) for split, target in on}
    known = {target: followed(contact, view.ledger.parties) for target, contact in contacts.items()}
    owner = known[on[0][1]]
    for split, target in on:
        if known[target] != owner:
            told = {"number": split.document.number or split.document.id, "ledger": view.ways.title}
            draft.wait(waiting("payment_of_contacts", "fact", f"invoices:{target}", **told))
    return owner


# --- money given back --------------------------------------------------------------------------------------------


def _refunds(payment: Payment, account: Ref, view: View, draft: Draft) -> Iterable[Part]:
    for split in merged(payment):
        if credit := adjustment(split, view, draft):
            yield _refund(payment, split.document.id, ("credit_notes", credit), -split.amount, account, view, draft)
    if payment.unapplied and (refunded := _refunded(payment, view, draft)):
        yield _refund(payment, UNAPPLIED, ("payments", refunded), -payment.unapplied, account, view, draft)


def _refund(
    payment: Payment, key: str, of: tuple[str, str], amount: Decimal, account: Ref, view: View, draft: Draft
) -> Part:
    entity, id_ = of
    _check_left(of, key, amount, view, draft)
    refunds, mode = Ref(id_, _GIVEN_BACK[entity]), Ref(name=payment.method.name)
    document = new_payment(payment, -amount, account, kind=PaymentKind.REFUND, refunds=refunds, method=mode)
    return Part("refunds", key, id_, amount, document)


def _refunded(payment: Payment, view: View, draft: Draft) -> str:
    """The ledger's id of the payment whose unused money is given back; empty where there is none."""
    original = payment.refunds.id
    key = f"payments:{original or payment.id}"
    if not original:
        draft.wait(waiting("refund_of_nothing", "source", key))
        return ""
    linked = view.links.get(("payments", original), "")
    if not linked:
        draft.wait(waiting("refunded_pending", "link", key, id=original))
    elif not is_new(linked) and ("payments", linked) not in view.at_target:
        draft.wait(waiting("refund_of_applied", "source", key, id=original))
        return ""
    return linked


def _check_left(of: tuple[str, str], key: str, amount: Decimal, view: View, draft: Draft) -> None:
    """What is given back is still there, unless this very refund has been made already."""
    shown = view.at_target.get(of)
    references = {view.reference, f"{view.reference}-{key}"}
    if shown is None or references & {*view.proven, *view.made}:
        return
    left = shown.balance if isinstance(shown, Invoice) else getattr(shown, "unapplied", None)
    if left is not None and left < amount:
        told = {"left": money(left, draft.currency), "amount": money(amount, draft.currency)}
        fact = f"{of[0]}:{of[1]}"
        draft.wait(waiting("credit_used_up", "fact", fact, id=of[1], credit=_GIVEN_BACK[of[0]], **told))


def numbers_of(targets: Iterable[str], view: View) -> str:
    """Invoices of the ledger, as people call them."""
    shown = ((target, shown_invoice(target, view)) for target in targets)
    return ", ".join(sorted(one.number if one is not None and one.number else target for target, one in shown))
