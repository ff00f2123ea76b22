"""Credits applied to invoices, and taken back."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from msgspec.structs import replace
from xero_answers import SHOWN, Routes, applying, credit, found, good, raising, routed
from xero_documents import (
    NOTE,
    OVER,
    PART,
    of,
)
from xero_script import NO_ID, answer, guid

from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.writing import Action, Done, Rejected, Uncertain
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.transport.errors import AnswerLost
from ml_connector.transport.messages import Answer

pytestmark = pytest.mark.anyio


async def test_a_credit_is_applied_at_its_own_address_with_the_bare_allocation() -> None:
    session = applying(good("Allocations", SHOWN), SHOWN)
    outcome = await CONNECTOR.write(session, of("allocations", OVER))
    assert isinstance(outcome, Done) and outcome.target_id == guid(5, 8)
    request = session.requests[0]
    assert (request.method, request.path) == ("PUT", f"/Overpayments/{guid(9)}/Allocations")
    assert json.loads(request.body or b"") == {
        "Allocations": [{"Amount": 5.5, "Date": "2026-09-14", "Invoice": {"InvoiceID": guid(1)}}]
    }
    assert isinstance(outcome.document, Payment) and outcome.document.splits[0].id == guid(5, 8)
    [(entity, shown)] = outcome.also
    assert entity == "overpayments" and isinstance(shown, Payment) and shown.id == guid(9) and len(shown.splits) == 1


async def test_one_of_the_same_amount_is_told_from_earlier_ones() -> None:
    """Xero shows both alike; which is the new one is known by what was there before."""
    earlier = {**SHOWN, "AllocationID": guid(5, 7)}
    again = replace(OVER, splits=(*OVER.splits, replace(PART, id=guid(5, 7))))
    session = applying(good("Allocations", SHOWN), earlier, SHOWN)
    outcome = await CONNECTOR.write(session, of("allocations", again))
    assert isinstance(outcome, Done) and outcome.target_id == guid(5, 8)
    assert len(json.loads(session.requests[0].body or b"")["Allocations"]) == 1
    routes: Routes = {f"/Overpayments/{guid(9)}": found("Overpayments", credit(earlier))}
    assert await CONNECTOR.find(routed(routes), of("allocations", again)) == []
    unknown = applying(good("Allocations", SHOWN), earlier, SHOWN)
    assert isinstance(await CONNECTOR.write(unknown, of("allocations", OVER)), Uncertain)


async def test_an_answer_without_the_allocations_id_is_completed_from_the_credit() -> None:
    bare = {name: value for name, value in SHOWN.items() if name != "AllocationID"}
    outcome = await CONNECTOR.write(applying(good("Allocations", bare), SHOWN), of("allocations", OVER))
    assert isinstance(outcome, Done) and outcome.target_id == guid(5, 8)
    assert isinstance(await CONNECTOR.write(applying(good("Allocations", bare)), of("allocations", OVER)), Uncertain)


@pytest.mark.parametrize("given", [answer({}), answer(b"", 200), good("Allocations"), answer(b"", 503), answer([])])
async def test_an_answer_that_shows_no_application_proves_none(given: Answer) -> None:
    assert isinstance(await CONNECTOR.write(applying(given, SHOWN), of("allocations", OVER)), Uncertain)


async def test_an_application_that_is_refused_is_said_so() -> None:
    refusal = {
        **SHOWN,
        "AllocationID": NO_ID,
        "StatusAttributeString": "ERROR",
        "ValidationErrors": [{"Message": "too much"}],
    }
    for given in (good("Allocations", refusal), answer({"Elements": [refusal], "ErrorNumber": 10}, 400)):
        outcome = await CONNECTOR.write(applying(given), of("allocations", OVER))
        assert isinstance(outcome, Rejected) and "too much" in outcome.sentence


async def test_an_application_is_taken_back() -> None:
    gone = of("allocations", replace(OVER, splits=(replace(PART, id=guid(5, 8)),)), Action.VOID, target_id=guid(9))
    session = applying(answer({"AllocationId": guid(5, 8), "IsDeleted": True}))
    outcome = await CONNECTOR.write(session, gone)
    assert isinstance(outcome, Done) and outcome.document.active is False  # type: ignore[union-attr]
    # The invoice owes more now: it is told with the credit.
    assert [(entity, one.id) for entity, one in outcome.also] == [("overpayments", guid(9)), ("invoices", guid(1))]
    assert CONNECTOR.touched(gone) == (("overpayments", guid(9)), ("invoices", guid(1)))
    request = session.requests[0]
    assert (request.method, request.path) == ("DELETE", f"/Overpayments/{guid(9)}/Allocations/{guid(5, 8)}")
    assert "Idempotency-Key" not in request.headers and request.body is None
    assert isinstance(await CONNECTOR.write(applying(answer({}), SHOWN), gone), Uncertain)
    assert isinstance(await CONNECTOR.write(applying(answer({})), gone), Done)
    missing = answer(b"The resource cannot be found", 404)
    outcome = await CONNECTOR.write(applying(missing), gone)  # a person took it back before
    assert isinstance(outcome, Done) and outcome.document.active is False  # type: ignore[union-attr]
    assert isinstance(await CONNECTOR.write(applying(missing, SHOWN), gone), Uncertain)
    assert isinstance(await CONNECTOR.write(applying(missing), of("allocations", OVER)), Rejected)
    lost = raising(AnswerLost("cut"))
    assert isinstance(await CONNECTOR.write(lost, gone), Uncertain) and len(lost.requests) == 1


async def test_an_application_is_found_on_its_credit() -> None:
    made = of("allocations", OVER)
    routes: Routes = {f"/Overpayments/{guid(9)}": found("Overpayments", credit(SHOWN))}
    (document,) = await CONNECTOR.find(routed(routes), made)
    assert isinstance(document, Payment) and document.reference == "r-1" and document.splits[0].id == guid(5, 8)
    routes = {f"/Overpayments/{guid(9)}": found("Overpayments", credit({**SHOWN, "Amount": 5.0}))}
    assert await CONNECTOR.find(routed(routes), made) == []
    gone = of("allocations", replace(OVER, splits=(replace(PART, id=guid(5, 8)),)), Action.VOID, target_id=guid(9))
    routes = {f"/Overpayments/{guid(9)}": found("Overpayments", credit())}
    (document,) = await CONNECTOR.find(routed(routes), gone)
    assert isinstance(document, Payment) and not document.active
    shown = {
        "CreditNoteID": guid(8),
        "Type": "ACCRECCREDIT",
        "Total": 20.0,
        "Status": "AUTHORISED",
        "Allocations": [SHOWN],
    }
    routes = {f"/CreditNotes/{guid(8)}": found("CreditNotes", shown)}
    (document,) = await CONNECTOR.find(routed(routes), of("allocations", NOTE))
    assert isinstance(document, Invoice) and document.total == Decimal("5.5")
