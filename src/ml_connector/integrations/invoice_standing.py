"""What the ledger shows of an invoice that was posted, and why a change of it is held: with both versions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.integrations.decisions import Hold, Waiting, waiting
from ml_connector.integrations.drafts import money
from ml_connector.integrations.invoice_checks import number_table
from ml_connector.integrations.views import Linked, View

DRAFTS = (InvoiceState.DRAFT, InvoiceState.SUBMITTED)  # of the ledger: not in its books yet
FIGURES = frozenset(["number", "date", "total", "tax", "customer"])  # what the ledger's own figures tell
HALF = "what an earlier change left half done"
_TOLD = ("total", "number", "date", "due_date", "tax", "discount")


class Change(msgspec.Struct, frozen=True):
    """An invoice as it is now and as it was posted, what the ledger shows now, and the names of what has changed."""

    invoice: Invoice
    posted: Invoice
    now: Invoice
    what: tuple[str, ...]

    @property
    def told(self) -> str:
        """What has changed, for a person."""
        before, after = self.posted, self.invoice
        told = [
            f"{name} {_shown(getattr(before, name))} -> {_shown(getattr(after, name))}" if name in _TOLD else name
            for name in self.what
        ]
        return ", ".join(told).replace("_", " ") or "its batch was posted"


def _shown(value: Any) -> str:
    return "none" if value in (None, "") else money(value) if isinstance(value, Decimal) else str(value)


# --- whose document it is ----------------------------------------------------------------------------------------


def own_reference(link: Linked, view: View) -> str:
    """Our reference on the linked document, or on it when both last agreed; empty where we did not make it."""
    shown = (str(getattr(one, "reference", "")) for one in (link.now, link.base))
    return next((one for one in shown if one == view.reference or one.startswith(f"{view.reference}-")), "")


def new_reference(invoice: Invoice, number: str, view: View) -> str:
    """The reference of what is posted; of what takes the place of a void document, one that tells it from that."""
    return view.reference if view.link is None else f"{view.reference}-{number_key(number) or invoice.id}"


def void_and_renumbered(invoice: Invoice, view: View) -> bool:
    """Whether what we made is void there, and a person has given the invoice a number under which it goes once more.

    The number of what is void stays taken.
    """
    now = view.link.now if view.link is not None else None
    given = view.mappings[number_table(invoice)].get(invoice.id)
    if view.link is None or not isinstance(now, Invoice) or now.active or not invoice.active or not given:
        return False
    return number_key(given) != number_key(now.number) and own_reference(view.link, view) != ""


# --- what it shows -----------------------------------------------------------------------------------------------


def entity_there(now: Invoice) -> str:
    """What the ledger's document is called there."""
    return "credit_notes" if now.kind == "credit note" else "invoices"


def settled(now: Invoice) -> Decimal:
    """What of it is paid, credited or, of a credit, applied or given back."""
    if now.state in DRAFTS:
        return ZERO
    open_ = ZERO if now.state is InvoiceState.PAID else now.balance
    return now.total - (now.total if open_ is None else open_)


def _there(now: Invoice) -> str:
    return f"{now.number} of {now.date} over {money(now.total, now.currency)}, {now.state}"


# --- why it is held ----------------------------------------------------------------------------------------------


def paid(told: str, now: Invoice, view: View) -> Waiting:
    """Something stands against it there; it goes on when that has changed."""
    fields = {
        "what": told,
        "there": _there(now),
        "settled": money(settled(now), now.currency),
        "ledger": view.ways.title,
    }
    return waiting("change_when_paid", "fact", f"{entity_there(now)}:{now.id}", **fields)


def other_than(invoice: Invoice, number: str, contact: str, there: Invoice, reference: str) -> Waiting | None:
    """What stands under our reference is not what would be posted: a person compares both. None where it is.

    ``number`` and ``contact``: those that the invoice gets in the ledger.
    """
    figures = {
        "number": (number_key(there.number), number_key(number)),
        "date": (there.date, invoice.date),
        "total": (-there.total if there.kind == "credit note" and invoice.total < 0 else there.total, invoice.total),
        "currency": (there.currency or invoice.currency, invoice.currency),
        "customer": (there.customer.id, contact),
    }
    differ = ", ".join(f"another {name}" for name, (shown, meant) in figures.items() if shown != meant)
    if not differ:
        return None
    ours = f"{number} of {invoice.date or 'no date'} over {money(invoice.total, invoice.currency)}"
    told = {"reference": reference, "other": f"{_there(there)} ({differ})", "ours": ours}
    return waiting("conflict", "person", "conflict", **told)


def void(change: Change, view: View) -> Hold:
    """It is void there; another number frees it."""
    told = {"what": change.told, "there": _there(change.now), "ledger": view.ways.title}
    key = f"{number_table(change.invoice)}:{change.invoice.id}"
    return Hold((waiting("void_there", "mapping", key, **told),))


def held(change: Change, why: str) -> Hold:
    """A change that is not sent; it is looked at again when the document changes there."""
    now, told = change.now, {"what": change.told, "there": _there(change.now), "why": why}
    return Hold((waiting("change_not_sent", "fact", f"{entity_there(now)}:{now.id}", **told),))
