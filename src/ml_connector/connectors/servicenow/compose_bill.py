"""A bill as one header, its lines and its tax lines, with the target's own arithmetic. Pure."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.canonical.money import ZERO, is_exact, plain, total
from ml_connector.canonical.parts import TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.framing import Frame, day, label
from ml_connector.connectors.servicenow.rows import Body, StagedRow, encode
from ml_connector.connectors.writing import Composed
from ml_connector.errors import BadInput

_ONE = Decimal(1)


def bill(frame: Frame, document: Bill) -> Composed:
    """Header, lines, tax lines. The total is subtotal, tax, shipping and other charges less discount, as ServiceNow adds."""
    what = f"Bill {label(document.number, document.own_number, frame.reference)}"
    _refuse(frame, document, what)
    taxes = _taxes(document) if frame.of("tax_goes") == "rows" else []
    rows = [_header(frame, document, what)]
    rows += [_line(frame, document, line, n, what) for n, line in enumerate(document.lines, 1)]
    rows += [_tax_row(frame, document, n, one, what) for n, one in enumerate(taxes, 1)]
    tax = values.written(document.tax, frame.currency, frame.of("amount_places"), "minus")
    body = Body(tuple(rows), document.own_number, frame.reference, tax)
    return Composed(encode(body), _total(document), tuple(frame.notes))


def _total(document: Bill) -> Decimal:
    net = total(line.amount for line in document.lines)
    return net + document.tax + document.shipping + document.other - document.discount


def _refuse(frame: Frame, document: Bill, what: str) -> None:
    """Raises BadInput for what ServiceNow cannot take, in a bookkeeper's words."""
    if not document.vendor.number:
        name = document.vendor.name or document.vendor.id or "without a name"
        raise BadInput(
            f"{what}: the vendor {name} has no ERP supplier code in ServiceNow: link the vendor or have it made."
        )
    if not document.own_number:
        raise BadInput(
            f"{what} has no document id of the ledger, by which ServiceNow would know it: report this to support."
        )
    if document.date is None:
        raise BadInput(f"{what} has no date: enter it at the source.")
    if not document.lines:
        raise BadInput(f"{what} has no lines: add one at the source.")
    if document.tax_basis is TaxBasis.INCLUSIVE:
        raise BadInput(
            f"{what}: its lines contain tax, and ServiceNow takes lines without tax: report this to support."
        )
    if frame.of("legal_entity_needed") == "yes" and not document.legal_entity.number:
        raise BadInput(f"{what} has no legal entity: fill the mapping of legal entities.")
    if _total(document) != document.total:
        raise BadInput(
            f"{what}: lines, tax, shipping and other charges come to {_total(document)}, its total is {document.total}: "
            "correct it at the source."
        )


def _header(frame: Frame, document: Bill, what: str) -> StagedRow:
    def money(column: str, value: Decimal) -> str:
        return frame.money("invoice", column, value, what)

    fields = {
        "erp_source": frame.of("erp_source"),
        "external_source": frame.of("external_source"),
        "external_number": document.own_number,
        "number": document.number,
        "supplier": document.vendor.number,
        "type": _type(frame, document),
        "date": day(document.date),
        "currency": frame.currency,
        "subtotal": money("subtotal", total(line.amount for line in document.lines)),
        "other": money("other", document.other),  # mandatory, so 0.00 goes too
        "shipping": money("shipping", document.shipping),
        "discount": money("discount", document.discount),
        "total": money("total", document.total),
        "tax": money("tax", document.tax),
        "terms": document.terms,
        "legal_entity": document.legal_entity.number,
        "order": document.purchase_order.number,
        "erp_number": document.own_number,
        "lines": str(len(document.lines)),
        "inbound_source": frame.of("external_source"),
        **frame.remit(document.remit_to),
    }
    return frame.row("invoice", what, "", fields)


def _type(frame: Frame, document: Bill) -> str:
    if document.total < 0:
        return frame.of("type_credit")
    return frame.of("type_po") if document.purchase_order.number else frame.of("type_non_po")


def _line(frame: Frame, document: Bill, line: BillLine, n: int, bill: str) -> StagedRow:
    what = f"line {n} of {bill[0].lower()}{bill[1:]}"
    _refuse_line(frame, line, f"{bill}, line {n}")
    quantity, price = _pieces(frame, line, n)

    def money(column: str, value: Decimal) -> str:
        return frame.money("line", column, value, f"{bill}, line {n}")

    tax = line.tax if frame.of("tax_goes") == "lines" and line.tax is not None else None
    fields = {
        "erp_source": frame.of("erp_source"),
        "external_source": frame.of("external_source"),
        "external_number": document.own_number,
        "description": line.description,
        "quantity": f"{quantity:f}",
        "price": money("price", price),
        "subtotal": money("subtotal", line.amount),
        "amount": money("amount", line.amount),
        "currency": frame.currency,
        "cost_center": line.dimensions[0].number if line.dimensions else "",
        "account": line.account.number,
        "tax_code": line.tax_code.name or line.tax_code.number,
        "tax": money("tax", tax) if tax is not None else "",
        "line": line.id or str(n),
    }
    return frame.row("line", what, line.id or str(n), fields)


def _refuse_line(frame: Frame, line: BillLine, what: str) -> None:
    if not line.description.strip():
        raise BadInput(f"{what} has no description, which ServiceNow asks for: enter one at the source.")
    if frame.of("account_needed") == "yes" and not line.account.number:
        raise BadInput(f"{what} has no GL account number: fill the mapping of accounts.")
    if len(line.dimensions) > 1:
        names = ", ".join(one.label() for one in line.dimensions)
        raise BadInput(f"{what} has several cost centres ({names}), and ServiceNow takes one: correct the mapping.")
    named = bool(line.dimensions and line.dimensions[0].number)
    if line.dimensions and not named:
        raise BadInput(
            f"{what}: the cost centre {line.dimensions[0].label()!r} has no account number in ServiceNow, by which lines "
            "name it: have it entered there."
        )
    if frame.of("cost_center_needed") == "yes" and not named:
        raise BadInput(f"{what} has no cost centre: fill the mapping of cost centres, or tag the line at the source.")


def _pieces(frame: Frame, line: BillLine, n: int) -> tuple[Decimal, Decimal]:
    """Quantity and price whose product is the amount exactly, else one piece at the amount, noted."""
    price = abs(line.unit_cost) if line.amount >= 0 else -abs(line.unit_cost)
    count = values.places(frame.currency, frame.of("amount_places"))
    sent = is_exact(price, frame.currency) and price == price.quantize(_ONE.scaleb(-count))
    quantity = abs(line.quantity)
    if sent and quantity and quantity * price == line.amount:
        return plain(quantity), price
    if line.unit_cost:
        real = f"{plain(line.quantity):f} x {plain(line.unit_cost):f}"
        frame.notes.append(f"line {n} goes as one piece at its amount, since {real} is not the amount as it is sent")
    return _ONE, line.amount


def _taxes(document: Bill) -> list[tuple[str, str, Decimal]]:
    """(type, rate in per cent, amount) by tax code; what no line states is one more, so that they sum to the bill's tax."""
    found: dict[tuple[str, str], Decimal] = {}
    for line in document.lines:
        if line.tax:
            name = (line.tax_code.name or line.tax_code.id or "Tax", line.tax_code.number)
            found[name] = found.get(name, ZERO) + line.tax
    rest = document.tax - total(found.values())
    if rest:
        found["Tax", ""] = found.get(("Tax", ""), ZERO) + rest
    return [(name, rate, amount) for (name, rate), amount in found.items() if amount]


def _tax_row(frame: Frame, document: Bill, n: int, tax: tuple[str, str, Decimal], bill: str) -> StagedRow:
    name, rate, amount = tax
    fields = {
        "erp_source": frame.of("erp_source"),
        "external_source": frame.of("external_source"),
        "external_number": document.own_number,
        "type": name,
        "rate": rate,
        "tax": frame.money("tax", "tax", amount, f"{bill}, tax {name}"),
        "currency": frame.currency,  # without it an instance takes the amount to be in its own
    }
    return frame.row("tax", f"tax line {n} ({name}) of {bill[0].lower()}{bill[1:]}", f"t{n}", fields)
