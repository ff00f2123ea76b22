"""Faults of every vendor and of ServiceNow alone: what the client sees, and what was carried out."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from servicenow_world import HEADER, IMPORT, TABLE, Answer, Sandbox

from ml_connector_sandbox.kernel.faults import Fault

pytestmark = pytest.mark.anyio
CENTRES = f"{TABLE}/cmn_cost_center"
INVOICES = f"{IMPORT}/sn_spend_intg_imp_invoice"


def strike(sandbox: Sandbox, kind: str, **more: Any) -> None:
    sandbox.emulator.faults.add(Fault(kind=kind, **more))


async def centre(sandbox: Sandbox) -> Answer:
    return await sandbox.ask("POST", CENTRES, {"name": "Parts"})


def centres(sandbox: Sandbox) -> int:
    return len(sandbox.rows("cmn_cost_center"))


async def test_a_cancelled_transaction_was_carried_out(sandbox: Sandbox) -> None:
    strike(sandbox, "quota")
    answer = await centre(sandbox)
    assert (answer.status, answer.body, centres(sandbox)) == (200, None, 3)
    assert answer.text.startswith('{"result":{')
    assert answer.text.endswith('"status":"failure"}')


@pytest.mark.parametrize(("kind", "status"), [("202", 202), ("asleep", 200), ("429", 429), ("500 before", 500)])
async def test_nothing_was_carried_out(sandbox: Sandbox, kind: str, status: int) -> None:
    strike(sandbox, kind)
    answer = await centre(sandbox)
    assert (answer.status, centres(sandbox)) == (status, 2)
    assert "Retry-After" not in answer.headers


async def test_a_rate_limit_says_how_long(sandbox: Sandbox) -> None:
    strike(sandbox, "429 retry-after", seconds=7)
    answer = await centre(sandbox)
    assert (answer.headers["Retry-After"], answer.headers["X-RateLimit-Limit"]) == ("7", "100")
    assert answer.refusal[1] == "Rate limit exceeded"


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("acl", "ACL Exception Insert Failed due to security constraints"),
        ("business rule", "Operation against file 'cmn_cost_center' was aborted by Business Rule 'Sandbox:"),
        ("data policy", "Data Policy Exception: The following fields are mandatory: Name"),
    ],
)
async def test_a_write_is_refused_once(sandbox: Sandbox, kind: str, detail: str) -> None:
    strike(sandbox, kind)
    assert (await sandbox.ask("GET", CENTRES)).status == 200
    refusal = (await centre(sandbox)).refusal
    assert refusal[0] == 403
    assert str(refusal[2]).startswith(detail)
    assert (await centre(sandbox)).status == 201


@pytest.mark.parametrize("kind", ["business rule", "data policy", "row error"])
async def test_a_staged_row_is_an_error_once(sandbox: Sandbox, kind: str) -> None:
    strike(sandbox, kind)
    first = (await sandbox.ask("POST", INVOICES, HEADER)).result[0]
    second = (await sandbox.ask("POST", INVOICES, HEADER)).result[0]
    assert (first["status"], second["status"]) == ("error", "inserted")
    states = [row["sys_import_state"] for row in sandbox.rows("sn_spend_intg_imp_invoice")]
    assert states == ["error", "inserted"]


@pytest.mark.parametrize(
    ("kind", "served", "rest", "made"),
    [
        ("unserviced", {"a": 201}, ["b"], 3),
        ("cancelled inside before", {"a": 500, "b": 201}, [], 3),
        ("cancelled inside after", {"a": 500, "b": 201}, [], 4),
        ("acl", {"a": 403, "b": 201}, [], 3),
    ],
)
async def test_a_batch_is_struck_inside(
    sandbox: Sandbox, kind: str, served: dict[str, int], rest: list[str], made: int
) -> None:
    strike(sandbox, kind)
    assert (await sandbox.ask("GET", CENTRES)).status == 200
    headers = [{"name": "Accept", "value": "application/json"}, {"name": "Content-Type", "value": "application/json"}]
    body = base64.b64encode(json.dumps({"name": "Parts"}).encode()).decode()
    items = [{"id": one, "method": "POST", "url": CENTRES, "headers": headers, "body": body} for one in "ab"]
    answer = (await sandbox.ask("POST", "/api/now/v1/batch", {"batch_request_id": "1", "rest_requests": items})).body
    assert {one["id"]: one["status_code"] for one in answer["serviced_requests"]} == served
    assert (answer["unserviced_requests"], centres(sandbox)) == (rest, made)
    if "cancelled" in kind:
        told = json.loads(base64.b64decode(answer["serviced_requests"][0]["body"]))
        assert told["error"]["message"] == "Transaction cancelled: maximum execution time exceeded"


async def test_a_revoked_client_comes_back_when_the_fault_is_cleared(sandbox: Sandbox) -> None:
    form = {"grant_type": "client_credentials", "client_id": "client", "client_secret": "not-a-secret"}
    token = (await sandbox.token(**form)).body["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    strike(sandbox, "revoked")
    assert (await sandbox.ask("GET", CENTRES, headers=bearer)).status == 401
    assert (await sandbox.token(**form)).status == 401
    sandbox.emulator.faults.clear()
    assert (await sandbox.token(**form)).status == 200


async def test_an_expired_token_is_dead_and_a_new_one_works(sandbox: Sandbox) -> None:
    form = {"grant_type": "client_credentials", "client_id": "client", "client_secret": "not-a-secret"}
    token = (await sandbox.token(**form)).body["access_token"]
    strike(sandbox, "token expired")
    assert (await sandbox.ask("GET", CENTRES, headers={"Authorization": f"Bearer {token}"})).status == 401
    again = (await sandbox.token(**form)).body["access_token"]
    assert (await sandbox.ask("GET", CENTRES, headers={"Authorization": f"Bearer {again}"})).status == 200


async def test_kinds_that_servicenow_does_not_have_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="servicenow knows no 'day limit'"):
        strike(sandbox, "day limit")
    with pytest.raises(ValueError, match="there is no kind of fault 'hail'; there are: refused"):
        strike(sandbox, "hail")
