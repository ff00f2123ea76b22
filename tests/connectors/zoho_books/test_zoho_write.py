"""What an answer to a write proves, and how its result is found again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from zoho_script import Rows, ScriptedSession, answer, bill_row

from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.connectors.errors import FilterIgnored
from ml_connector.connectors.writing import Action, Done, Later, Rejected, Step, Uncertain
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.errors import Acts, BadInput
from ml_connector.transport.errors import (
    AnswerLost,
    BudgetEmpty,
    LeaseLost,
    NotSent,
    Reconnect,
    Throttled,
)
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

ORG = Organisation("927270289", "Co", "USD")
DAY = dt.date(2026, 6, 9)
BILL = Bill(
    "s", Ref("98001"), Decimal("20.50"), "B-1", date=DAY, lines=(BillLine("1", Decimal("20.50"), account=Ref("400")),)
)


def step(action: Action = Action.CREATE, *, target: str = "", field: str | None = None, **more: Any) -> Step:
    settings = {} if field is None else {"reference_field": field}
    body = CONNECTOR.compose(action, BILL, ORG, "T-42", settings).body
    return Step("bills", action, "T-42", body, target, "98001", "B-1", DAY, Decimal("20.50"), "USD", **more)


def shown(**more: Any) -> dict[str, Any]:
    return {
        "bill_id": "117048",
        "vendor_id": "98001",
        "bill_number": "B-1",
        "date": "2026-06-09",
        "total": 20.5,
        "currency_code": "USD",
        "status": "open",
        "line_items": [{"item_total": 20.5}],
        "custom_field_hash": {"cf_ml_connector_ref": "T-42"},
        **more,
    }


def success(http: int = 201, /, **more: Any) -> Answer:
    return answer({"code": 0, "message": "The bill has been created.", "bill": shown(**more)}, http)


def always(given: Answer) -> ScriptedSession:
    return ScriptedSession(lambda _: given)


def raising(error: Exception) -> ScriptedSession:
    def script(_: Request) -> Answer:
        raise error

    return ScriptedSession(script)


async def test_a_bill_is_created_by_upsert_on_the_unique_field() -> None:
    session = always(success(200))
    outcome = await CONNECTOR.write(session, step())
    (request,) = session.requests
    assert (request.method, request.path, request.safe) == ("PUT", "/bills", False)
    assert dict(request.headers) == {
        "X-Unique-Identifier-Key": "cf_ml_connector_ref",
        "X-Unique-Identifier-Value": "T-42",
        "X-Upsert": "true",
    }
    assert dict(request.query) == {"organization_id": "927270289"}
    assert request.body == step().body
    assert isinstance(outcome, Done) and outcome.target_id == "117048"


async def test_without_the_field_a_bill_is_posted() -> None:
    session = ScriptedSession(lambda _: success(custom_field_hash={}), {"reference_field": ""})
    assert isinstance(await CONNECTOR.write(session, step(field="")), Done)
    assert (session.requests[0].method, dict(session.requests[0].headers)) == ("POST", {})


async def test_an_update_goes_by_id() -> None:
    session = always(success(200))
    assert isinstance(await CONNECTOR.write(session, step(Action.UPDATE, target="117048")), Done)
    assert (session.requests[0].method, session.requests[0].path) == ("PUT", "/bills/117048")


@pytest.mark.parametrize(
    "wrong",
    [
        {"bill_number": "B-2"},
        {"vendor_id": "98002"},
        {"date": "2026-06-10"},
        {"total": 20.51},
        {"currency_code": "CAD"},
        {"bill_id": ""},
        {"custom_field_hash": {"cf_ml_connector_ref": "T-41"}},
    ],
)
async def test_an_answer_that_shows_another_bill_proves_nothing(wrong: dict[str, Any]) -> None:
    assert isinstance(await CONNECTOR.write(always(success(**wrong)), step()), Uncertain)


@pytest.mark.parametrize(
    ("code", "message", "reason", "acts"),
    [
        (3062, 'The customer "X" already exists.', "duplicate_name", Acts.BOOKKEEPER),
        (1002, "Account does not exist.", "not_found", Acts.BOOKKEEPER),
        (6041, "This user is not associated with the CompanyID", "wrong_organisation", Acts.TENANT_ADMIN),
        (103001, "Your trial has expired", "plan_expired", Acts.TENANT_ADMIN),
        (13011, "Bill number already exists", "duplicate_number", Acts.BOOKKEEPER),
        (99999, "Transactions dated before the lock date are locked", "period_closed", Acts.BOOKKEEPER),
        (99998, "The account is inactive", "inactive_account", Acts.BOOKKEEPER),
        (99997, "Something new", "rejected", Acts.BOOKKEEPER),
    ],
)
async def test_refusals(code: int, message: str, reason: str, acts: Acts) -> None:
    for status in (400, 200):
        outcome = await CONNECTOR.write(always(answer({"code": code, "message": message}, status)), step())
        assert isinstance(outcome, Rejected)
        assert (outcome.code, outcome.reason, outcome.acts) == (str(code), reason, acts)
        assert message in outcome.sentence and outcome.action


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (answer({"code": 44, "message": "blocked"}, 429), 60),
        (answer({"code": 45, "message": "exceeded"}, 429, x_rate_limit_reset="900"), 900),
        (answer({"code": 57, "message": "You are not authorized"}, 401), 3600),
    ],
)
async def test_what_was_provably_not_done(given: Answer, seconds: float) -> None:
    outcome = await CONNECTOR.write(always(given), step())
    assert isinstance(outcome, Later) and outcome.seconds == seconds
    assert outcome.forbidden is (given.status == 401)  # of this alone; other work of the lane goes on
    if outcome.forbidden:
        assert "the consent does not cover bills" in outcome.why
    else:
        assert outcome.why == "Zoho Books takes no more calls for now: its limit is used up"


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (NotSent("refused"), 0),
        (Throttled("many", 7), 7),
        (BudgetEmpty("day", 9), 9),
        (Reconnect("dead"), 3600),
    ],
)
async def test_what_never_left(error: Exception, seconds: float) -> None:
    outcome = await CONNECTOR.write(raising(error), step())
    assert isinstance(outcome, Later) and outcome.seconds == seconds


@pytest.mark.parametrize(
    "given",
    [
        answer({"code": 1000, "message": "Internal Error"}, 500),
        answer(b"<html>gateway</html>", 502),
        answer(b"<html>ok</html>", 200),
        answer(b"", 200),
        answer([], 200),
        answer({"code": 0, "message": "done"}, 201),
        answer({"message": "?"}, 400),
        answer({"code": 0, "bill": {"bill_id": "1"}}, 201),
    ],
)
async def test_what_may_have_been_done(given: Answer) -> None:
    assert isinstance(await CONNECTOR.write(always(given), step()), Uncertain)


async def test_a_lost_answer_is_uncertain_and_a_lost_lease_stops() -> None:
    assert isinstance(await CONNECTOR.write(raising(AnswerLost("cut")), step()), Uncertain)
    with pytest.raises(LeaseLost):
        await CONNECTOR.write(raising(LeaseLost("gone")), step())


@pytest.mark.parametrize(("status", "kind"), [("void", Done), ("open", Uncertain)])
async def test_a_void_is_proven_by_reading(status: str, kind: type) -> None:
    def script(request: Request) -> Answer:
        if request.method == "POST":
            return answer({"code": 0, "message": "The bill has been marked as void."}, 201)
        return success(200, status=status)

    session = ScriptedSession(script)
    outcome = await CONNECTOR.write(session, step(Action.VOID, target="117048"))
    assert isinstance(outcome, kind)
    assert session.requests[0].path == "/bills/117048/status/void"
    if isinstance(outcome, Done):
        assert isinstance(outcome.document, Bill) and outcome.document.state is BillState.CANCELED


async def test_a_vendor_is_created_and_shown() -> None:
    vendor = Party("", "vendor", "Beta")
    body = CONNECTOR.compose(Action.CREATE, vendor, ORG, "T-9", {}).body
    shown = {"contact_id": "9", "contact_name": "Beta", "contact_type": "vendor"}
    session = always(answer({"code": 0, "contact": shown}, 201))
    outcome = await CONNECTOR.write(session, Step("parties", Action.CREATE, "T-9", body))
    assert isinstance(outcome, Done) and session.requests[0].method == "PUT"
    other = always(answer({"code": 0, "contact": {**shown, "contact_name": "Gamma"}}, 201))
    assert isinstance(await CONNECTOR.write(other, Step("parties", Action.CREATE, "T-9", body)), Uncertain)


async def test_a_vendor_credit_is_posted_with_the_vendors_own_number() -> None:
    credit = Bill(
        "s", Ref("98001"), Decimal(-5), "C-1", date=DAY, lines=(BillLine("1", Decimal(-5), account=Ref("4")),)
    )
    body = CONNECTOR.compose(Action.CREATE, credit, ORG, "T-7", {}).body
    shown = {"vendor_credit_id": "7", "vendor_id": "98001", "vendor_credit_number": "C-1", "date": "2026-06-09",
             "total": 5, "status": "open", "currency_code": "USD"}  # fmt: skip
    session = always(answer({"code": 0, "vendor_credit": shown}, 201))
    made = Step("vendor_credits", Action.CREATE, "T-7", body, "", "98001", "C-1", DAY, Decimal(-5), "USD")
    assert isinstance(await CONNECTOR.write(session, made), Done)
    assert (session.requests[0].method, session.requests[0].path) == ("POST", "/vendorcredits")
    assert dict(session.requests[0].query)["ignore_auto_number_generation"] == "true"


async def test_what_is_not_offered_is_refused_before_anything_is_sent() -> None:
    session = always(success())
    with pytest.raises(BadInput, match="void of parties"):
        await CONNECTOR.write(session, Step("parties", Action.VOID, "T", b"", "9"))
    assert not session.requests


# --- finding --------------------------------------------------------------------------------------------------------


def searching(rows: list[dict[str, Any]], details: Callable[[str], Answer]) -> ScriptedSession:
    listed = Rows("bills", "bill_id", rows)
    return ScriptedSession(lambda request: listed(request) if request.path == "/bills" else details(request.path))


async def test_a_bill_is_found_by_vendor_and_number_and_read_in_full() -> None:
    row = bill_row(1, 0, bill_id="117048", vendor_id="98001")
    session = searching([row], lambda _: success(200))
    (found,) = await CONNECTOR.find(session, step())
    assert isinstance(found, Bill)
    assert (found.reference, found.complete) == ("T-42", True)
    assert CONNECTOR.is_ours(found)
    query = dict(session.requests[0].query)
    assert (query["vendor_id"], query["bill_number"]) == ("98001", "B-1")


async def test_rows_that_do_not_match_void_the_answer() -> None:
    session = searching([bill_row(2, 0, vendor_id="98001")], lambda _: success(200))
    with pytest.raises(FilterIgnored, match="bill_number"):
        await CONNECTOR.find(session, step())


async def test_nothing_found_is_nothing() -> None:
    assert await CONNECTOR.find(searching([], lambda _: success()), step()) == []


async def test_a_document_that_is_gone_is_nothing_but_a_wrong_address_is_an_error() -> None:
    gone = always(answer({"code": 1002, "message": "Bill does not exist."}, 404))
    assert await CONNECTOR.find(gone, step(Action.VOID, target="117048")) == []
    wrong = always(answer({"code": 5, "message": "Invalid URL Passed"}, 404))
    with pytest.raises(Exception, match="Invalid URL"):
        await CONNECTOR.find(wrong, step(Action.VOID, target="117048"))


async def test_a_found_bill_that_cannot_be_understood_is_no_absence() -> None:
    session = searching([bill_row(1, 0, vendor_id="98001")], lambda _: success(200, status="brand_new"))
    with pytest.raises(Exception, match="brand_new"):
        await CONNECTOR.find(session, step())


def test_the_body_of_a_step_is_json() -> None:
    assert json.loads(step().body)["bill_number"] == "B-1"
