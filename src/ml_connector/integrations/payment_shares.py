"""The lines of a credit note for a write-off or fee: at one amount, or with the invoice's tax in its share."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, is_exact, quantum, total
from ml_connector.canonical.parts import Allocation, Ref, TaxBasis
from ml_connector.canonical.sales import Invoice, InvoiceLine, Payment
from ml_connector.connectors.writing import Action
from ml_connector.errors import BadInput
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import ROUNDING, Draft, is_code, money
from ml_connector.integrations.invoice_checks import is_credit
from ml_connector.integrations.invoice_rules import taxed_lines
from ml_connector.integrations.invoice_tax import apportion
from ml_connector.integrations.payment_rules import is_new, shown_invoice
from ml_connector.integrations.payment_tables import PaymentRule
from ml_connector.integrations.taxes_there import as_listed, parts_unread
from ml_connector.integrations.units_of_lines import unit_coding
from ml_connector.integrations.views import View

Lines = tuple[TaxBasis, tuple[InvoiceLine, ...]]


def credit_lines(
    payment: Payment, rule: PaymentRule, applied: Allocation, target: str, account: Ref, words: str, view: View,
    draft: Draft,
) -> Lines:  # fmt: skip
    """A fee is no part of the sale and takes no tax back; a write-off does, unless the settings say otherwise."""
    coding = unit_coding(payment.business_unit, payment.date, view, draft)
    frame = InvoiceLine("1", applied.amount, words, unit_price=applied.amount, account=account, **coding)
    whole: Lines = (TaxBasis.NONE, (frame,))
    if rule.kind == "fee" or view.settings.write_off_tax == "none":
        return whole
    invoice = shown_invoice(view.came.get(target, target), view) or _to_come(applied, target, view, draft)
    if invoice is None or not invoice.complete:
        _unseen(applied, target, draft)
        return whole
    bases = _bases(invoice)
    exact = is_code(draft.currency) and is_exact(applied.amount, draft.currency)  # else it is held for that
    untold = invoice.tax and not any(tax for _, _, tax in bases)  # the ledger shows no tax of its lines
    if not exact or not (untold or any(tax for _, _, tax in bases)):
        return whole
    if untold or _whole(bases) <= 0 or any(_unclear(one, view) for one in bases):
        number = invoice.number or target
        draft.wait(waiting("write_off_tax_unclear", "setting", "setting:write_off_tax", number=number))
        return whole
    return TaxBasis.EXCLUSIVE, tuple(_shared(frame, bases, view, draft))


def _unclear(base: tuple[str, Decimal, Decimal], view: View) -> bool:
    """Whether nobody can tell the tax in a part of it; what is not taxed names no tax type in some ledgers.

    What is below zero is a discount: it has a share where it is not taxed, for then it moves no tax.
    """
    code, net, tax = base
    if not code and (view.ways.names_exempt or tax):
        return True
    return tax < 0 or (net < 0 and (bool(tax) or not _is_exempt(code, view)))


def _is_exempt(code: str, view: View) -> bool:
    """Whether the ledger reckons no tax on what has this tax type."""
    known = view.ledger.tax_codes.get(code)
    return not code or (known is not None and known.rate == 0)


def _whole(bases: Sequence[tuple[str, Decimal, Decimal]]) -> Decimal:
    """The invoice's total."""
    return total(part for _, net, tax in bases for part in (net, tax))


def _to_come(applied: Allocation, target: str, view: View, draft: Draft) -> Invoice | None:
    """An invoice that is still to be made, with the lines and the tax that its own plan gives it."""
    invoice = view.sources.get(("invoices", applied.document.id))
    if not (is_new(target) and isinstance(invoice, Invoice) and invoice.complete and is_code(draft.currency)):
        return None
    if is_credit(invoice):
        return None
    invoice, found = msgspec.structs.replace(invoice, currency=draft.currency), Draft(draft.currency)
    taxed_lines(invoice, view, found)
    lines = tuple(found.lines)
    return None if found.waits else msgspec.structs.replace(invoice, tax_basis=TaxBasis.EXCLUSIVE, lines=lines)


def _unseen(applied: Allocation, target: str, draft: Draft) -> None:
    """The tax of an invoice that is still to be made is known once it is there."""
    number = applied.document.number or applied.document.id
    link, fact = ("link", f"invoices:{applied.document.id}"), ("fact", f"invoices:{target}")
    kind, key = link if is_new(target) else fact
    draft.wait(waiting("write_off_tax_unseen", kind, key, number=number))


def _bases(invoice: Invoice) -> list[tuple[str, Decimal, Decimal]]:
    """For each tax type of the invoice: what it was taken on, and how much it is."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for line in invoice.lines:
        tax = (line.tax or ZERO) if invoice.tax_basis is not TaxBasis.NONE else ZERO
        net = line.amount - (tax if invoice.tax_basis is TaxBasis.INCLUSIVE else ZERO)
        before = found.get(line.tax_code.id, (ZERO, ZERO))
        found[line.tax_code.id] = (before[0] + net, before[1] + tax)
    return [(code, net, tax) for code, (net, tax) in found.items() if net or tax]


def _shared(
    frame: InvoiceLine, bases: Sequence[tuple[str, Decimal, Decimal]], view: View, draft: Draft
) -> list[InvoiceLine]:
    """The amount in the proportions of the invoice, to the cent, nothing lost."""
    shares = apportion(frame.amount, [part for _, net, tax in bases for part in (net, tax)], draft.currency)
    lines = []
    for n, (code, _, _) in enumerate(bases):
        net, tax = shares[2 * n], shares[2 * n + 1]
        if net or tax:
            lines.append(
                InvoiceLine(
                    str(n + 1), net, frame.description, unit_price=net, account=frame.account,
                    tax_code=as_listed(Ref(code), view), tax=tax, taxable=bool(tax), dimensions=frame.dimensions,
                    location=frame.location,
                )
            )  # fmt: skip
    return lines


def tied(note: Invoice, view: View, draft: Draft) -> Invoice:
    """With a line that is not taxed for what the ledger's own arithmetic of tax is off by: a cent or two, on the account.

    What it would not take at all is told where it is sent.
    """
    if note.tax_basis is not TaxBasis.EXCLUSIVE or draft.waits or parts_unread(note.lines, view, draft):
        return note
    try:
        apart = note.total - view.compose(Action.CREATE, note, view.reference).total
    except BadInput:
        return note
    if not apart or abs(apart) > quantum(draft.currency) * len(note.lines):
        return note
    first = note.lines[0]
    more = InvoiceLine(
        "",
        apart,
        ROUNDING,
        unit_price=apart,
        account=first.account,
        tax=ZERO,
        taxable=False,
        dimensions=first.dimensions,
        location=first.location,
    )
    draft.notes.append(f"rounding of {money(apart, draft.currency)} to {first.account.label()}")
    return msgspec.structs.replace(note, lines=(*note.lines, more))
