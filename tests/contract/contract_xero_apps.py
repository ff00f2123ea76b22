"""A line to the emulated Xero through an app of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contract_line import Line, opened
from contract_set import staged
from contract_xero import StageOfXero

from ml_connector.connectors.writing import Action, Step


@asynccontextmanager
async def xero(app: str = "web", **switches: object) -> AsyncIterator[tuple[StageOfXero, Line]]:
    """A company, and a line through an app of this kind."""
    async with staged("xero") as stage:
        assert isinstance(stage, StageOfXero)
        stage.short_pages()
        stage.emulator.set_switches(switches)
        hosts, given = stage.sandbox.handover["hosts"], credentials(stage, app)
        clock, first = stage.clock, stage.first
        async with opened(
            stage.connector, hosts, clock, given, stage.organisation, stage.settings, first
        ) as line:  # fmt: skip
            yield stage, line


def credentials(stage: StageOfXero, app: str) -> dict[str, str]:
    access = stage.company.access
    return stage.credentials | {
        "web": {},
        "pkce": {"app": "pkce", "client_id": access.xero_native_id, "client_secret": ""},
        "custom": {"app": "custom", "client_id": access.xero_custom_id, "client_secret": access.xero_custom_secret},
    }[app]  # fmt: skip


async def steps(stage: StageOfXero, line: Line, entity: str, names: str, action: Action = Action.CREATE) -> list[Step]:
    organisation = await line.connector.organisation(line.session)
    return [stage.step(entity, action, f"x-{name}", organisation) for name in names]
