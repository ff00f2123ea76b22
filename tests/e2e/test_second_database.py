"""A new, empty database over books that an earlier one has filled: everything is linked, and nothing is posted again."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import integration_named
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.sandbox import Sandbox
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

KIND = "servicetitan-xero"
MODES = {
    "customers": "as needed", "vendors": "as needed", "invoices": "live", "payments": "live", "purchase_orders": "live",
    "invoices_exported": "live", "payments_exported": "live",
}  # fmt: skip
DOCUMENTS = ("invoices", "payments", "purchase_orders")
MakeDatabase = Callable[[], AbstractAsyncContextManager[Database]]


@dataclass(frozen=True, slots=True)
class Ended:
    """(flow, state, reason) of every record, and the links of documents: (flow, source id, target's entity, its id)."""

    states: Counter[tuple[str, str, str]]
    links: set[tuple[str, str, str, str]]


async def synced(database: Database, sandbox: Sandbox, folder: Path) -> Ended:
    """Connect the company to a database, and let all its flows go."""
    file = folder / "sandbox.json"
    sandbox.write(file)
    async with Runtime.on(database, Settings(data=folder / uuid.uuid4().hex, sandbox=file)) as runtime:
        desk, integration = await joined(runtime, sandbox.handover, KIND, {})
        for flow, mode in MODES.items():
            await set_flow_mode(desk, integration, flow, mode)
        await syncing.request_sync(desk, await integration_named(desk, KIND))
        assert (await syncing.wait_until_quiet(desk, integration, patience=90.0)).done
        async with desk.looking() as reading:
            rows = await reading.all(
                """select f.name, s.state, s.reason from version_state s
                join record r on r.tenant_id = s.tenant_id and r.version_id = s.version_id
                join flow f on f.tenant_id = s.tenant_id and f.flow_id = s.flow_id where s.tenant_id = %s""",
                desk.tenant_id,
            )
            links = await reading.all(
                """select entity, source_id, target_entity, target_id from link
                where tenant_id = %s and entity = any(%s::text[])""",
                desk.tenant_id, list(DOCUMENTS),
            )  # fmt: skip
    return Ended(Counter((name, State(state).word, reason) for name, state, reason in rows), set(links))


async def test_a_second_database_over_the_same_books_links_everything_and_posts_nothing(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    async with Sandbox.running("matrix:servicetitan-xero", speed=120.0, limits=False) as sandbox:
        async with make_database() as database:
            first = await synced(database, sandbox, tmp_path)
        linked = Counter(one[0] for one in first.links)
        assert all(linked[name] >= 4 for name in DOCUMENTS), first
        books = sandbox.xero.essence()
        async with make_database() as database:
            second = await synced(database, sandbox, tmp_path)
        assert second.links == first.links, second.states
        assert not [key for key in second.states if key[1] in ("held", "rejected", "uncertain", "staged")], second
        assert sandbox.xero.essence() == books
