"""Which headers a request may go without is a switch."""

from __future__ import annotations

import base64

import pytest
from servicenow_world import TABLE, Sandbox

pytestmark = pytest.mark.anyio
CENTRES = f"{TABLE}/cmn_cost_center"


@pytest.mark.parametrize(("always", "statuses"), [(False, (204, 200)), (True, (400, 400))])
async def test_a_delete_and_a_request_in_a_batch(sandbox: Sandbox, always: bool, statuses: tuple[int, int]) -> None:
    sandbox.switches.headers_always_needed = always
    sandbox.user = "boss"
    (row, *_) = sandbox.rows("cmn_cost_center")
    asked = {"id": "1", "method": "GET", "url": f"{CENTRES}/{row['sys_id']}", "headers": []}
    answer = await sandbox.ask("POST", "/api/now/v1/batch", {"batch_request_id": "1", "rest_requests": [asked]})
    (inner,) = answer.body["serviced_requests"]
    assert inner["status_code"] == statuses[1] and base64.b64decode(inner["body"])
    gone = await sandbox.ask("DELETE", f"{CENTRES}/{row['sys_id']}", headers={"Content-Type": ""})
    assert gone.status == statuses[0]
