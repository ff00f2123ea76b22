"""What a payment that goes back stands on in ServiceTitan: invoices, their customer, and its payment type.

Every rule adds what is missing to the draft; all of it is told at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.integrations.back_tables import MODES, mode_key, mode_name
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.views import View

INVOICES = "invoices"  # the flow whose counterparts such payments are on, and what these are called in Zoho Books


def on_ours(payment: Payment, view: View) -> list[Allocation]:
    """What of it is on counterparts of ServiceTitan's invoices."""
    return [one for one in payment.splits if (INVOICES, one.document.id) in view.behind]


def merged(splits: Sequence[Allocation], view: View) -> tuple[Allocation, ...]:
    """One share for each of ServiceTitan's invoices."""
    shares: dict[str, Decimal] = {}
    for one in splits:
        source = view.behind[INVOICES, one.document.id].source_id
        shares[source] = shares.get(source, ZERO) + one.amount
    return tuple(Allocation("", Ref(source), amount) for source, amount in shares.items())


def payer(splits: Sequence[Allocation], view: View, draft: Draft) -> str:
    """The customer whose invoices these are; what is wrong with one of them goes to the draft."""
    customers: dict[str, str] = {}
    for one in splits:
        number = one.document.number or one.document.id
        invoice = view.behind[INVOICES, one.document.id].document
        if not isinstance(invoice, Invoice):
            draft.wait(waiting("payment_back_unread", "person", "payment_back_unread", number=number))
            continue
        customers[invoice.customer.id] = invoice.customer.name or invoice.customer.id
        _check_invoice(invoice, number, one.amount, view, draft)
    if len(customers) > 1:
        told = ", ".join(customers.values())
        draft.wait(waiting("payment_back_customers", "person", "payment_back_customers", customers=told))
    return next(iter(customers), "")


def _check_invoice(invoice: Invoice, number: str, amount: Decimal, view: View, draft: Draft) -> None:
    """It stands and has so much open, as it was read last."""
    if not invoice.active:
        draft.wait(waiting("payment_back_invoice_void", "person", "payment_back_invoice_void", number=number))
    elif invoice.balance is not None and amount > invoice.balance and "payment_back_exceeds" not in view.released:
        told = {"amount": money(amount, draft.currency), "open": money(invoice.balance, draft.currency)}
        draft.wait(waiting("payment_back_exceeds", "person", "payment_back_exceeds", number=number, **told))


def type_of(payment: Payment, view: View, draft: Draft) -> str:
    """The id of ServiceTitan's payment type; empty, with what is missing, where nobody has said which."""
    key = mode_key(payment.method)
    value = view.mappings[MODES].get(key, payment.date)
    if value is None:
        draft.wait(waiting("payment_mode_unmapped", "mapping", f"{MODES}:{key}", name=mode_name(payment.method)))
        return ""
    entry = view.ledger.entries.get("payment_types", {}).get(value)
    if entry is None or not entry.active:
        told = {"mode": key, "type": value}
        draft.wait(waiting("payment_mode_unusable", "mapping", f"{MODES}:{key}", **told))
    return value
