"""``tracking`` and ``explain`` of an inventory bill as a person meets them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cli_terminal import Shown, environment, in_terminal, piped

from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant
from ml_connector.settings import Settings
from ml_connector.store.database import Database

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from tracking_world import Tracking, billed, make_tracking, received

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def env(tmp_path: Path, database_url: str) -> dict[str, str]:
    return environment(tmp_path / "data", DATABASE_URL=database_url)


@pytest.fixture
async def company(database: Database, tmp_path: Path) -> AsyncIterator[Tracking]:
    async with Runtime.on(database, Settings(data=tmp_path / "data")) as runtime:
        actor = Actor("cli/anna")
        tenant = await create_tenant(runtime, actor, "Polar Air", "America/Chicago")
        yield await make_tracking(Desk(runtime, tenant.tenant_id, actor), "off")


async def typed(env: dict[str, str], *arguments: str) -> Shown:
    return await asyncio.to_thread(in_terminal, arguments, env, 120)


async def test_what_is_tracked_is_told(company: Tracking, env: dict[str, str]) -> None:
    off = await typed(env, "tracking")
    assert off.code == 0 and "Nothing is tracked: the flow inventory_bills is off" in off.sentence

    await company.mode("live")
    await company.read(received("1"), received("2", "50.00"), received("3"))
    await company.show(billed("x1", "INV-1"), billed("x3", "INV-3", "117.50"), billed("x9", "OTHER", "20.00"))
    shown = await typed(env, "tracking")
    assert shown.code == 1 and shown.widest <= 120
    for told in ("Received, not billed: 1, 50.00 USD", "Billed, not received: 1, 20.00 USD", "Received and billed: 1"):
        assert told in shown.sentence, shown.text
    assert "Billed at another price: 1, 17.50 USD" in shown.sentence and "+17.50" in shown.text
    assert "INV-2" in shown.text and "INV-1" not in shown.text
    assert "INV-1" in (await typed(env, "tracking", "--matched")).text

    report = json.loads(piped(["--json", "tracking", "--only", "price_differences"], env).stdout)
    [only] = report["lists"]
    assert only["bills"][0]["billed"] == "117.50" and only["total"]["sums"] == {"USD": "17.50"}
    written = piped(["tracking", "--csv"], env)
    rows = list(csv.DictReader(io.StringIO(written.stdout)))
    assert written.returncode == 1 and {row["finding"] for row in rows} == {
        "received_not_billed", "billed_not_received", "price_difference", "matched",
    }  # fmt: skip
    nobody = await typed(env, "tracking", "--vendor", "acme")
    assert nobody.code == 0 and "Received, not billed: 0" in nobody.sentence
    lost = await typed(env, "tracking", "--only", "lost")
    assert lost.code == 2 and "There is no list 'lost'; there are received_not_billed," in lost.sentence

    life = await typed(env, "explain", "INV-3")
    assert life.code == 0 and "It is tracked: Billed at another price." in life.sentence
    assert "ordered 2026-08-01, sent 2026-08-02, received 2026-08-05, billed 2026-08-10" in life.sentence
    assert "ordered 100.00 USD, received 100.00 USD, billed 117.50 USD" in life.sentence
    assert "17.50 USD more than received" in life.sentence
