"""ServiceNow's rows as canonical documents. Pure. ``column`` gives a field's column by the connection's profile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from ml_connector.canonical.master_data import Account, Dimension, ListEntry, Party
from ml_connector.canonical.parts import Address, Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.json_fields import Fields, Unreadable
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.profiles import KEY, Shown
from ml_connector.connectors.servicenow.settings import of

EXCEPTIONS = "exceptions_found"
# Confirmed: draft, po_matching_completed, exceptions_found, no_exceptions_found, pending_approval, approval_recalled,
# approved, pending_payment, paid. The others are inferred. What is not here is unknown.
STATES: Mapping[str, BillState] = {
    "draft": BillState.DRAFT,
    "new": BillState.DRAFT,
    "received": BillState.DRAFT,
    "accepted": BillState.DRAFT,
    "suspected_duplicate": BillState.DRAFT,
    "po_matching_completed": BillState.DRAFT,
    EXCEPTIONS: BillState.DRAFT,
    "no_exceptions_found": BillState.SUBMITTED,
    "pending_approval": BillState.SUBMITTED,
    "approval_recalled": BillState.SUBMITTED,
    "approved": BillState.APPROVED,
    "pending_payment": BillState.APPROVED,
    "paid": BillState.PAID,
    "rejected": BillState.REJECTED,
    "cancelled": BillState.CANCELED,
    "canceled": BillState.CANCELED,
}


class Fieldwise:
    """A row by our names of fields."""

    def __init__(self, shown: Shown, fields: Fields) -> None:
        self.shown, self.fields = shown, fields

    def text(self, name: str) -> str:
        """A value as text; empty where there is no such column."""
        return values.text(self.fields, self.shown.columns.get(name, ""))

    def day(self, name: str) -> dt.date | None:
        """A calendar date. Raises Unreadable."""
        return values.day(self.fields, self.shown.columns.get(name, ""))

    def money(self, name: str) -> tuple[Decimal, str]:
        """An amount and its currency. Raises Unreadable."""
        return values.money(self.fields, self.shown.columns.get(name, ""))

    def has(self, name: str) -> bool:
        """Whether the row shows the column at all, filled or not."""
        return self.shown.columns.get(name, "") in self.fields

    def check(self) -> None:
        """Raise Unreadable where a column holds anything but a scalar, or a reference with its link."""
        for column in self.shown.columns.values():
            value = self.fields.get(column)
            if isinstance(value, list) or (isinstance(value, dict) and isinstance(value.get("value"), list | dict)):
                raise Unreadable(f"{column} is no text")

    @property
    def id(self) -> str:
        """The record's id."""
        return values.text(self.fields, "sys_id")

    @property
    def stamp(self) -> str:
        """When it was last changed, UTC."""
        return values.text(self.fields, "sys_updated_on")


def bill(row: Fieldwise, settings: Mapping[str, str], trouble: str = "") -> Bill:
    """An invoice there. A credit memo's total is negative, however the instance keeps it. Raises Unreadable.

    Its own number is the ERP number, by which payments name it; the posting may put another one in place of ours.
    """
    total, currency = row.money("total")
    subtotal, other = row.money("subtotal")
    tax, _ = row.money("tax")
    shown = total or subtotal + tax
    credit = row.text("type") == of(settings, "type_credit") or shown < 0
    status = row.text("state")
    state = STATES.get(status.lower().replace(" ", "_"), BillState.UNKNOWN)
    return Bill(
        id=row.id,
        vendor=Ref(row.text("supplier"), row.text("supplier_name")),
        total=-abs(shown) if credit else shown,
        number=row.text("number"),
        own_number=row.text("erp_number") or row.text("external_number"),
        date=row.day("date"),
        due_date=row.day("due_date"),
        currency=_code(row.text("currency")) or currency or other,
        tax=-abs(tax) if credit else tax,
        purchase_order=Ref(row.text("order")),
        terms=row.text("terms"),
        state=state,
        active=state is not BillState.CANCELED,
        reference=row.text(KEY),
        complete=False,
        hidden_reason="" if state is not BillState.UNKNOWN else f"the state {status!r} is not one known here",
        stamp=row.stamp,
        legal_entity=Ref(row.text("legal_entity")),
        status=status,
        trouble=trouble,
    )


def _code(shown: str) -> str:
    """A currency as a code; a reference to one is none."""
    return shown.upper() if len(shown) == 3 and shown.isalpha() else ""


def payment(row: Fieldwise, settings: Mapping[str, str], trouble: str = "") -> Payment:
    """A payment detail: one row is one payment of one invoice, under the row's own key. Raises Unreadable."""
    amount, currency = row.money("amount")
    invoice = Ref(row.text("invoice"), "", row.text("invoice_number"))
    date = row.day("date")
    return Payment(
        id=row.id,
        party=Ref(row.text("supplier")),
        amount=amount,
        date=date,
        currency=_code(row.text("currency")) or currency,
        method=Ref(row.text("method"), row.text("method")),
        number=values.unmarked(row.text("number")),
        splits=(Allocation(row.id, invoice, amount, date),),
        state=row.text("state"),
        active=STATES.get(row.text("state").lower()) is not BillState.CANCELED,
        reference=row.text(KEY),
        stamp=row.stamp,
        trouble=trouble,
    )


def party(row: Fieldwise, settings: Mapping[str, str], trouble: str = "") -> Party:
    """A supplier. Its name is its company's. Bank details and tax ids are not asked for. Raises Unreadable."""
    name = row.text("name") or row.text("other_name")
    if not name:
        raise Unreadable("it has no name, or the integration user may not read the company it belongs to")
    parts = {part: row.text(part) for part in ("street", "city", "state", "zip", "country")}
    return Party(
        id=row.id,
        kind="vendor",
        name=name,
        active=row.text("active") not in ("false", "0"),
        account_number=row.text("supplier_code"),
        address=Address(**parts),
        stamp=row.stamp,
    )


def account(row: Fieldwise, settings: Mapping[str, str], trouble: str = "") -> Account:
    """A GL account; ``number`` is what lines name it by."""
    number = row.text("number")
    active = row.text("inactive") not in ("true", "1")
    return Account(
        id=row.id,
        name=row.text("name") or number,
        number=number,
        type=row.text("type"),
        active=active,
        postable=active and bool(number),
        currency=_code(row.text("currency")),
        stamp=row.stamp,
        legal_entity=row.text("legal_entity"),
    )


def dimension(row: Fieldwise, settings: Mapping[str, str], trouble: str = "") -> Dimension:
    """A cost centre. There is no word for inactive: one whose last day is over is closed. Raises Unreadable."""
    return Dimension(
        id=row.id,
        kind="cost_center",
        name=row.text("name"),
        number=row.text("number"),
        code=row.text("code"),
        valid_from=row.day("valid_from"),
        valid_through=row.day("valid_to"),
        stamp=row.stamp,
    )


def list_entry(kind: str, row: Fieldwise) -> ListEntry:
    """A legal entity or payment term; ``number`` is the code by which rows name it, else its name."""
    name = row.text("name")
    return ListEntry(
        id=row.id,
        kind=kind,
        name=name,
        active=row.text("active") not in ("false", "0"),
        stamp=row.stamp,
        number=row.text("number") or (name if kind == "payment_term" else ""),
    )


def legal_entity(row: Fieldwise, settings: Mapping[str, str], trouble: str = "") -> ListEntry:
    """A legal entity by its ERP company code."""
    return list_entry("legal_entity", row)


def payment_term(row: Fieldwise, settings: Mapping[str, str], trouble: str = "") -> ListEntry:
    """Payment terms, such as Net 30."""
    return list_entry("payment_term", row)
