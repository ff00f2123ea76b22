"""The credit of an adjustment and the invoice it corrects: applied to it, and taken off it while the credit is changed.

Xero lets a credit note be changed only while nothing of it is applied or given back. What our own steps have applied is
taken off, the note is changed, and it is applied again, up to what the invoice owes then. What people have applied, and
every refund, stays: then the change waits, with both versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.checks import check_periods
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.invoice_checks import is_credit
from ml_connector.integrations.invoice_standing import settled
from ml_connector.integrations.payment_parts import next_reference, remove, with_part
from ml_connector.integrations.payment_rules import is_new
from ml_connector.integrations.payment_standing import applications, references_used
from ml_connector.integrations.views import View


def original(invoice: Invoice, view: View, draft: Draft) -> None:
    """A credit waits for the invoice it corrects, as long as that one may still come: it could not be applied later."""
    wanted = ("invoices", invoice.adjusts.id)
    if not is_credit(invoice) or not invoice.adjusts.id or wanted in view.links or wanted not in view.asked:
        return
    if "adjusted_pending" not in view.released:
        draft.wait(waiting("adjusted_pending", "link", f"invoices:{invoice.adjusts.id}"))


def original_to_come(invoice: Invoice, view: View) -> tuple[str, ...]:
    """The placeholder of the invoice it corrects, where that is still to be made."""
    target = view.links.get(("invoices", invoice.adjusts.id), "")
    return (target,) if is_new(target) else ()


# --- what we have applied ----------------------------------------------------------------------------------------


def standing(view: View) -> tuple[Allocation, ...]:
    """What earlier versions' steps have applied of the linked credit, and stands there."""
    now = view.link.now if view.link is not None else None
    mine = applications(view)
    return tuple(one for one in now.allocations if one.id in mine) if isinstance(now, Invoice) else ()


def taken(view: View) -> tuple[Allocation, ...]:
    """What our steps have taken off the linked credit since both last agreed; in this version, or in one that broke off."""
    base = view.link.base if view.link is not None else None
    shown = base.allocations if isinstance(base, Invoice) else ()
    return tuple(one for one in shown if ("allocations", one.id) in view.removed)


def is_free(now: Invoice, view: View) -> bool:
    """Whether nothing of the credit is applied or given back but what our own steps have applied."""
    ours = standing(view)
    return len(ours) == len(now.allocations) and settled(now) == total(one.amount for one in ours)


def taken_off(now: Invoice, told: str, view: View, draft: Draft) -> tuple[Step, ...]:
    """The steps that take what is ours off the invoices it is on, done or not. ``told``: what has changed, in words."""
    ours = standing(view)
    check_periods((one.date for one in ours), view, draft, told)
    parts = (*ours, *(one for one in taken(view) if _is_done(one, view)))
    if parts:
        amount = money(total(one.amount for one in parts), now.currency)
        draft.notes.append(f"what we have applied of it ({amount}) is taken off for the change")
    return _removals(now, parts, view, draft)


def off_already(now: Invoice, view: View, draft: Draft) -> tuple[Step, ...]:
    """The steps of this very version that have taken it off: a plan lists what is done, too."""
    return _removals(now, [one for one in taken(view) if _is_done(one, view)], view, draft)


def _is_done(one: Allocation, view: View) -> bool:
    return ("allocations", Action.VOID, view.removed.get(("allocations", one.id), "")) in view.done


def _removals(now: Invoice, parts: Sequence[Allocation], view: View, draft: Draft) -> tuple[Step, ...]:
    mine = applications(view)
    steps: list[Step] = []
    for one in sorted(parts, key=lambda one: one.id):
        reference = mine.get(one.id) or view.removed["allocations", one.id]
        alone = with_part(now, now.id, (one,))
        steps += remove("allocations", alone, one.id, reference, view, draft, total=one.amount)
    return tuple(steps)


# --- applying it -------------------------------------------------------------------------------------------------


def applied(
    invoice: Invoice, target: Invoice, view: View, draft: Draft, at_most: Decimal | None = None
) -> tuple[Step, ...]:
    """The credit applied to the invoice it corrects, up to what that one still owes; the rest stays open.

    What that one owes is what both sides say: a payment that is still on its way to the ledger has settled it, and the
    credit is given back by another.
    """
    target_id = view.links.get(("invoices", invoice.adjusts.id), "")
    if not is_credit(invoice) or not invoice.adjusts.id:
        return ()
    amount = _applicable(invoice, target, target_id, view, draft)
    amount = amount if at_most is None else min(amount, at_most)
    if not amount:
        return ()
    reference = next_reference(f"{target.reference}-{invoice.adjusts.id}", references_used(view))
    part = Allocation("", Ref(target_id), amount, invoice.date)
    credit_id = target.id or view.id_of(target.reference)
    credit = Invoice(credit_id, target.customer, amount, "credit note", date=invoice.date, allocations=(part,))
    sent = view.compose(Action.CREATE, credit, reference)
    return (Step("allocations", Action.CREATE, reference, sent.body, party_id=target.customer.id, total=amount),)


def _applicable(invoice: Invoice, target: Invoice, target_id: str, view: View, draft: Draft) -> Decimal:
    """How much of the credit goes onto the invoice. What was on it already, ServiceTitan has reckoned with."""
    before = total(one.amount for one in (*standing(view), *taken(view)) if one.document.id == target_id)
    room, why = _owed_there(target, target_id, invoice, view)
    told, reason = _owed_here(invoice, view)
    amount = min(-invoice.total, room, max(told, before))
    if amount > 0:
        return amount
    draft.notes.append(f"the credit stays open: {why or reason}")
    return ZERO


def _owed_there(target: Invoice, target_id: str, invoice: Invoice, view: View) -> tuple[Decimal, str]:
    """What the invoice owes in the ledger without what is taken off it, else why nothing goes onto it."""
    if not target_id:
        return ZERO, "the invoice it corrects is not in the ledger"
    there = view.counterpart("invoices", invoice.adjusts.id)
    if not isinstance(there, Invoice):
        return -invoice.total, ""
    ours = total(one.amount for one in standing(view) if one.document.id == target_id)
    owed, name = there.total - settled(there) + ours, there.number or "the invoice it corrects"
    is_open = there.state is InvoiceState.AUTHORISED or (there.state is InvoiceState.PAID and ours > 0)
    if there.kind != "invoice" or not is_open or owed <= 0:
        return ZERO, f"{name} owes nothing in the ledger"
    if there.customer.id != target.customer.id:
        return ZERO, f"{name} is another contact's in the ledger"
    return owed, ""


def _owed_here(invoice: Invoice, view: View) -> tuple[Decimal, str]:
    """What of the credit and of the invoice is open in ServiceTitan, else why none."""
    corrected, room = view.sources.get(("invoices", invoice.adjusts.id)), -invoice.total
    if isinstance(corrected, Invoice) and corrected.balance is not None:
        if corrected.balance <= 0:
            return ZERO, f"{corrected.number} is paid in ServiceTitan"
        room = min(room, corrected.balance)
    if invoice.balance is not None:
        if invoice.balance >= 0:
            return ZERO, "ServiceTitan shows it as given back"
        room = min(room, -invoice.balance)
    return room, ""
