"""How steps are sent: together, by id, and once more where an answer was lost."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace
from xero_answers import always, failed, good, ok, raising
from xero_documents import (
    PAYMENT,
    of,
    step,
)
from xero_script import ScriptedSession, answer, guid, invoice_row, payment_row

from ml_connector.connectors.writing import Action, Done, Rejected, Step, Uncertain
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.connectors.xero.requests import groups
from ml_connector.connectors.xero.write import UNIQUE
from ml_connector.errors import BadInput
from ml_connector.transport.errors import AnswerLost, LeaseLost, NotSent, Reconnect, Throttled

pytestmark = pytest.mark.anyio


async def test_a_create_is_a_put_whose_bytes_are_the_steps() -> None:
    session = always(good("Invoices", ok(invoice_row(1))))
    outcome = await CONNECTOR.write(session, step())
    assert isinstance(outcome, Done) and outcome.target_id == guid(1)
    (request,) = session.requests
    assert (request.method, request.path, request.safe) == ("PUT", "/Invoices", False)
    assert dict(request.query) == {"summarizeErrors": "false", "unitdp": "4"}
    assert request.body == b'{"Invoices":[' + step().body + b"]}"
    assert request.headers["Xero-tenant-id"] == session.organisation
    assert 0 < len(request.headers["Idempotency-Key"]) <= 128


async def test_fifty_steps_are_one_call_and_each_has_its_own_outcome() -> None:
    rows = [
        ok(invoice_row(n)) if n % 7 else failed(invoice_row(n), "Account code '9' is not a valid code")
        for n in range(50)
    ]
    session = always(good("Invoices", *reversed(rows)))
    outcomes = await CONNECTOR.write_batch(session, [step(n) for n in range(50)])
    assert len(session.requests) == 1
    for n, outcome in enumerate(outcomes):
        if n % 7:
            assert isinstance(outcome, Done) and outcome.target_id == guid(n)
        else:
            assert isinstance(outcome, Rejected) and outcome.reason == "invalid_value"
    assert CONNECTOR.batches["invoices", Action.CREATE] == 50


async def test_an_update_goes_by_id_alone_and_together() -> None:
    session = always(good("Invoices", invoice_row(1)))
    assert isinstance(await CONNECTOR.write(session, step(1, Action.UPDATE)), Done)
    assert (session.requests[0].method, session.requests[0].path) == ("POST", f"/Invoices/{guid(1)}")
    together = always(good("Invoices", ok(invoice_row(2)), ok(invoice_row(1))))
    first, second = await CONNECTOR.write_batch(together, [step(1, Action.UPDATE), step(2, Action.UPDATE)])
    assert isinstance(first, Done) and isinstance(second, Done)
    assert (first.target_id, second.target_id) == (guid(1), guid(2))
    assert (together.requests[0].method, together.requests[0].path) == ("POST", "/Invoices")


async def test_an_update_that_names_another_document_is_never_sent() -> None:
    session = always(good("Invoices", invoice_row(1)))
    with pytest.raises(BadInput, match="does not name its document"):
        await CONNECTOR.write(session, replace(step(1, Action.UPDATE), target_id=guid(2)))
    with pytest.raises(BadInput, match="update of payments"):
        await CONNECTOR.write(session, Step("payments", Action.UPDATE, "r", b"{}", guid(1)))
    assert not session.requests


def test_calls_stay_below_what_xero_takes() -> None:
    large = [Step("invoices", Action.CREATE, str(n), b"x" * 1_000_000) for n in range(7)]
    assert [len(group) for group in groups(large, alone=False)] == [3, 3, 1]
    small = [Step("invoices", Action.CREATE, str(n), b"{}") for n in range(120)]
    assert [len(group) for group in groups(small, alone=False)] == [50, 50, 20]


async def test_payments_may_be_sent_one_by_one() -> None:
    steps = [of("payments", PAYMENT, reference=f"servicetitan-1-payments-{n}") for n in (1, 2)]
    answers = {1: good("Payments", payment_row(1)), 2: good("Payments", payment_row(2))}
    session = ScriptedSession(lambda _: answers[len(session.requests)], {"payments_together": "no"})
    outcomes = await CONNECTOR.write_batch(session, steps)
    assert len(session.requests) == 2 and all(isinstance(one, Done) for one in outcomes)


async def test_a_lost_answer_is_asked_for_once_more_under_the_same_key() -> None:
    session = raising(AnswerLost("cut"), then=good("Invoices", ok(invoice_row(1))))
    assert isinstance(await CONNECTOR.write(session, step()), Done)
    first, second = session.requests
    assert first.headers == second.headers and first.body == second.body


async def test_a_twin_at_the_same_time_has_the_same_key_and_a_later_write_another() -> None:
    session = always(answer(b"", 500))
    await CONNECTOR.write(session, step())
    await CONNECTOR.write(session, step())
    first, twin = session.requests
    assert first.headers["Idempotency-Key"] == twin.headers["Idempotency-Key"]
    await CONNECTOR.write(session, step(2))
    assert session.requests.pop().headers["Idempotency-Key"] != first.headers["Idempotency-Key"]
    session.requests.pop()
    session.clock = type(session.clock)(session.clock.start + dt.timedelta(seconds=90), session.clock.anchor, 1e-9)
    await CONNECTOR.write(session, step())
    first, second = session.requests
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]


@pytest.mark.parametrize(
    "second", [NotSent("refused"), Throttled("many", 7), AnswerLost("cut again"), Reconnect("dead")]
)
async def test_what_becomes_of_the_second_call_never_makes_the_first_undone(second: Exception) -> None:
    outcome = await CONNECTOR.write(raising(AnswerLost("cut"), second), step())
    assert isinstance(outcome, Uncertain) and "cut" in outcome.why


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
async def test_a_second_call_that_is_turned_away_proves_nothing(status: int) -> None:
    outcome = await CONNECTOR.write(raising(AnswerLost("cut"), then=answer(b"", status)), step())
    assert isinstance(outcome, Uncertain) and str(status) in outcome.why


def test_only_what_xero_keeps_unique_is_sent_again() -> None:
    assert frozenset(["invoices", "credit_notes", "purchase_orders", "parties"]) == UNIQUE


@pytest.mark.parametrize("action", [Action.CREATE, Action.VOID])
async def test_a_payment_is_never_sent_again(action: Action) -> None:
    session = raising(AnswerLost("cut"), then=good("Payments", payment_row(1)))
    outcome = await CONNECTOR.write(session, of("payments", replace(PAYMENT, id=guid(1)), action))
    assert isinstance(outcome, Uncertain) and len(session.requests) == 1


async def test_a_document_without_a_number_is_never_sent_again() -> None:
    session = raising(AnswerLost("cut"), then=good("Invoices", ok(invoice_row(1))))
    outcome = await CONNECTOR.write(session, replace(step(), body=b'{"Type":"ACCREC"}'))
    assert isinstance(outcome, Uncertain) and len(session.requests) == 1


async def test_a_refusal_of_the_second_call_proves_nothing_of_the_first() -> None:
    refused = good("Invoices", failed(invoice_row(1), "Invoice # must be unique."))
    outcome = await CONNECTOR.write(raising(AnswerLost("cut"), then=refused), step())
    assert isinstance(outcome, Uncertain) and "must be unique" in outcome.why


async def test_a_key_used_for_something_else_proves_nothing() -> None:
    said = {"Message": "Idempotency Key: K is used with a different request."}
    outcome = await CONNECTOR.write(raising(AnswerLost("cut"), then=answer(said, 400)), step())
    assert isinstance(outcome, Uncertain)


async def test_a_lost_answer_may_be_left_to_the_look_up() -> None:
    session = raising(AnswerLost("cut"))
    session.settings = {"resend_lost": "no"}
    assert isinstance(await CONNECTOR.write(session, step()), Uncertain)
    assert len(session.requests) == 1


async def test_a_lost_lease_stops_at_once() -> None:
    with pytest.raises(LeaseLost):
        await CONNECTOR.write(raising(LeaseLost("gone")), step())
    with pytest.raises(LeaseLost):
        await CONNECTOR.write(raising(AnswerLost("cut"), LeaseLost("gone")), step())
