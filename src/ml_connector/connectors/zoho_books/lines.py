"""What documents of all kinds share on their way to Zoho: its arithmetic, lines, references, and texts that fit. Pure.

Quantity and price go only where their product is the line's amount exactly and neither has more digits than Zoho keeps; then
every rounding rule gives the line to the cent. Else the line is one piece at its amount, with the real figures in its
description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.money import ZERO, is_exact, plain, rounded, total
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.canonical.sales import Invoice, InvoiceLine
from ml_connector.connectors.writing import Action
from ml_connector.connectors.zoho_books import editions
from ml_connector.connectors.zoho_books.translate import REFERENCE_LINE
from ml_connector.errors import BadInput

DESCRIPTION_LIMIT = 2_000  # the API wants fewer characters than its limit; the figure itself is not published for bills
REFERENCE_NUMBER_LIMIT = 100
QUANTITY_DIGITS = 2  # an organisation may keep more; two is what every one keeps
CURRENCY = "currency_code"  # of a body, never sent: becomes the currency's id just before, see ``currencies``
MARKED = "status"  # of a body, never sent: what the document is marked as once it is there, see ``write``
_CUT = "..."
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Taxed:
    """A line as Zoho taxes it: ``rate`` a fraction; None = unknown here, then ``stated`` is the tax."""

    amount: Decimal
    tax_id: str = ""
    rate: Decimal | None = None
    stated: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Frame:
    """What every line of one document shares. ``sign`` is -1 where a negative bill or invoice becomes a credit."""

    organisation: Organisation
    entity: str
    currency: str
    basis: TaxBasis
    sign: int
    settings: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def document_total(lines: Sequence[Taxed], currency: str, rounding: str, basis: TaxBasis) -> Decimal:
    """The total Zoho gives: lines, and tax rounded per line (``rounding`` "line") or per tax over the document."""
    net = total(line.amount for line in lines)
    if basis is not TaxBasis.EXCLUSIVE:
        return net
    known = [(line.tax_id, line.amount * line.rate) for line in lines if line.rate is not None]
    stated = total(line.stated for line in lines if line.rate is None)
    if rounding == "line":
        return net + stated + total(rounded(tax, currency) for _, tax in known)
    by_tax: dict[str, Decimal] = {}
    for tax_id, tax in known:
        by_tax[tax_id] = by_tax.get(tax_id, ZERO) + tax
    return net + stated + total(rounded(tax, currency) for tax in by_tax.values())


def quantity_and_rate(
    line: BillLine | InvoiceLine, amount: Decimal, price_digits: int, currency: str
) -> tuple[Decimal, Decimal]:
    """What is sent for a line of ``amount`` (sign of the native document); quantity 1 unless the product is exact."""
    quantity, price = abs(line.quantity), abs(price_of(line))
    rate = price if amount >= 0 else -price
    fits = _decimals(quantity) <= QUANTITY_DIGITS and _decimals(rate) <= price_digits
    if fits and quantity > 0 and quantity * rate == amount:
        return plain(quantity), plain(rate)
    if not is_exact(amount, currency) or _decimals(amount) > price_digits:
        raise BadInput(f"line amount {amount} has more decimals than {currency} or the organisation's prices keep")
    return _ONE, plain(amount)


def price_of(line: BillLine | InvoiceLine) -> Decimal:
    """What one of it costs."""
    return line.unit_cost if isinstance(line, BillLine) else line.unit_price


def line_of(frame: Frame, line: BillLine | InvoiceLine, n: int) -> dict[str, Any]:
    """What lines of all documents have alike; whose they are on (account or item) comes beside. Raises BadInput."""
    price_digits = frame.organisation.price_digits
    try:
        quantity, rate = quantity_and_rate(line, frame.sign * line.amount, price_digits, frame.currency)
    except BadInput as error:
        raise BadInput(f"Line {n}: {error.sentence}: correct it at the source.") from error
    tax_id = line.tax_code.id if frame.basis is not TaxBasis.NONE else ""
    return {
        **present(description=_description(frame, line, n, (quantity, rate))),
        "rate": rate,
        "quantity": quantity,
        **present(tax_id=tax_id),
        **editions.on_line(frame.organisation.edition, frame.entity, frame.settings, taxed=bool(tax_id)),
    }


def _description(frame: Frame, line: BillLine | InvoiceLine, n: int, sent: tuple[Decimal, Decimal]) -> str:
    """The description, and the real quantity and price where they are not sent as such; they are never cut away."""
    price = price_of(line)
    same = (sent[0], abs(sent[1])) == (abs(line.quantity), abs(price))
    tail = "" if same or not price else f"({plain(line.quantity):f} x {plain(price):f})"
    room = DESCRIPTION_LIMIT - 1 - len(tail) - 1
    text = cut(line.description, room, f"description of line {n}", frame.notes)
    return " ".join(part for part in (text, tail) if part)


def total_of(frame: Frame, lines: Sequence[BillLine | InvoiceLine]) -> Decimal:
    """The document's total by Zoho's arithmetic, in the sign of the canonical document. Raises BadInput."""
    taxed = [_taxed(frame, line, n) for n, line in enumerate(lines, 1)]
    return frame.sign * document_total(taxed, frame.currency, frame.organisation.rounding, frame.basis)


def _taxed(frame: Frame, line: BillLine | InvoiceLine, n: int) -> Taxed:
    """``tax_code.number`` is the rate in per cent where the plan knows it; else the source's own tax is taken."""
    amount = frame.sign * line.amount
    if not line.tax_code.id or frame.basis is not TaxBasis.EXCLUSIVE:
        return Taxed(amount)
    if line.tax_code.number:
        return Taxed(amount, line.tax_code.id, _percent(line.tax_code, n))
    stated = line.tax or ZERO
    frame.notes.append(f"the rate of the tax on line {n} is not known here; the source's tax {stated} is assumed")
    return Taxed(amount, line.tax_code.id, None, frame.sign * stated)


def _percent(code: Ref, n: int) -> Decimal:
    try:
        return Decimal(code.number) / 100
    except ArithmeticError as error:
        raise BadInput(
            f"Line {n}: the tax {code.name or code.id} has the rate {code.number!r}, which is no number."
        ) from error


def tags(refs: Sequence[Ref], n: int) -> dict[str, Any]:
    """The reporting tags of a line; the key is left out where it has none. Raises BadInput."""
    for ref in refs:
        if not ref.id or not ref.number:
            raise BadInput(f"Line {n}: reporting tag {ref.label()!r} names no tag or no option: check its mapping.")
    return {"tags": [{"tag_id": ref.number, "tag_option_id": ref.id} for ref in refs]} if refs else {}


def currency(code: str, organisation: Organisation, settings: Mapping[str, str]) -> dict[str, str]:
    """The currency to be named: of a foreign document, and of every one where the setting wants it."""
    shown = code or organisation.currency
    foreign = bool(organisation.currency) and shown != organisation.currency
    return {CURRENCY: shown} if shown and (foreign or settings.get("currency_sent", "foreign") == "always") else {}


def rate(exchange_rate: Decimal | None, code: str, organisation: Organisation) -> dict[str, Decimal]:
    """The rate goes only with a foreign document and never as 1; without one Zoho takes its own. Raises BadInput."""
    shown = code or organisation.currency
    if exchange_rate is None or shown == organisation.currency:
        return {}
    if exchange_rate == 1:
        raise BadInput(f"An exchange rate of 1 between {shown} and {organisation.currency} is no rate: leave it out.")
    return {"exchange_rate": plain(exchange_rate)}


def valued(frame: Frame, action: Action, document: Bill | Invoice) -> dict[str, Any]:
    """Currency and rate of the document, and when it is made what the tax edition wants of it."""
    mine, settings = frame.organisation, frame.settings
    return {
        **currency(document.currency, mine, settings),
        **rate(document.exchange_rate, document.currency, mine),
        **(editions.head(mine.edition, frame.entity, settings) if action is Action.CREATE else {}),
    }


def days(document: Bill | Invoice, *, credit: bool) -> dict[str, str]:
    """Its date, and the day it is due, which a credit has not."""
    due = document.due_date.isoformat() if document.due_date and not credit else ""
    return present(date=document.date.isoformat() if document.date else "", due_date=due)


def reference_of(action: Action, memo: str, reference: str, field_name: str, words: str = "notes") -> dict[str, Any]:
    """Our reference in its custom field, else as the last line of the text ``words``.

    A change names no custom field: ours stands there already, and Zoho may empty those that a request leaves out (uncertain).
    """
    if field_name:
        ours = {} if action is Action.UPDATE else {"custom_fields": [{"api_name": field_name, "value": reference}]}
        return {**present(**{words: memo}), **ours}
    return {words: "\n".join(part for part in (memo.rstrip(), REFERENCE_LINE + reference) if part)}


def present(**fields: str) -> dict[str, str]:
    """The texts that are not empty."""
    return {name: value for name, value in fields.items() if value}


def cut(text: str, limit: int, what: str, notes: list[str]) -> str:
    """At most ``limit`` characters, the cut shown and noted."""
    if len(text) <= limit:
        return text
    notes.append(f"{what} was cut at {limit:,} characters")
    return text[: limit - len(_CUT)] + _CUT


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
