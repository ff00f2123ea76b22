"""What a payment or order must pass before anything is planned, and the accounts, options and counterparts it uses.

Every rule adds what is missing to the draft; all of it is told at once.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec

from ml_connector.canonical.master_data import Account
from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment
from ml_connector.integrations.debtors import contact_of
from ml_connector.integrations.decisions import Hold, Skip, skip, waiting
from ml_connector.integrations.drafts import (
    Draft,
    Named,
    checked_account,
    followed,
    money,
)
from ml_connector.integrations.payment_scope import before_start, out_of_scope
from ml_connector.integrations.payment_tables import BANK, MONEY, PaymentRule, payment_rule, type_key
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.views import View, placeholder

NEAR = dt.timedelta(days=7)  # a payment that people keyed in both systems rarely differs by more


# --- shared by payments and orders -------------------------------------------------------------------------------


def is_new(target_id: str) -> bool:
    """Whether it is an id that the target has still to give, as previews show it."""
    return target_id.startswith(placeholder(""))


# --- what a payment is at all ------------------------------------------------------------------------------------


def passed_over(payment: Payment, view: View, settings: Settings) -> Hold | Skip | None:
    """The rules that say there is nothing to book, or nothing that we may; they go before everything else."""
    if not payment.active:
        return skip("payment_reversed")
    if (outside := out_of_scope(payment, view, settings)) is not None:
        return outside
    if (before := before_start(payment, view, settings)) is not None:
        return before
    if payment.amount == payment.unapplied == 0 and not any(split.amount for split in payment.splits):
        return skip("payment_zero")
    if payment.reference and view.link is None and "payment_from_ledger" not in view.released:
        told = {"reference": payment.reference}
        return Hold((waiting("payment_from_ledger", "person", "payment_from_ledger", **told),))
    return None


def rule_of(payment: Payment, view: View, draft: Draft) -> PaymentRule | None:
    """What the payment's type is in the ledger; None, with what is missing, where nobody has said so."""
    key = type_key(payment.method)
    value = view.mappings["payment_types"].get(key, payment.date)
    name = payment.method.name or key
    if value is None:
        draft.wait(waiting("payment_type_unmapped", "mapping", f"payment_types:{key}", name=name))
        return None
    try:
        return payment_rule(value)
    except ValueError as error:
        told = {"name": name, "why": str(error)}
        draft.wait(waiting("payment_type_unusable", "mapping", f"payment_types:{key}", **told))
        return None


def source_checks(payment: Payment, view: View, draft: Draft) -> None:
    """What must be right in the source."""
    key = f"payments:{payment.id}"
    if payment.date is None:
        draft.wait(waiting("no_date", "source", key, what="date"))
    applied = total(split.amount for split in payment.splits)
    if applied + payment.unapplied != payment.amount:
        parts = (("stated", payment.amount), ("applied", applied), ("unapplied", payment.unapplied))
        told = {name: money(amount, draft.currency) for name, amount in parts}
        draft.wait(waiting("payment_does_not_tie", "source", key, **told))
    amounts = [*(split.amount for split in payment.splits), payment.unapplied]
    if any(amount * payment.amount < 0 for amount in amounts) or (payment.amount == 0 and any(amounts)):
        draft.wait(waiting("payment_both_signs", "source", key))


# --- accounts ----------------------------------------------------------------------------------------------------


def named_row(payment: Payment) -> Named:
    """Where a person has said what payments of this type are."""
    return Named("payment_types", type_key(payment.method))


def money_account(rule: PaymentRule, payment: Payment, view: View, draft: Draft) -> Ref:
    """The bank or clearing account of a payment: of type BANK, or one that people have opened to payments in Xero."""
    named = named_row(payment)
    account = view.ledger.accounts.get(rule.account)
    if account is None or not account.active:
        return checked_account(rule.account, named, view, draft)
    told = {"name": _label(account), "what": named.what}
    if not account.takes_payments:
        draft.wait(waiting("account_takes_no_payments", "fact", f"accounts:{account.id}", **told))
    if account.type in MONEY and payment.journal:
        told |= {"type": payment.method.name or type_key(payment.method)}
        draft.wait(waiting("no_money_on_bank", "mapping", f"payment_types:{named.key}", **told))
    if account.currency and account.currency != draft.currency:
        told = {"source": draft.currency, "target": account.currency, "what": f"account {_label(account)}"}
        draft.wait(waiting("currency_differs", "fact", f"accounts:{account.id}", **told))
    return Ref(account.id, account.name, account.number)


def check_advance(account: Ref, amount: Decimal, payment: Payment, view: View, draft: Draft) -> None:
    """Money on no invoice yet is a bank transaction in Xero, which it books on accounts of type BANK alone."""
    known, named = view.ledger.accounts.get(account.id), named_row(payment)
    if known is not None and known.active and known.type != BANK:
        told = {"name": _label(known), "what": named.what, "amount": money(amount, draft.currency)}
        draft.wait(waiting("advance_not_on_bank", "mapping", f"payment_types:{named.key}", **told))


def credit_account(rule: PaymentRule, payment: Payment, view: View, draft: Draft) -> Ref:
    """The account of a write-off or fee: one that lines may use, and never a bank account."""
    account = view.ledger.accounts.get(rule.account)
    if account is not None and account.active and account.type in MONEY:
        named = named_row(payment)
        told = {"name": _label(account), "what": named.what, "type": payment.method.name or named.key}
        draft.wait(waiting("no_money_on_bank", "mapping", f"payment_types:{named.key}", **told))
        return Ref(account.id, account.name, account.number)
    return checked_account(rule.account, named_row(payment), view, draft)


def _label(account: Account) -> str:
    return " ".join(part for part in (account.number, account.name) if part)


# --- counterparts ------------------------------------------------------------------------------------------------


def linked_invoice(invoice: Ref, view: View, draft: Draft) -> str:
    """The target's id of an invoice that the payment is on; it waits for one that is not there."""
    wanted = ("invoices", invoice.id)
    found = view.links.get(wanted)
    if found:
        return found
    told = {"number": invoice.number or invoice.id}
    key = f"invoices:{invoice.id}"
    if wanted in view.asked:
        draft.wait(waiting("invoice_pending", "link", key, **told))
    else:
        code = "invoice_unknown" if "invoices" in view.brings else "invoice_flow_off"
        draft.wait(waiting(code, "link", key, **told))
    return ""


def payer(payment: Payment, view: View, draft: Draft) -> str:
    """The target's id of the customer, which money on no invoice and credits need."""
    wanted = ("customers", payment.party.id)
    target = followed(view.links.get(wanted, ""), view.ledger.parties)
    name = payment.party.name or payment.party.id
    known = view.ledger.parties.get(target)
    if not target:
        draft.wait(waiting("payer_missing", "link", f"customers:{payment.party.id}", name=name))
    elif known is not None and not known.active:
        told = {"name": name, "target": known.name}
        draft.wait(waiting("payer_inactive", "fact", f"parties:{target}", **told))
    return target


def shown_invoice(target_id: str, view: View) -> Invoice | None:
    """What the target shows of a sales invoice now; None where that is not known."""
    found = view.at_target.get(("invoices", target_id))
    return found if isinstance(found, Invoice) else None


def check_open(target_id: str, amount: Decimal, view: View, draft: Draft) -> None:
    """The invoice stands in the ledger and still owes the amount, as far as is known."""
    invoice = shown_invoice(target_id, view)
    if invoice is None:
        return
    key, number = f"invoices:{target_id}", invoice.number or target_id
    if invoice.state not in (InvoiceState.AUTHORISED, InvoiceState.PAID):
        draft.wait(waiting("invoice_not_open", "fact", key, number=number, state=invoice.state.value))
    elif (invoice.balance or ZERO) < amount and invoice.balance is not None:
        told = {"owed": money(invoice.balance, draft.currency), "amount": money(amount, draft.currency)}
        draft.wait(waiting("invoice_owes_less", "fact", key, number=number, **told))
    if invoice.currency and invoice.currency != draft.currency:
        told = {"source": draft.currency, "target": invoice.currency, "what": f"invoice {number} of the ledger"}
        draft.wait(waiting("currency_differs", "fact", key, **told))


def check_contact(target_id: str, credit: Payment | Invoice, view: View, draft: Draft) -> None:
    """Xero applies a credit, over- or prepayment to invoices of its own contact alone."""
    invoice, parties = shown_invoice(target_id, view), view.ledger.parties
    own = credit.party.id if isinstance(credit, Payment) else credit.customer.id
    if invoice is None:
        invoice = _to_be_posted(target_id, view)
    theirs = followed(invoice.customer.id, parties) if invoice is not None else ""
    if invoice is not None and own and theirs and theirs != followed(own, parties):
        number = invoice.number or target_id
        draft.wait(
            waiting("credit_other_contact", "fact", f"invoices:{target_id}", number=number, ledger=view.ways.title)
        )


def _to_be_posted(target_id: str, view: View) -> Invoice | None:
    """An invoice that is still to be posted, with the contact that it is to have."""
    named = (pair for pair, target in view.links.items() if pair[0] == "invoices" and target == target_id)
    found = next((one for pair in named if isinstance(one := view.sources.get(pair), Invoice)), None)
    return None if found is None else msgspec.structs.replace(found, customer=Ref(contact_of(found, view)))


def check_twin(target_id: str, amount: Decimal, paid: Payment, view: View, draft: Draft) -> None:
    """Nobody has keyed the payment into the ledger by hand: same invoice, amount, and a near date, without our reference."""
    if "payment_twin" in view.released:
        return
    for other in view.at_target.values():
        if not isinstance(other, Payment) or not other.active or other.reference or other.ours or other.date is None:
            continue
        same = other.amount == amount and any(split.document.id == target_id for split in other.splits)
        if same and _is_near(other.date, paid):
            told = {"amount": money(amount, draft.currency), "date": str(other.date), "id": other.id}
            invoice = shown_invoice(target_id, view)
            number = invoice.number if invoice is not None else target_id
            draft.wait(waiting("payment_twin", "person", "payment_twin", number=number, **told))


def check_whole_twin(paid: Payment, view: View, draft: Draft) -> None:
    """Nobody has keyed the payment by hand: one of the contact over the whole amount, of a near date, without our reference.

    What it is on does not count: a list tells no invoices of a payment.
    """
    if "whole_payment_twin" in view.released:
        return
    linked = set(view.links.values())
    for other in view.at_target.values():
        if not isinstance(other, Payment) or not other.active or other.reference or other.date is None:
            continue
        same = (other.amount, other.party.id, other.kind) == (paid.amount, paid.party.id, paid.kind)
        if same and not other.ours and other.id not in linked and _is_near(other.date, paid):
            told = {"amount": money(paid.amount, draft.currency), "date": str(other.date), "id": other.id}
            draft.wait(waiting("whole_payment_twin", "person", "whole_payment_twin", **told))


def check_credit_twin(note: Invoice, view: View, draft: Draft) -> None:
    """Nobody has keyed the write-off or fee by hand: a credit note of the contact over the amount, of a near date.

    One that shows our reference, that our application made, or that another document stands for is none.
    """
    if "credit_twin" in view.released:
        return
    linked = set(view.links.values())
    for other in view.at_target.values():
        if not isinstance(other, Invoice) or other.kind != note.kind or not other.active or other.date is None:
            continue
        theirs = not (other.reference or other.ours or other.id in linked)
        same = (other.total, other.customer.id) == (note.total, note.customer.id)
        if theirs and same and other.currency in ("", draft.currency) and _is_near(other.date, note):
            told = {"amount": money(note.total, draft.currency), "date": str(other.date), "id": other.id}
            number = other.number or "without a number"
            draft.wait(waiting("credit_twin", "person", "credit_twin", number=number, **told))


def _is_near(date: dt.date, ours: Payment | Invoice) -> bool:
    """Whether it is no further than people's days differ from ours: from its own to the one it is booked on."""
    if ours.date is None:
        return False
    return (ours.original_date or ours.date) - NEAR <= date <= ours.date + NEAR
