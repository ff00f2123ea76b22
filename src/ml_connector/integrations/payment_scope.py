"""Whether a payment is ours to book: by the invoices it is on; by its own business unit only where it is on none.

A payment from before the start is in the opening balances, and never posted. What of it is on an invoice from after the
start, or still on none, has to be applied in the ledger: that is never passed over.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Allocation
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.integrations.decisions import Hold, Skip, Waiting, skip, waiting
from ml_connector.integrations.drafts import money, unit_name
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.views import View

PASSED_OVER = ("out_of_scope", "payment_before_start")  # what the invoices that a payment is on decide


def let_in(invoice: Invoice, settings: Settings) -> tuple[str, ...]:
    """For which of these reasons nothing that is on the invoice is passed over, as the invoice is now."""
    if settings.business_units and invoice.business_unit.id not in settings.business_units:
        return ()
    since_start = invoice.active and (invoice.date is None or invoice.date >= settings.start_date)
    return PASSED_OVER if since_start else PASSED_OVER[:1]


def out_of_scope(payment: Payment, view: View, settings: Settings) -> Hold | Skip | None:
    """Passed over where all its invoices are of other business units, held where some are; None where it is ours.

    An invoice that is linked is ours, whatever its unit, and one that was not read yet may be.
    """
    if not settings.business_units:
        return None
    splits = _splits(payment)
    if not splits:
        own, name = payment.business_unit, unit_name(payment.business_unit, view)
        return None if own.id in settings.business_units else skip("out_of_scope", name=name or "(none)")
    outside = [split for split in splits if _of_another_unit(split, view, settings)]
    units = ", ".join(sorted({_unit(split, view) for split in outside}))
    if len(outside) == len(splits):
        return skip("out_of_scope", name=units)
    if not outside:
        return None
    inside = [split for split in splits if split not in outside]
    told = {"inside": _numbers(inside), "outside": _numbers(outside), "units": units}
    return Hold((waiting("payment_in_two_scopes", "setting", "setting:business_units", **told),))


def before_start(payment: Payment, view: View, settings: Settings) -> Hold | Skip | None:
    """What becomes of a payment from before the start date; None for any other."""
    if payment.date is None or payment.date >= settings.start_date:
        return None
    told = {"date": str(payment.date), "start": str(settings.start_date)}
    applied = since_start(payment, view, settings)
    unread = [split for split in _splits(payment) if _may_be_since_start(split, view, settings)]
    waits: list[Waiting] = []
    if applied:
        shown = money(total(split.amount for split in applied), payment.currency)
        fields = {**told, "amount": shown, "numbers": _numbers(applied), **_carried(view, "it is then applied")}
        waits.append(waiting("payment_before_start_applied", "setting", "setting:start_date", **fields))
    for split in unread:
        key, number = f"invoices:{split.document.id}", split.document.number or split.document.id
        waits.append(waiting("payment_before_start_unread", "link", key, number=number, **told))
    if payment.unapplied:
        shown = money(payment.unapplied, payment.currency)
        later = _carried(view, "what is put on an invoice later is then applied")
        waits.append(
            waiting("payment_before_start_open", "setting", "setting:start_date", amount=shown, **told, **later)
        )
    return Hold(tuple(waits)) if waits else skip("payment_before_start", **told)


def _carried(view: View, applied: str) -> dict[str, str]:
    """What stands for it in the opening balances, and what follows from linking it, in words.

    Where a payment is one with all that it settles, what others have entered is never changed: they apply it themselves.
    """
    if not view.ways.whole_payments:
        return {"stands": "over- or prepayment or credit note", "then": f": {applied} from here"}
    if isinstance(view.document, Invoice):
        return {"stands": "credit note", "then": f": {applied} from here"}
    return {"stands": "payment or credit note", "then": ", and apply that to invoices there by hand"}


def since_start(payment: Payment, view: View, settings: Settings) -> list[Allocation]:
    """What of a payment is on invoices that the ledger has, or will have, as ones from after the start; one for each."""
    return [split for split in _splits(payment) if _is_since_start(split, view, settings)]


# --- its invoices ------------------------------------------------------------------------------------------------


def _splits(payment: Payment) -> list[Allocation]:
    """One for each invoice, as long as something is on it."""
    found: dict[str, Allocation] = {}
    for split in payment.splits:
        before = found.get(split.document.id)
        amount = split.amount + (before.amount if before else ZERO)
        found[split.document.id] = msgspec.structs.replace(split, amount=amount)
    return [split for split in found.values() if split.amount]


def _read(split: Allocation, view: View) -> Invoice | None:
    """The invoice as the source showed it last; None where it was never read."""
    found = view.sources.get(("invoices", split.document.id))
    return found if isinstance(found, Invoice) else None


def _of_another_unit(split: Allocation, view: View, settings: Settings) -> bool:
    invoice = _read(split, view)
    if invoice is None or not settings.business_units or ("invoices", split.document.id) in view.links:
        return False
    return invoice.business_unit.id not in settings.business_units


def _unit(split: Allocation, view: View) -> str:
    invoice = _read(split, view)
    return (unit_name(invoice.business_unit, view) if invoice is not None else "") or "(none)"


def _is_since_start(split: Allocation, view: View, settings: Settings) -> bool:
    """Whether the ledger has the invoice, or will have it, as one from after the start."""
    invoice = _read(split, view)
    if invoice is None or _of_another_unit(split, view, settings):
        return invoice is None and ("invoices", split.document.id) in view.links
    return invoice.active and (invoice.date is None or invoice.date >= settings.start_date)


def _may_be_since_start(split: Allocation, view: View, settings: Settings) -> bool:
    """Whether an invoice that was never read may still come, as one from after the start.

    Invoices are read that were changed since the start date. Once that reading has come to its end, only one that the
    payment was put on since then can be on its way.
    """
    if _read(split, view) is not None or ("invoices", split.document.id) in view.links:
        return False
    return "invoices" not in view.read_through or split.date is None or split.date >= settings.start_date


def _numbers(splits: Sequence[Allocation]) -> str:
    return ", ".join(split.document.number or split.document.id for split in splits)
