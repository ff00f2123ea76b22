"""Documents of sales as a plan makes them, and answers about them as the recorded ones are shaped. No network."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from msgspec.structs import replace
from zoho_script import ScriptedSession, answer

from ml_connector.canonical.documents import Document, party_of
from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.writing import Action, Step
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.transport.messages import Answer, Request

ORG = Organisation("927270289", "Co", "USD", edition="US", rounding="document")
DAY = dt.date(2026, 6, 9)
FIELD = {"custom_field_hash": {"cf_ml_connector_ref": "T-42"}}
CUSTOMER, INVOICE_ID, OTHER_ID = "260815000000097001", "260815000000124029", "260815000000124030"
NOTE_ID, PAYMENT_ID, BANK = "260815000000126002", "260815000000110028", "260815000000000358"
LINE = InvoiceLine("501", Decimal("199.99"), "Tune-up", item=Ref("260815000000100002"), unit_price=Decimal("199.99"))
INVOICE = Invoice(
    "",
    Ref(CUSTOMER),
    Decimal("199.99"),
    number="ST-11",
    date=DAY,
    due_date=dt.date(2026, 7, 9),
    currency="USD",
    lines=(LINE,),
    memo="Job 77, 12 Elm St",
    state=InvoiceState.AUTHORISED,
)
NOTE = replace(INVOICE, kind="credit note", number="CN-4", due_date=None)
PAID = (Allocation("", Ref(INVOICE_ID), Decimal(60)), Allocation("", Ref(OTHER_ID), Decimal(30)))
PAYMENT = Payment(
    "", Ref(CUSTOMER), Decimal(100), date=DAY, currency="USD", number="CHQ 9", splits=PAID, bank_account=Ref(BANK),
    unapplied=Decimal(10),
)  # fmt: skip
REFUND = Payment(
    "", Ref(CUSTOMER), Decimal(-25), kind=PaymentKind.REFUND, date=DAY, bank_account=Ref(BANK), number="CHQ 10",
    refunds=Ref(NOTE_ID, "credit note"),
)  # fmt: skip
APPLIED = replace(NOTE, id=NOTE_ID, allocations=(Allocation("", Ref(INVOICE_ID), Decimal(40)),))
CREDIT = Bill(
    "460000000030051", Ref("98001"), Decimal(-70), credits=(Allocation("", Ref("460000000030052"), Decimal(20)),)
)


def step(entity: str, document: Document, action: Action = Action.CREATE, *, target: str = "", **settings: str) -> Step:
    """The step of a document, as the planner makes it."""
    composed = CONNECTOR.compose(action, document, ORG, "T-42", settings)
    party = party_of(document)
    return Step(
        entity, action, "T-42", composed.body, target, party.id if party else "", getattr(document, "number", ""),
        getattr(document, "date", None), composed.total, "USD",
    )  # fmt: skip


def body(request: Request) -> Any:
    """What goes out."""
    return json.loads(request.body or b"null", parse_float=Decimal)


def invoice(**more: Any) -> dict[str, Any]:
    """An invoice in detail, as it is recorded."""
    return {
        "invoice_id": INVOICE_ID, "invoice_number": "ST-11", "date": "2026-06-09", "due_date": "2026-07-09",
        "customer_id": CUSTOMER, "customer_name": "Acme Corp", "currency_code": "USD", "status": "draft",
        "reference_number": "Job 77, 12 Elm St", "exchange_rate": 1, "total": 199.99, "balance": 199.99,
        "sub_total": 199.99, "tax_total": 0, "discount_total": 0, "discount_type": "item_level", "adjustment": 0,
        "shipping_charge": 0, "roundoff_value": 0, "is_inclusive_tax": False, "payment_terms_label": "Net 30",
        "last_modified_time": "2026-06-09T16:22:34-0400",
        "line_items": [{
            "line_item_id": "260815000000124034", "item_id": "260815000000100002", "name": "Software License",
            "description": "Tune-up", "quantity": 1, "rate": 199.99, "account_id": "260815000000000388",
            "account_name": "Sales", "tax_id": "", "item_total": 199.99, "tags": [], "line_item_taxes": [],
        }],
        **FIELD, **more,
    }  # fmt: skip


def note(**more: Any) -> dict[str, Any]:
    """A credit note in detail."""
    rest = {name: value for name, value in invoice().items() if not name.startswith("invoice_")}
    return {
        **rest, "creditnote_id": NOTE_ID, "creditnote_number": "CN-4", "status": "open", "invoices_credited": [],
        **more,
    }  # fmt: skip


def payment(**more: Any) -> dict[str, Any]:
    """A customer payment in detail: its stamp has another name than in the list."""
    return {
        "payment_id": PAYMENT_ID, "payment_number": "4", "customer_id": CUSTOMER, "customer_name": "Acme Corp",
        "payment_mode": "Others", "date": "2026-06-09", "account_id": BANK, "account_name": "Undeposited Funds",
        "currency_code": "USD", "exchange_rate": 1, "amount": 100, "unused_amount": 10, "reference_number": "CHQ 9",
        "description": "", "payment_status": "paid", "updated_time": "2026-06-09T13:16:45-0400",
        "invoices": [
            {"invoice_payment_id": "1", "invoice_id": INVOICE_ID, "invoice_number": "ST-11", "amount_applied": 60,
             "apply_date": "2026-06-10"},
            {"invoice_payment_id": "2", "invoice_id": OTHER_ID, "invoice_number": "ST-12", "amount_applied": 30},
        ],
        **FIELD, **more,
    }  # fmt: skip


def ok(status: int = 200, /, **parts: Any) -> Answer:
    """A good answer."""
    return answer({"code": 0, "message": "success", **parts}, status)


def page(**parts: Any) -> Answer:
    """A list of one page."""
    return ok(page_context={"page": 1, "per_page": 200, "has_more_page": False}, **parts)


def refused(code: int, message: str, status: int = 400) -> Answer:
    """A refusal."""
    return answer({"code": code, "message": message}, status)


GONE = refused(1002, "Resource does not exist.", 404)


def scripted(*answers: Answer | Exception, settings: dict[str, str] | None = None) -> ScriptedSession:
    """A session that gives these answers, one after another."""
    left = list(answers)

    def script(_: Request) -> Answer:
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    return ScriptedSession(script, settings)


def asked(session: ScriptedSession) -> list[tuple[str, str]]:
    """Method and path of every request."""
    return [(one.method, one.path) for one in session.requests]
