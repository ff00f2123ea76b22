"""Canonical documents as Zoho payloads, with Zoho's arithmetic. Pure.

Amounts without an account never go out: freight, tax as cost, discounts must be lines already. Quantity and price go
only where their product is the line's amount exactly and neither has more digits than Zoho keeps; then every rounding
rule gives the line to the cent. Else the line is one piece at its amount, with the real figures in its description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.money import ZERO, is_exact, plain, rounded, total
from ml_connector.canonical.parts import Address, Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.connectors.json_fields import encode
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.zoho_books.translate import REFERENCE_LINE
from ml_connector.errors import BadInput

REFERENCE_FIELD = "cf_ml_connector_ref"
DESCRIPTION_LIMIT = 2_000  # the API wants fewer characters than its limit; the figure itself is not published for bills
REFERENCE_NUMBER_LIMIT = 100
QUANTITY_DIGITS = 2  # an organisation may keep more; two is what every one keeps
_CUT = "..."
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Taxed:
    """A line as Zoho taxes it: ``rate`` a fraction; None = unknown here, then ``stated`` is the tax."""

    amount: Decimal
    tax_id: str = ""
    rate: Decimal | None = None
    stated: Decimal = ZERO


def compose(
    action: Action, document: Document, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """The native payload. Raises BadInput with one sentence when the document cannot be sent as it is."""
    field = settings.get("reference_field", REFERENCE_FIELD)
    if isinstance(document, Party):
        return _party(action, document, reference, field)
    if not isinstance(document, Bill):
        raise BadInput(f"Zoho Books takes bills and contacts here, not a {type(document).__name__}.")
    if action is Action.VOID:
        return Composed(b"", document.total)
    return _bill(document, organisation, reference, field)


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


def quantity_and_rate(line: BillLine, amount: Decimal, price_digits: int, currency: str) -> tuple[Decimal, Decimal]:
    """What is sent for a line of ``amount`` (sign of the native document); quantity 1 unless the product is exact."""
    quantity = abs(line.quantity)
    rate = abs(line.unit_cost) if amount >= 0 else -abs(line.unit_cost)
    fits = _decimals(quantity) <= QUANTITY_DIGITS and _decimals(rate) <= price_digits
    if fits and quantity > 0 and quantity * rate == amount:
        return plain(quantity), plain(rate)
    if not is_exact(amount, currency) or _decimals(amount) > price_digits:
        raise BadInput(f"line amount {amount} has more decimals than {currency} or the organisation's prices keep")
    return _ONE, plain(amount)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What every line of one document shares. ``sign`` is -1 where a negative bill becomes a vendor credit."""

    organisation: Organisation
    currency: str
    basis: TaxBasis
    sign: int
    notes: list[str]


def _bill(document: Bill, organisation: Organisation, reference: str, field: str) -> Composed:
    _refuse_unplanned(document)
    credit = document.total < 0
    currency = document.currency or organisation.currency
    frame = _Frame(organisation, currency, document.tax_basis, -1 if credit else 1, [])
    order = _cut(document.purchase_order.number, REFERENCE_NUMBER_LIMIT, "order number", frame.notes)
    body: dict[str, Any] = {
        "vendor_id": document.vendor.id,
        **_number(document, credit, frame.notes),
        **_dates(document, credit),
        **_present(reference_number=order, location_id=document.location.id),
        **_rate(document, currency, organisation),
        "is_inclusive_tax": document.tax_basis is TaxBasis.INCLUSIVE,
        "line_items": [_line(frame, line, n) for n, line in enumerate(document.lines, 1)],
        **_reference(document.memo, reference, field),
    }
    taxed = [_taxed(frame, line, n) for n, line in enumerate(document.lines, 1)]
    native = document_total(taxed, currency, organisation.rounding, document.tax_basis)
    return Composed(encode(body), frame.sign * native, tuple(frame.notes))


def _refuse_unplanned(document: Bill) -> None:
    """Raises BadInput for what has no place in the ledger yet."""
    if not document.vendor.id:
        raise BadInput(
            f"Bill {document.number or document.own_number} has no vendor in Zoho: link or create the vendor."
        )
    if not document.lines:
        raise BadInput(f"Bill {document.number or document.own_number} has no lines: Zoho takes none without.")
    if document.date is None:
        raise BadInput(f"Bill {document.number or document.own_number} has no date: enter it at the source.")
    for name, value in (("Freight", document.shipping), ("Other", document.other), ("Discount", document.discount)):
        if value:
            raise BadInput(f"{name} {value} has no account: map it, so that it becomes a line of its own.")
    taxed = any(line.tax_code.id for line in document.lines)
    if document.tax and not taxed and document.tax_basis is TaxBasis.EXCLUSIVE:
        raise BadInput(f"Tax {document.tax} has neither account nor tax code: fill the tax mapping.")


def _number(document: Bill, credit: bool, notes: list[str]) -> dict[str, str]:
    """The vendor's own number; without one the source's, visibly. Zoho gives bills no number itself."""
    number = document.number or document.own_number
    if not number:
        raise BadInput("The bill has no number, neither the vendor's nor the source's: enter the vendor's number.")
    if not document.number:
        notes.append(f"the vendor's number is missing; the source's own number {number} is used")
    return {"vendor_credit_number" if credit else "bill_number": number}


def _dates(document: Bill, credit: bool) -> dict[str, str]:
    due = document.due_date.isoformat() if document.due_date and not credit else ""
    return {"date": document.date.isoformat() if document.date else "", **_present(due_date=due)}


def _rate(document: Bill, currency: str, organisation: Organisation) -> dict[str, Decimal]:
    """The currency itself follows the contact; the rate goes only with a foreign document and never as 1."""
    if document.exchange_rate is None or currency == organisation.currency:
        return {}
    if document.exchange_rate == 1:
        raise BadInput(
            f"An exchange rate of 1 between {currency} and {organisation.currency} is no rate: leave it out."
        )
    return {"exchange_rate": plain(document.exchange_rate)}


def _line(frame: _Frame, line: BillLine, n: int) -> dict[str, Any]:
    if not line.account.id:
        raise BadInput(f"Line {n} ({line.description[:40]}) has no account: fill the account mapping.")
    price_digits = frame.organisation.price_digits
    try:
        quantity, rate = quantity_and_rate(line, frame.sign * line.amount, price_digits, frame.currency)
    except BadInput as error:
        raise BadInput(f"Line {n}: {error.sentence}: correct it at the source.") from error
    tax_id = line.tax_code.id if frame.basis is not TaxBasis.NONE else ""
    return {
        "account_id": line.account.id,
        **_present(description=_description(frame, line, n, (quantity, rate))),
        "rate": rate,
        "quantity": quantity,
        **_present(tax_id=tax_id, location_id=line.location.id),
        **({"tags": [_tag(ref, n) for ref in line.dimensions]} if line.dimensions else {}),
        "item_order": n,
    }


def _description(frame: _Frame, line: BillLine, n: int, sent: tuple[Decimal, Decimal]) -> str:
    """The description, and the real quantity and price where they are not sent as such; they are never cut away."""
    same = (sent[0], abs(sent[1])) == (abs(line.quantity), abs(line.unit_cost))
    tail = "" if same or not line.unit_cost else f"({plain(line.quantity):f} x {plain(line.unit_cost):f})"
    room = DESCRIPTION_LIMIT - 1 - len(tail) - 1
    text = _cut(line.description, room, f"description of line {n}", frame.notes)
    return " ".join(part for part in (text, tail) if part)


def _taxed(frame: _Frame, line: BillLine, n: int) -> Taxed:
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


def _tag(ref: Ref, n: int) -> dict[str, str]:
    if not ref.id or not ref.number:
        raise BadInput(f"Line {n}: reporting tag {ref.label()!r} names no tag or no option: check its mapping.")
    return {"tag_id": ref.number, "tag_option_id": ref.id}


def _party(action: Action, party: Party, reference: str, field: str) -> Composed:
    """A contact. Persons go with a create only: a list sent later would replace the ones the bookkeeper keeps."""
    if action is Action.VOID:
        return Composed(b"", ZERO)
    if not party.name:
        raise BadInput("The contact has no name: enter one at the source.")
    person = _present(first_name=party.first_name, last_name=party.last_name, email=party.email, phone=party.phone)
    notes: tuple[str, ...] = ()
    persons: dict[str, Any] = {}
    if person and action is Action.CREATE:
        persons = {"contact_persons": [{**person, "is_primary_contact": True}]}
    elif person:
        notes = ("names, e-mail and phone of an existing contact's persons are left as they are in Zoho",)
    body = {
        "contact_name": party.name,
        "contact_type": party.kind or "vendor",
        **_present(company_name=party.company),
        **persons,
        **_address(party.address),
        **_reference(party.memo, reference, field),
    }
    return Composed(encode(body), ZERO, notes)


def _address(address: Address) -> dict[str, Any]:
    parts = _present(
        address=address.street,
        street2=address.street2,
        city=address.city,
        state=address.state,
        zip=address.zip,
        country=address.country,
    )
    return {"billing_address": parts} if parts else {}


def _reference(memo: str, reference: str, field: str) -> dict[str, Any]:
    """Our reference in its custom field, else as the last line of the notes."""
    if field:
        return {**_present(notes=memo), "custom_fields": [{"api_name": field, "value": reference}]}
    return {"notes": "\n".join(part for part in (memo.rstrip(), REFERENCE_LINE + reference) if part)}


def _present(**fields: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _cut(text: str, limit: int, what: str, notes: list[str]) -> str:
    if len(text) <= limit:
        return text
    notes.append(f"{what} was cut at {limit:,} characters")
    return text[: limit - len(_CUT)] + _CUT


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
