"""Recoding of posted invoices and credit notes: account, tracking and tax type of their lines as the mapping says today.

Nothing else of the document changes: what goes is what the ledger shows, with another coding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.writing import Action
from ml_connector.errors import BadInput
from ml_connector.integrations.decisions import Decision, Unchanged
from ml_connector.integrations.drafts import Draft, account_key, line_account, money, zone_key
from ml_connector.integrations.invoice_merge import Unpaired, lines_of_today, without_rounding
from ml_connector.integrations.invoice_rules import spread_discount, unit_of
from ml_connector.integrations.invoice_standing import DRAFTS, entity_there, own_reference, settled
from ml_connector.integrations.invoice_tax import tax_lines
from ml_connector.integrations.receivable_tables import EXEMPT
from ml_connector.integrations.recoding import Line, Recoder, closed, left, of_erased
from ml_connector.integrations.units_of_lines import unit_coding
from ml_connector.integrations.views import View

TABLES = ("accounts", "tax", "business_units")


@dataclass(frozen=True, slots=True)
class _Pair:
    """A line of the source, and the ledger's: as both agreed on it, and as it is now."""

    source: InvoiceLine
    base: InvoiceLine
    now: InvoiceLine


def recoded(invoice: Invoice, view: View) -> Decision:
    """The decision on a posted invoice or credit memo that a recoding names. Its currency is filled in."""
    job, link = view.recoding, view.link
    assert job is not None and link is not None
    now = link.now
    if not isinstance(now, Invoice):
        return left("gone_there", id=link.target_id)
    recoder = Recoder(view, job)
    try:
        lines = _recoded_lines(invoice, now, recoder)
    except Unpaired as error:
        return left("recoding_unpaired", why=str(error))
    return recoder.ended() or _fixed(now, recoder) or _written(now, lines, recoder)


# --- the lines -----------------------------------------------------------------------------------------------------


def _recoded_lines(invoice: Invoice, now: Invoice, recoder: Recoder) -> dict[str, InvoiceLine]:
    """By the ledger's id, the lines with what the mapping says. Raises Unpaired."""
    pairs = _pairs(invoice, now, recoder.view)
    match recoder.job.table:
        case "accounts":
            lines = [_account(pair, invoice, recoder) for pair in pairs]
        case "business_units":
            lines = [_tracking(pair, invoice, recoder) for pair in pairs]
        case _:
            lines = _taxed(pairs, invoice, recoder)
    return {line.id: line for line in lines}


def _pairs(invoice: Invoice, now: Invoice, view: View) -> list[_Pair]:
    base = view.link.base if view.link is not None else None
    if not isinstance(base, Invoice):
        raise Unpaired("What the ledger showed when it was posted is not known")
    source, before = _charged(invoice), without_rounding(base.lines)
    sign = -1 if invoice.total < 0 else 1
    if [sign * line.amount for line in source] != [line.amount for line in before]:
        raise Unpaired("The lines that the ledger showed when it was posted are not those that were sent")
    there = lines_of_today(before, without_rounding(now.lines))
    return [_Pair(*three) for three in zip(source, before, there, strict=True)]


def _charged(invoice: Invoice) -> list[InvoiceLine]:
    """The lines that were sent, less the document's discount. No mapping is asked for them."""
    draft = Draft(invoice.currency)
    draft.lines = [line for line in invoice.lines if line.chargeable and line.amount != 0]
    spread_discount(invoice, draft)
    return draft.lines


def _account(pair: _Pair, invoice: Invoice, recoder: Recoder) -> InvoiceLine:
    if not recoder.job.asks(account_key(pair.source.account)):
        return pair.now
    draft = Draft(invoice.currency)
    where = f"line {pair.source.id} ({_words(pair)})"
    wanted = line_account(
        pair.source.account, where, invoice.date, recoder.view, draft, recoder.view.ways.sales_accounts
    )
    if draft.waits:
        recoder.waits += draft.waits
        return pair.now
    account = recoder.account(_line(pair, invoice), pair.base.account, pair.now.account, wanted)
    return msgspec.structs.replace(pair.now, account=account)


def _tracking(pair: _Pair, invoice: Invoice, recoder: Recoder) -> InvoiceLine:
    unit = unit_of(pair.source, invoice)
    if recoder.view.settings.business_unit_as == "none" or not unit.id or not recoder.job.asks(unit.id):
        return pair.now
    draft = Draft(invoice.currency)
    wanted = unit_coding(unit, invoice.date, recoder.view, draft).get("dimensions", ())
    if draft.waits:
        recoder.waits += draft.waits
        return pair.now
    options = recoder.tracking(_line(pair, invoice), pair.base.dimensions, pair.now.dimensions, wanted)
    return msgspec.structs.replace(pair.now, dimensions=options)


def _taxed(pairs: Sequence[_Pair], invoice: Invoice, recoder: Recoder) -> list[InvoiceLine]:
    """The tax of a document is one amount that its lines share, so they are looked at together."""
    draft = Draft(invoice.currency, lines=[pair.source for pair in pairs])
    tax_lines(invoice, recoder.view, draft)
    if draft.waits:
        recoder.waits += draft.waits
        return [pair.now for pair in pairs]
    return [_tax(pair, line, invoice, recoder) for pair, line in zip(pairs, draft.lines, strict=True)]


def _tax(pair: _Pair, wanted: InvoiceLine, invoice: Invoice, recoder: Recoder) -> InvoiceLine:
    if not recoder.job.asks(zone_key(invoice.tax_zone) if wanted.tax else EXEMPT):
        return pair.now
    code = recoder.tax_code(_line(pair, invoice), pair.base.tax_code, pair.now.tax_code, wanted.tax_code)
    return msgspec.structs.replace(pair.now, tax_code=code)


def _line(pair: _Pair, invoice: Invoice) -> Line:
    credit = invoice.total < 0 or invoice.kind == "credit note"
    return Line(_words(pair), -pair.now.amount if credit else pair.now.amount)


def _words(pair: _Pair) -> str:
    return pair.now.description or pair.source.description or pair.source.sku or f"line {pair.source.id}"


# --- what the ledger lets be changed -------------------------------------------------------------------------------


def _fixed(now: Invoice, recoder: Recoder) -> Unchanged | None:
    """Why the ledger's document is not changed; None where it may be."""
    view = recoder.view
    assert view.link is not None
    if not now.active:
        return left("recoding_void", number=now.number, state=str(now.state))
    if not own_reference(view.link, view):
        return left("recoding_not_ours", number=now.number)
    return of_erased(now) or closed(now, view) or _settled(now, recoder)


def _settled(now: Invoice, recoder: Recoder) -> Unchanged | None:
    """Xero lets account and tracking of a paid invoice be changed, and nothing of a credit note that is applied."""
    told = {"number": now.number, "settled": money(settled(now), now.currency), "ledger": recoder.view.ways.title}
    if not settled(now):
        return None
    if now.kind == "credit note":
        return left("recoding_applied", **told)
    return left("recoding_tax_paid", **told) if recoder.job.table == "tax" else None


def _written(now: Invoice, lines: dict[str, InvoiceLine], recoder: Recoder) -> Decision:
    state = now.state if now.state in DRAFTS else InvoiceState.AUTHORISED
    shown = msgspec.structs.replace(
        now,
        lines=tuple(lines.get(line.id, line) for line in now.lines),
        state=state,
        allocations=(),
        exchange_rate=None,
    )
    try:
        composed = recoder.view.compose(Action.UPDATE, shown, now.reference)
    except BadInput as error:
        return left("recoding_unsuitable", why=error.sentence)
    if composed.total != now.total:
        told = {"stated": money(now.total, now.currency), "target": money(composed.total, now.currency)}
        return left("target_total_differs", **told)
    return recoder.write(entity_there(now), now, composed, now.customer, now.total)
