"""``GET /receivables``: the comparison of the command line, with money as text, for bookkeepers' and approvers' tokens."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from web_client import Api, token

from ml_connector.connectors.reading import OpenItem
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import receivables
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant
from ml_connector.service.working import Work

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from selling_by_hand import BEND, ON, Selling, make_selling

pytestmark = pytest.mark.anyio


@pytest.fixture
async def company(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Selling:
    """Another process works; its lanes are played here."""

    @asynccontextmanager
    async def working(_: Runtime) -> AsyncIterator[Work]:
        yield Work(None)

    monkeypatch.setattr(receivables, "working", working)
    tenant = await create_tenant(runtime, Actor("cli/anna"), "Polar Air", "America/Chicago")
    return await make_selling(Desk(runtime, tenant.tenant_id, Actor("cli/anna")))


async def answered(company: Selling, *items: OpenItem) -> None:
    """What both lanes do with their questions, Xero's first, once they are asked."""
    desk, sealer = company.desk, await company.desk.sealer()
    answers = [sealer.seal(b"answer", msgspec.json.encode(one)) for one in (items, ())]
    done = 0
    while done < 2:
        await asyncio.sleep(0.02)
        async with desk.changing() as change:
            done += await change.run(
                """update question set answered_at = now(), answer = case what when 'open items' then %s else %s end
                where tenant_id = %s and answered_at is null""",
                *answers, desk.tenant_id,
            )  # fmt: skip


async def test_who_differs_comes_with_causes_and_money_is_text(api: Api, company: Selling) -> None:
    mine = api.as_(await token(company, "read"))  # type: ignore[arg-type]
    asked = asyncio.create_task(mine.get("/receivables", integration="servicetitan-xero", at=str(ON)))
    await answered(company, OpenItem("invoice", "1", BEND.id, BEND.name, Decimal("100.00"), "N-1", ON))
    found = await asked
    assert found.status == 200 and found.body["here"] == {"USD": "100.00"} and found.body["at"] == str(ON)
    [one] = found.body["differing"]
    assert (one["customer"], one["here"], one["there"]) == ("Bend Bakery", "100.00", "0")
    assert one["differences"] == [{"cause": "not yet", "count": 1, "amount": "100.00", "example": "N-1"}]


async def test_who_may_not_and_what_is_wrong(api: Api, company: Selling) -> None:
    assert (await api.get("/receivables")).status == 401
    operator = await token(company, "read", role="operator")  # type: ignore[arg-type]
    assert (await api.as_(operator).get("/receivables")).status == 403
    mine = api.as_(await token(company, "read"))  # type: ignore[arg-type]
    assert (await mine.get("/receivables", integration="lost")).status == 404
    assert (await mine.get("/receivables", at="yesterday")).status == 400
