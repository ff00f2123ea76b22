"""How ServiceTitan's invoice becomes the ledger's: accounts, discount, tracking, due date and reference words, to the cent.

Every rule either gives a part of the ledger's document or says what is missing; all that is missing is collected, so that
a bookkeeper sees the whole list at once.
"""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import Decimal

import msgspec

from ml_connector.canonical.master_data import ListEntry
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.writing import Action, Composed
from ml_connector.integrations.decisions import Waiting, waiting
from ml_connector.integrations.demanded import demanded_of_line
from ml_connector.integrations.drafts import (
    COMING,
    DISCOUNT,
    ROUNDING,
    Draft,
    Named,
    checked_account,
    is_code,
    line_account,
    money,
)
from ml_connector.integrations.invoice_checks import entity_of, is_credit, own_key
from ml_connector.integrations.invoice_tax import apportion, exempt_code, tax_lines
from ml_connector.integrations.line_items import ROUNDING_ITEM, Sold, line_item
from ml_connector.integrations.taxes_there import parts_unread
from ml_connector.integrations.units_of_lines import unit_coding
from ml_connector.integrations.views import View


def target_lines(invoice: Invoice, view: View, draft: Draft) -> None:
    """All lines that count, with accounts, tracking and tax, less the document's discount."""
    charged_lines(invoice, view, draft)
    if invoice.complete and is_code(invoice.currency):  # what cannot be seen cannot be spread
        spread_discount(invoice, draft)
        tax_lines(invoice, view, draft)


def charged_lines(invoice: Invoice, view: View, draft: Draft) -> None:
    """Chargeable lines with the ledger's accounts. What is not charged, or is zero, is left out, visibly."""
    for line in invoice.lines:
        if not line.chargeable or line.amount == 0:
            why = "of 0.00" if line.chargeable else "that is not charged"
            draft.notes.append(f"line {line.id} '{line.description[:40]}' {why} is left out")
            continue
        account = _account(line, invoice, view, draft)
        # A new line, not a changed one: no reference of the source may reach the target.
        draft.lines.append(
            InvoiceLine(
                line.id,
                line.amount,
                line.description,
                sku=line.sku,
                quantity=line.quantity,
                unit_price=line.unit_price,
                account=account,
                taxable=line.taxable,
                tax_base=line.tax_base,
                item=_item(line, account, invoice, view, draft),
                **unit_coding(unit_of(line, invoice), invoice.date, view, draft),
            )
        )


def taxed_lines(invoice: Invoice, view: View, draft: Draft) -> None:
    """What the lines of the ledger's document come to and their tax, and nothing else of them."""
    draft.lines[:] = [
        InvoiceLine(line.id, line.amount, taxable=line.taxable, tax_base=line.tax_base)
        for line in invoice.lines
        if line.chargeable and line.amount != 0
    ]
    spread_discount(invoice, draft)
    tax_lines(invoice, view, draft)


def unit_of(line: InvoiceLine, invoice: Invoice) -> Ref:
    """A line's business unit, else the invoice's."""
    return line.business_unit if line.business_unit.id else invoice.business_unit


def _account(line: InvoiceLine, invoice: Invoice, view: View, draft: Draft) -> Ref:
    return line_account(line.account, _where(line), invoice.date, view, draft, view.ways.sales_accounts)


def _item(line: InvoiceLine, account: Ref, invoice: Invoice, view: View, draft: Draft) -> Ref:
    """What the line sells, where lines name that; a credit note's name accounts with any ledger."""
    sold = Sold(line.sku, _where(line), line.item.id, line.description)
    return Ref() if is_credit(invoice) else line_item(sold, account, invoice.date, view, draft)


def _where(line: InvoiceLine) -> str:
    """Which line it is, for a sentence."""
    return f"line {line.id} ({line.description[:40] or line.sku or 'without a description'})"


def spread_discount(invoice: Invoice, draft: Draft) -> None:
    """The document's discount comes off its lines by their amounts.

    So each account's revenue, and what is taxed and what is not, each bear their own part; a line of its own would need
    an account and a tax type that ServiceTitan does not tell.
    """
    if not invoice.discount:
        return
    try:
        shares = apportion(invoice.discount, [line.amount for line in draft.lines], invoice.currency)
    except ValueError as error:
        told = {"amount": money(invoice.discount, invoice.currency), "why": str(error)}
        draft.wait(waiting("discount_unspread", "source", own_key(invoice), **told))
        return
    draft.lines[:] = [
        msgspec.structs.replace(line, amount=line.amount - share)
        for line, share in zip(draft.lines, shares, strict=True)
    ]
    draft.discounts = shares
    draft.notes.append(f"the discount of {money(invoice.discount, invoice.currency)} is taken off the lines")


# --- the head ----------------------------------------------------------------------------------------------------


def due_date(invoice: Invoice, view: View, draft: Draft) -> dt.date | None:
    """The source's due date, else that of its payment terms. A credit note has none."""
    if is_credit(invoice) or invoice.due_date is not None or invoice.date is None:
        return invoice.due_date
    term = _term(invoice.terms, view)
    if term is None or term.days is None or not term.rule:
        told = f"its payment terms '{invoice.terms}' do not tell it" if invoice.terms else "it has no payment terms"
        draft.wait(waiting("no_due_date", "source", own_key(invoice), why=told, ledger=view.ways.title))
        return None
    found = _due(invoice.date, term.days, term.rule)
    draft.notes.append(f"due on {found} by the payment terms '{term.name}'")
    return found


def _term(name: str, view: View) -> ListEntry | None:
    wanted = name.strip().casefold()
    listed = view.source_lists.get("payment_terms", {}).values()
    return next(
        (one for one in listed if isinstance(one, ListEntry) and wanted and one.name.strip().casefold() == wanted), None
    )


def _due(date: dt.date, days: int, rule: str) -> dt.date:
    """A day that a month does not have is its last; a day of this month that has passed means at once."""
    if rule == "days":
        return date + dt.timedelta(days=days)
    month = date if rule == "this month" else date.replace(day=28) + dt.timedelta(days=4)
    day = min(max(days, 1), calendar.monthrange(month.year, month.month)[1])
    return max(date, month.replace(day=day))


def reference_words(invoice: Invoice) -> str:
    """What stands in front of our reference: job and location."""
    job = invoice.job.number or invoice.job.id
    told = (f"Job {job}" if job else "", invoice.location.name or invoice.location.id)
    return ", ".join(part for part in told if part)


# --- the document ------------------------------------------------------------------------------------------------


def target_invoice(
    invoice: Invoice, number: str, contact: str, state: InvoiceState, view: View, draft: Draft
) -> Invoice:
    """The ledger's document: a new one, so that no reference of the source reaches the target."""
    return Invoice(
        id="",
        customer=Ref(contact, invoice.customer.name),
        total=invoice.total,
        kind="credit note" if entity_of(invoice) == "credit_notes" else "invoice",
        number=number,
        date=invoice.date,
        due_date=due_date(invoice, view, draft),
        currency=invoice.currency,
        tax_basis=TaxBasis.EXCLUSIVE,
        lines=tuple(draft.lines),
        tax=invoice.tax,
        memo=reference_words(invoice),
        state=state,
        reference=view.reference,
    )


def entries_to_come(target: Invoice) -> tuple[str, ...]:
    """Items and taxes of its lines that the ledger has still to give."""
    named = (one.id for line in target.lines for one in (line.item, line.tax_code))
    return tuple(dict.fromkeys(id_ for id_ in named if id_.startswith(COMING)))


def composed(action: Action, target: Invoice, view: View, draft: Draft) -> tuple[Invoice, Composed]:
    """The ledger's payload; when its own arithmetic is off by no more than is allowed, with a rounding line.

    What it would reckon is not foreseen while the taxes of a group are not known: the draft waits for them. Raises BadInput.
    """
    target, found = _discounted(action, target, view, draft)
    apart = target.total - found.total
    if parts_unread(target.lines, view, draft) or apart == 0 or not _rounding_allowed(apart, view):
        return target, found
    target = msgspec.structs.replace(target, lines=(*target.lines, _rounding_line(apart, target, view, draft)))
    return target, view.compose(action, target, target.reference)


def _discounted(action: Action, target: Invoice, view: View, draft: Draft) -> tuple[Invoice, Composed]:
    """With the discount in lines of its own where only that gives the total: what is taken off was taxed before.

    A ledger that reckons the tax itself would else reckon it on less than ServiceTitan did.
    """
    found = view.compose(action, target, target.reference)
    if found.total == target.total or not any(draft.discounts):
        return target, found
    apart = msgspec.structs.replace(target, lines=_with_discounts(target, view, draft))
    other = view.compose(action, apart, target.reference)
    if abs(other.total - target.total) >= abs(found.total - target.total):
        return target, found
    draft.notes.append("the discount stands in lines of its own, not taxed: the tax is of the prices before it")
    return apart, other


def _with_discounts(target: Invoice, view: View, draft: Draft) -> tuple[InvoiceLine, ...]:
    """Each line at its price, and behind it what is taken off that."""
    exempt, found = exempt_code(target, view, draft), []
    for line, share in zip(target.lines, draft.discounts, strict=True):
        found.append(msgspec.structs.replace(line, amount=line.amount + share))
        if share:
            off = InvoiceLine(
                "", -share, DISCOUNT, unit_price=-share, account=line.account, tax_code=exempt, tax=ZERO, taxable=False,
                dimensions=line.dimensions, item=line.item, location=line.location,
            )  # fmt: skip
            found.append(off)
    return tuple(found)


def total_differs(theirs: Decimal, invoice: Invoice) -> Waiting:
    """The ledger's own arithmetic gives another total, and no rounding line is allowed for it."""
    told = {"stated": money(invoice.total, invoice.currency), "target": money(theirs, invoice.currency)}
    return waiting("target_total_differs", "setting", "setting:rounding_account", **told)


def _rounding_allowed(apart: Decimal, view: View) -> bool:
    settings = view.settings
    return bool(settings.rounding_account) and abs(apart) <= settings.rounding_limit


def _rounding_line(apart: Decimal, target: Invoice, view: View, draft: Draft) -> InvoiceLine:
    account = checked_account(view.settings.rounding_account, Named("", "rounding_account"), view, draft)
    draft.notes.append(f"rounding of {money(apart, target.currency)} to {account.label()}")
    exempt = exempt_code(target, view, draft)
    sold = Sold(ROUNDING_ITEM, "what it is rounded by")
    item = Ref() if is_credit(target) else line_item(sold, account, target.date, view, draft)
    tags = demanded_of_line(target.lines[0], target, view) if target.lines else ()
    return InvoiceLine(
        "", apart, ROUNDING, unit_price=apart, account=account, tax_code=exempt, tax=ZERO, item=item, dimensions=tags
    )
