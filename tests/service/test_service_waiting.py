"""Waiting for a sync whose vendors cannot be reached: told at once, and ended after the patience."""

from __future__ import annotations

import asyncio
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from joined import ACTOR, joined
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.syncing import Progress
from ml_connector.service.tenants import selected_tenant
from ml_connector.settings import Settings
from ml_connector.store.database import Database

pytestmark = pytest.mark.anyio


def unreachable(file: Path, hosts: dict[str, str]) -> Path:
    """A sandbox's hand-over file whose hosts lead to a port where nothing listens; its clock makes retries quick."""
    now = datetime.now(UTC)
    clock = {"start": now.isoformat(), "anchor": now.timestamp(), "speed": 120.0}
    file.write_text(json.dumps({"clock": clock, "hosts": dict.fromkeys(hosts, "127.0.0.1:1")}))
    return file


async def test_a_sync_ends_after_the_patience_while_retries_go_on(database: Database, tmp_path: Path) -> None:
    async with joined(database, tmp_path) as company:
        dead = unreachable(tmp_path / "dead.json", company.sandbox.handover["hosts"])
    async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=dead)) as runtime:
        desk = Desk(runtime, (await selected_tenant(runtime)).tenant_id, ACTOR)
        integration = await integration_named(desk, "")
        await syncing.request_sync(desk, integration)
        seen: list[Progress] = []
        quiet = await syncing.wait_until_quiet(desk, integration, seen.append, patience=2.0)
    assert not quiet.done and "could not be reached" in quiet.sentence
    assert any("could not be reached" in one.problem for one in seen[:-1])
    assert len({one.until for one in seen if one.until}) > 2, "it was tried again and again meanwhile"


async def test_what_was_read_is_counted_to_the_end(database: Database, tmp_path: Path) -> None:
    async with joined(database, tmp_path) as company:
        began = company.desk.clock.now()
        await company.sync()
        first, _ = await syncing._look(company.desk, company.integration, began)
        again = await company.sync()
        whole, _ = await syncing._look(company.desk, company.integration, began)
    assert first.rows >= first.new > 0
    assert whole.rows >= first.rows + again.progress.rows and whole.new == first.new
    assert again.progress.new == 0


async def test_what_goes_to_and_fro_is_no_progress(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = itertools.cycle([Progress(0, 0, 0, 5, 0, 0, 1, 0), Progress(0, 0, 0, 0, 0, 5, 1, 0)])

    async def look(*_: object) -> tuple[Progress, bool]:
        return next(steps), False

    monkeypatch.setattr(syncing, "_look", look)
    integration = Integration(1, "servicetitan-zoho_books", "", "", "", 1, 2, 1, {}, ())
    async with asyncio.timeout(10):
        quiet = await syncing.wait_until_quiet(desk, integration, patience=0.4)
    assert not quiet.done and "nothing has moved for a while" in quiet.sentence


async def test_what_could_not_be_read_is_told_although_all_is_quiet(database: Database, tmp_path: Path) -> None:
    async with joined(database, tmp_path) as company:
        assert (await company.sync()).sentence == ""
        async with company.desk.changing() as change:
            await change.run(
                """insert into unread (tenant_id, flow_id, source_id, run_id, content_hash, raw, problem, first_read_at)
                select tenant_id, flow_id, 'lost', min(run_id), '', '', '', now() from run
                where tenant_id = %s group by tenant_id, flow_id order by flow_id limit 1""",
                company.desk.tenant_id,
            )  # fmt: skip
        quiet = await syncing.wait_until_quiet(company.desk, company.integration, patience=5.0)
    assert quiet.done and quiet.sentence == "1 document could not be read; the next reading asks again"
