"""Every request the connector makes, held against Xero's published document."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from decimal import Decimal

import pytest
import xero_published as published
from msgspec.structs import replace
from xero_documents import INVOICE, LINE, NOTE, ORDER, OVER, PART, PARTY, PAYMENT, of
from xero_script import Rows, ScriptedSession, answer, contact_row, envelope, guid, invoice_row, payment_row

from ml_connector.canonical.documents import Document
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import InvoiceState, PaymentKind
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.writing import Action, Step
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.connectors.xero.client import Books
from ml_connector.connectors.xero.requests import request_for
from ml_connector.connectors.xero.resources import RESOURCES
from ml_connector.connectors.xero.zones import zone
from ml_connector.transport.messages import Answer, Request

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.shared,
    pytest.mark.skipif(
        not published.PUBLISHED.is_file(),
        reason="the vendors' published documents are not beside the checkout (../shared)",
    ),
]

_C, _U, _V = Action.CREATE, Action.UPDATE, Action.VOID
_TRACKED = replace(LINE, dimensions=(Ref(guid(1, 6), "North", guid(1, 5)),), account=Ref(guid(200, 3)))
_CREDIT = replace(INVOICE, kind="credit note", due_date=None)
_REFUND = replace(PAYMENT, kind=PaymentKind.REFUND, amount=Decimal(-10), splits=())
_APPLIED = replace(PART, id=guid(5, 8))


def _steps() -> dict[str, Step]:
    documents: list[tuple[str, str, Action, Document]] = [
        (
            "invoice",
            "invoices",
            _C,
            replace(INVOICE, currency="USD", exchange_rate=Decimal("0.61"), lines=(LINE, _TRACKED)),
        ),
        ("draft", "invoices", _C, replace(INVOICE, state=InvoiceState.DRAFT)),
        ("invoice changed", "invoices", _U, replace(INVOICE, id=guid(1))),
        ("head changed", "invoices", _U, replace(INVOICE, id=guid(1), lines=())),
        ("invoice void", "invoices", _V, replace(INVOICE, id=guid(1))),
        ("credit note", "credit_notes", _C, _CREDIT),
        ("credit note changed", "credit_notes", _U, replace(_CREDIT, id=guid(8))),
        ("credit note void", "credit_notes", _V, replace(_CREDIT, id=guid(8))),
        ("payment", "payments", _C, replace(PAYMENT, currency="USD", exchange_rate=Decimal("0.61"))),
        ("payment removed", "payments", _V, replace(PAYMENT, id=guid(1, 7))),
        *[
            (f"refund of {name}", "payments", _C, replace(_REFUND, refunds=Ref(guid(9), name)))
            for name in ("credit note", "overpayment", "prepayment")
        ],
        ("overpayment", "overpayments", _C, replace(PAYMENT, kind=PaymentKind.OVERPAYMENT, splits=())),
        ("prepayment", "prepayments", _C, replace(PAYMENT, kind=PaymentKind.PREPAYMENT, splits=())),
        ("note applied", "allocations", _C, NOTE),
        ("overpayment applied", "allocations", _C, OVER),
        ("prepayment applied", "allocations", _C, replace(OVER, kind=PaymentKind.PREPAYMENT)),
        ("application removed", "allocations", _V, replace(OVER, splits=(_APPLIED,))),
        ("contact", "parties", _C, PARTY),
        ("contact changed", "parties", _U, replace(PARTY, id=guid(1, 2))),
        ("contact archived", "parties", _U, replace(PARTY, id=guid(1, 2), active=False)),
        ("order", "purchase_orders", _C, ORDER),
        ("order changed", "purchase_orders", _U, replace(ORDER, id=guid(5))),
        ("order deleted", "purchase_orders", _V, replace(ORDER, id=guid(5))),
    ]
    return {name: of(entity, document, action) for name, entity, action, document in documents}


STEPS = _steps()


def test_every_write_is_tried() -> None:
    tried = {(step.entity, step.action) for step in STEPS.values()}
    assert tried == {(entity, action) for entity, actions in CONNECTOR.writable.items() for action in actions}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("count", [1, 2])
def test_writes_are_as_published(name: str, count: int) -> None:
    step = STEPS[name]
    if count > 1 and (step.entity, step.action) not in CONNECTOR.batches:
        return
    session = ScriptedSession(lambda _: answer({}))
    request = request_for(Books(session), [step] * count, session.clock.now())
    assert published.differences(request) == set()


async def test_reads_are_as_published() -> None:
    rows = {"invoices": invoice_row, "bills": invoice_row, "parties": contact_row, "payments": payment_row}
    heard: list[Request] = []
    for entity in CONNECTOR.readable:
        key = RESOURCES[entity].plural if entity in RESOURCES else "TrackingCategories"
        id_key = RESOURCES[entity].id_key if entity in RESOURCES else "TrackingCategoryID"
        make = rows.get(entity, invoice_row)
        listed = Rows(key, id_key, [{**make(n, n), id_key: guid(n)} for n in range(1, 6)])

        def script(request: Request, listed: Rows = listed, key: str = key) -> Answer:
            return listed(request) if "page" in dict(request.query) else answer(envelope(key, listed.rows))

        session = ScriptedSession(script)
        for since, ids in ((None, ()), (dt.date(2026, 9, 1), ()), (None, (guid(1), guid(2)))):
            async for _ in CONNECTOR.read(session, Reading(entity, since=since, ids=ids)):
                pass
        heard += session.requests
    assert len(heard) > 30
    assert set().union(*(published.differences(request) for request in heard)) == set()


async def test_look_ups_are_as_published() -> None:
    heard: list[Request] = []
    for step in STEPS.values():
        session = ScriptedSession(_empty)
        assert not [one for one in await CONNECTOR.find(session, step) if one.active]  # type: ignore[union-attr]
        heard += session.requests
    assert heard and set().union(*(published.differences(request) for request in heard)) == set()


def _empty(request: Request) -> Answer:
    if "page" not in dict(request.query):
        return answer(b"The resource cannot be found", 404)
    described = {"page": 1, "pageSize": 1, "pageCount": 0, "itemCount": 0}
    return answer(envelope(request.path.strip("/"), [], pagination=described))


def test_every_published_time_zone_is_known() -> None:
    known = zoneinfo.available_timezones()
    assert [word for word in published.zones() if zone(word) not in known] == []


def test_the_check_sees_what_is_not_published() -> None:
    wrong = Request("PUT", "/Invoices", (("summarise", "no"),), b'{"Invoices":[{"Kind":"ACCREC","Total":"1"}]}')
    found = "\n".join(sorted(published.differences(wrong)))
    assert "query.summarise" in found and "'Kind' was unexpected" in found and "Invoices.Total" in found
    assert published.differences(Request("PATCH", "/Invoices")) == {"PATCH /Invoices: not published"}
