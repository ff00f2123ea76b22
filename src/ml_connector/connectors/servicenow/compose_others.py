"""Payments, cost centres and suppliers as rows of staging tables. Pure."""

from __future__ import annotations

from ml_connector.canonical.master_data import Dimension, Party, Person
from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Allocation
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.framing import Frame, day, label
from ml_connector.connectors.servicenow.rows import Body, StagedRow, digest, encode
from ml_connector.connectors.writing import Composed
from ml_connector.errors import BadInput


def payment(frame: Frame, document: Payment) -> Composed:
    """One row for each bill that it pays; what is on no bill has no place there and is noted."""
    what = f"Payment {label(document.number, document.id, frame.reference)}"
    _refuse_payment(frame, document, what)
    if document.unapplied:
        frame.notes.append(f"{document.unapplied} {frame.currency} of the payment is on no bill and is not sent")
    rows = tuple(_split(frame, document, one, n, what) for n, one in enumerate(document.splits, 1))
    body = Body(rows, label(document.number, document.id, frame.reference), frame.reference)
    return Composed(encode(body), total(one.amount for one in document.splits), tuple(frame.notes))


def _refuse_payment(frame: Frame, document: Payment, what: str) -> None:
    """Raises BadInput for what ServiceNow cannot take: nearly all columns of a payment must be filled."""
    if not document.party.number:
        name = document.party.name or document.party.id or "without a name"
        raise BadInput(
            f"{what}: the vendor {name} has no ERP supplier code in ServiceNow: link the vendor or have it made."
        )
    if not document.splits:
        raise BadInput(f"{what} pays no bill, and ServiceNow keeps payments of invoices only: apply it to a bill.")
    if document.date is None:
        raise BadInput(f"{what} has no date: enter it at the source.")
    if document.amount < 0:
        raise BadInput(f"{what} is money given back, for which ServiceNow has no row: enter it there by hand.")
    methods = frame.of("payment_methods").replace(",", " ").split()
    method = document.method.name or document.method.id
    if method not in methods:
        raise BadInput(
            f"{what}: the payment method {method!r} is not one ServiceNow knows ({', '.join(methods)}): fill the mapping of "
            "payment methods."
        )
    missing = [
        name.removeprefix("remit_") for name, value in frame.remit(document.remit_to).items() if not value.strip()
    ]
    if missing and frame.of("remit_to_needed") == "yes":
        raise BadInput(
            f"{what}: the remit-to address of {document.party.label()} lacks {', '.join(missing)}, which ServiceNow asks "
            "for: complete the vendor's address at the source."
        )


def _split(frame: Frame, document: Payment, split: Allocation, n: int, payment: str) -> StagedRow:
    bill = split.document.label()
    if not split.document.number:
        raise BadInput(
            f"{payment}: the invoice of bill {bill or n} has no ERP number in ServiceNow yet; it goes once it has."
        )
    date = day(split.date or document.date)
    fields = {
        "erp_source": frame.of("erp_source"),
        "invoice": split.document.number,
        "supplier": document.party.number,
        "amount": frame.money("payment", "amount", split.amount, f"{payment}, bill {bill}"),
        "currency": frame.currency,
        "date": date,
        "scheduled": date,
        "method": document.method.name or document.method.id,
        "number": _reference(frame, label(document.number, document.id, frame.reference), split.id or str(n)),
        **frame.remit(document.remit_to),
    }
    return frame.row("payment", f"the payment of bill {split.document.number}", split.id or str(n), fields)


def _reference(frame: Frame, number: str, part: str) -> str:
    """The payment's number with the row's own mark where the settings say so: the number is cut for it, visibly.

    Two rows of one bill under one reference would become one payment where the transform map coalesces on it.
    """
    if frame.of("payment_reference") != "unique":
        return number
    column = frame.staging("payment").columns.get("number")
    marked = values.marked(number, digest(f"{frame.reference}/{part}"), column.length if column else 0)
    if not marked.startswith(number):
        frame.notes.append(f"payment reference {number} goes as {marked}, which has room for it and for its mark")
    return marked


def cost_center(frame: Frame, document: Dimension) -> Composed:
    """A cost centre. It is known by its account number, so it cannot go without."""
    what = f"Cost centre {document.name or document.code or document.number}"
    if not document.number:
        raise BadInput(
            f"{what} has no account number, by which ServiceNow knows cost centres: enter it in the mapping."
        )
    if not document.name:
        raise BadInput(f"{what} has no name: enter one at the source.")
    fields = {
        "erp_source": frame.of("erp_source"),
        "number": document.number,
        "code": document.code,
        "name": document.name,
        "valid_from": day(document.valid_from),
        "valid_to": day(document.valid_through),
    }
    row = frame.row("cost_center", f"{what[0].lower()}{what[1:]}", "", fields)
    return Composed(encode(Body((row,), document.number, frame.reference)), ZERO, tuple(frame.notes))


def party(frame: Frame, document: Party) -> Composed:
    """A supplier, its location and its contacts."""
    if document.kind != "vendor":
        raise BadInput(f"{document.name or 'A party'} is no vendor; ServiceNow takes suppliers only.")
    if not document.name:
        raise BadInput("The vendor has no name: enter one at the source.")
    if not document.account_number:
        raise BadInput(f"The vendor {document.name} has no ERP supplier code, by which ServiceNow knows it.")
    rows = [_supplier(frame, document)]
    if any((document.address.street, document.address.city, document.address.zip)):
        rows += _location(frame, document)
    rows += _contacts(frame, document)
    body = Body(tuple(rows), document.account_number, frame.reference)
    return Composed(encode(body), ZERO, tuple(frame.notes))


def _common(frame: Frame, document: Party) -> dict[str, str]:
    address = document.address
    return {
        "erp_source": frame.of("erp_source"),
        "supplier": document.account_number,
        "name": document.name,
        "street": ", ".join(part for part in (address.street, address.street2) if part),
        "city": address.city,
        "state": address.state,
        "zip": address.zip,
        "country": address.country,
    }


def _supplier(frame: Frame, document: Party) -> StagedRow:
    more = {"phone": document.phone, "currency": document.currency}
    return frame.row("supplier", f"the supplier {document.name}", "", {**_common(frame, document), **more})


def _location(frame: Frame, document: Party) -> list[StagedRow]:
    if "location" not in frame.profile.staging:
        return []
    return [frame.row("location", f"the address of {document.name}", "location", _common(frame, document))]


def _contacts(frame: Frame, document: Party) -> list[StagedRow]:
    """The first person and the others; one without an e-mail cannot be found again and is left out, noted."""
    if "contact" not in frame.profile.staging:
        return []
    first = Person("", document.first_name, document.last_name, document.email)
    found: dict[str, Person] = {}
    for one in (first, *document.persons):
        if one.email:
            found.setdefault(one.email.casefold(), one)
        elif one.first_name or one.last_name:
            frame.notes.append(
                f"{one.first_name} {one.last_name}".strip() + " has no e-mail and is not sent as a contact"
            )
    return [_contact(frame, document, one, n) for n, one in enumerate(found.values(), 1)]


def _contact(frame: Frame, document: Party, person: Person, n: int) -> StagedRow:
    fields = {
        "erp_source": frame.of("erp_source"),
        "supplier": document.account_number,
        "first_name": person.first_name,
        "last_name": person.last_name or document.name,
        "email": person.email,
    }
    return frame.row("contact", f"the contact {person.email} of {document.name}", f"c{n}", fields)
