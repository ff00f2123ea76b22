"""What of a vendor's credit is on which bill, and the steps that make the ledger show the same: each part applied once.

What people have applied in the ledger themselves counts, and is never taken back; what we applied is, where the source has
it on that bill no more. Nothing is taken off in a closed period, and nothing put on a bill there unless an approver has
released it. Amounts of parts are positive, those of credits negative.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.checks import check_periods
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft, followed, money
from ml_connector.integrations.laid_parts import Laid, laid_beside
from ml_connector.integrations.payment_parts import next_reference
from ml_connector.integrations.payment_rules import is_new
from ml_connector.integrations.payment_standing import applications, references_used
from ml_connector.integrations.views import View

ENTITY = "vendor_credits"
_OWED = (BillState.OPEN, BillState.PARTLY_PAID, BillState.PAID)


@dataclass(frozen=True, slots=True)
class _Missing:
    """So much of a part that its bill of the ledger, ``on``, has not; ``first`` is the reference of its first step."""

    part: Allocation
    on: str
    amount: Decimal
    first: str

    def reference(self, view: View) -> str:
        """The reference of the step that applies it."""
        return next_reference(self.first, references_used(view))

    def is_under_way(self, view: View) -> bool:
        """Whether this very version has applied it, or taken off what stood there, so that the bill shows something else."""
        off = {of for entity, action, of in view.done if (entity, action) == ("allocations", Action.VOID)}
        return self.reference(view) in view.proven or any(_is_of(one, self.first) for one in off)


def _is_of(reference: str, first: str) -> bool:
    """Whether it is the first reference of an application, or a later one."""
    return reference == first or reference.startswith(f"{first}+")


def on_bills(credit: Bill) -> dict[str, Allocation]:
    """What of it is on which bill, by the source's id of the bill: one part for each."""
    found: dict[str, Allocation] = {}
    for part in credit.credits:
        before = found.get(part.document.id)
        amount = part.amount + (before.amount if before else ZERO)
        found[part.document.id] = msgspec.structs.replace(part, amount=amount)
    return {id_: part for id_, part in found.items() if part.amount}


def to_come(credit: Bill, view: View) -> tuple[str, ...]:
    """Ids that the ledger has still to give: of the vendor, and of the bills that the credit is on."""
    pairs = (("vendors", credit.vendor.id), *(("bills", id_) for id_ in on_bills(credit)))
    ids = (view.links.get(pair, "") for pair in pairs)
    return tuple(dict.fromkeys(id_ for id_ in ids if is_new(id_)))


def applied(credit: Bill, there: Bill, reference: str, view: View, draft: Draft) -> list[Step]:
    """The steps that bring what the ledger's credit is applied to in line; what is taken back goes first."""
    wanted = _wanted(credit, view, draft)
    laid = laid_beside(wanted, there.credits, applications(view), set(view.proven.values()))
    missing = [
        _Missing(part, on, part.amount - laid.kept[on], f"{reference}-applied-{part.document.id}")
        for on, part in wanted.items()
        if part.amount > laid.kept[on]
    ]
    missing = [one for one in missing if _takes(one, laid, there, view, draft)]
    _check_room(there, laid, total(one.amount for one in missing), draft)
    off = taken_back(there, laid.back, "less of it is on a bill", view, draft)
    return [*off, *(_put_on(one, there, view, draft) for one in missing)]


def taken_back(there: Bill, parts: Collection[Allocation], what: str, view: View, draft: Draft) -> list[Step]:
    """The steps that take off bills what we have put there. ``what`` has changed, in words.

    A part of which the ledger shows no day is taken for one of the credit's own.
    """
    mine = applications(view)
    check_periods((one.date or there.date for one in parts), view, draft, what)
    steps = []
    for part in sorted(parts, key=lambda one: one.id):
        sent = view.compose(Action.VOID, _with_parts(there, (part,)), mine[part.id])
        steps.append(
            Step("allocations", Action.VOID, mine[part.id], sent.body, target_id=part.id, total=part.amount,
                 currency=there.currency)
        )  # fmt: skip
    return steps


def _with_parts(there: Bill, parts: tuple[Allocation, ...]) -> Bill:
    return msgspec.structs.replace(there, credits=parts, lines=())


# --- what is to be on bills, and what is ---------------------------------------------------------------------------


def _wanted(credit: Bill, view: View, draft: Draft) -> dict[str, Allocation]:
    """By the ledger's bill what is to be on it."""
    found: dict[str, Allocation] = {}
    for id_, part in on_bills(credit).items():
        if target := _linked_bill(id_, part, view, draft):
            before = found[target].amount if target in found else ZERO
            found[target] = msgspec.structs.replace(part, amount=part.amount + before)
    return found


def _linked_bill(id_: str, part: Allocation, view: View, draft: Draft) -> str:
    """The ledger's id of a bill; empty, with what it waits for, where that is not there."""
    if found := view.links.get(("bills", id_)):
        return found
    code = "credited_bill_pending" if "bills" in view.brings else "credited_bill_flow_off"
    told = {"number": part.document.number or id_, "amount": money(part.amount, draft.currency)}
    if not _stays_open(code, part, view, draft):
        draft.wait(waiting(code, "link", f"bills:{id_}", **told))
    return ""


def _stays_open(code: str, part: Allocation, view: View, draft: Draft) -> bool:
    """Whether a person has released the credit past that, so that it is posted and the part stays open."""
    if code not in view.released:
        return False
    number = part.document.number or part.document.id
    draft.notes.append(f"{money(part.amount, draft.currency)} of it stays open: it is not applied to bill {number}")
    return True


def _takes(one: _Missing, laid: Laid, there: Bill, view: View, draft: Draft) -> bool:
    """Whether it is to be applied: the ledger's bill takes it, as far as is known. False where a person lets it stay open."""
    bill = view.at_target.get(("bills", one.on))
    if not isinstance(bill, Bill) or one.is_under_way(view):
        return True
    told = {"number": bill.number or one.on, "amount": money(one.amount, draft.currency)}
    freed = total(part.amount for part in laid.back if part.document.id == one.on)
    key, why = f"bills:{one.on}", _closed(bill, one.amount - freed)
    if why and _stays_open("credited_bill_closed", one.part, view, draft):
        return False
    if why:
        draft.wait(waiting("credited_bill_closed", "fact", key, why=why, **told))
    parties = view.ledger.parties
    if there.vendor.id and bill.vendor.id and followed(bill.vendor.id, parties) != followed(there.vendor.id, parties):
        draft.wait(waiting("credited_other_vendor", "fact", key, **told))
    if bill.currency and bill.currency != draft.currency:
        what = f"bill {told['number']} of the ledger"
        draft.wait(waiting("currency_differs", "fact", key, source=draft.currency, target=bill.currency, what=what))
    return True


def _closed(bill: Bill, amount: Decimal) -> str:
    """Why so much does not go onto a bill, as the rest of a sentence; empty where it does."""
    if bill.state not in _OWED:
        return f"is {bill.state}"
    if bill.balance is not None and bill.balance < amount:
        return f"owes {money(bill.balance, bill.currency)}"
    return ""


def _check_room(there: Bill, laid: Laid, amount: Decimal, draft: Draft) -> None:
    """The credit has enough left for what is to be applied: others may have applied it, or been given it back."""
    shown = total(one.amount for one in there.credits)
    given_back = there.balance - there.total - shown if there.balance is not None else ZERO
    left = -there.total - given_back - total(laid.kept.values())
    if amount <= left:
        return
    key, number = f"{ENTITY}:{there.id}", there.number or there.id
    for one in laid.others:
        bill = one.document.number or one.document.id
        draft.wait(waiting("vendor_credit_applied_by_hand", "fact", key, number=number, bill=bill))
    if not laid.others:
        told = {"left": money(left, draft.currency), "short": money(amount - left, draft.currency)}
        draft.wait(waiting("vendor_credit_used_up", "fact", key, number=number, **told))


# --- one part ------------------------------------------------------------------------------------------------------


def _put_on(one: _Missing, there: Bill, view: View, draft: Draft) -> Step:
    """The step that puts so much of the credit on a bill. Applications of as much that stand there are earlier ones."""
    reference, own = one.reference(view), set(view.proven.values())
    if reference not in view.proven:
        _check_taken_off(one, there, view, draft)
        dates = (day for day in (one.part.date, there.date) if day is not None)
        check_periods((max(dates, default=None),), view, draft)
    alike = tuple(
        part for part in there.credits if (part.document.id, part.amount) == (one.on, one.amount) and part.id not in own
    )
    credit = _with_parts(there, (Allocation("", Ref(one.on), one.amount, there.date), *alike))
    sent = view.compose(Action.CREATE, credit, reference)
    return Step("allocations", Action.CREATE, reference, sent.body, total=one.amount, currency=draft.currency)


def _check_taken_off(one: _Missing, there: Bill, view: View, draft: Draft) -> None:
    """People have taken it off the bill there: it is not put on it again. One whose bill has another counterpart is."""
    if ("bills", one.part.document.id) in view.replaced:
        return
    shown = {part.id for part in there.credits}
    earlier = [
        made.target_id
        for reference, made in view.made.items()
        if _is_of(reference, one.first) and ("allocations", Action.VOID, reference) not in view.done
    ]
    if any(id_ not in shown for id_ in earlier):
        bill = one.part.document.number or one.part.document.id
        told = {"bill": bill, "amount": money(one.part.amount, draft.currency)}
        key, number = f"{ENTITY}:{there.id}", there.number or there.id
        draft.wait(waiting("vendor_credit_taken_off", "fact", key, number=number, **told))
