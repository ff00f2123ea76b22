"""A world made ready once: connected, mapped and set going; and where its company goes on, read once and changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from faults.run import undisturbed
from faults.world import CONNECTED, SPEED, Ready, Running, kind_of, opened
from ml_connector.errors import BadInput
from ml_connector.integrations.base import IntegrationType
from ml_connector.service.scheduling import schedule
from ml_connector.store.migrate import migrate
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import seeded
from rig.company import joined
from rig.postgres import create_database

_BY_SETTING = ("locations",)  # live only where a setting gives them contacts of their own
READINGS = 2
"""Before a company changes: changed contacts of customers are followed from the second reading on."""


async def prepared(server: str, folder: Path, world: str) -> Ready:
    """Seed, connect, integrate, map, and set every flow going. Raises BadInput when the sandbox has no such company."""
    clock = SandboxClock.starting(CONNECTED, SPEED)
    try:
        company = seeded(f"matrix:{world}", clock)
    except ValueError as error:
        raise BadInput(f"The sandbox has no company for {world} in the fault matrix: {error}") from error
    folder.mkdir(parents=True)
    name = f"template_{world.replace('-', '_').replace(' ', '_')}"
    url = create_database(server, name, "template1")
    migrate(url)
    async with opened(company, url, folder) as (sandbox, runtime, settings):
        kind = runtime.integrations[kind_of(world)]
        desk, integration = await joined(runtime, sandbox.handover, kind.kind, _modes(kind, company))
        for flow in integration.flows:  # what was asked for once is to be finished by itself, not by reading again
            if not kind.flow(flow.name).follows:
                await schedule(desk, integration, flow.name, "0 2 * * *")
        await _changed(company, Running(sandbox, runtime, desk, integration, settings, url, folder))
    return Ready(world, company, clock, server, name, folder)


def _modes(kind: IntegrationType, company: Company) -> Mapping[str, str]:
    """Every flow; where nobody makes any change, none of those that carry changes of people back.

    Where people's changes are carried back, what runs as needed elsewhere is live, since it follows them only then.
    """
    if company.change is not None and any(flow.mirrors for flow in kind.flows):
        return {flow.name: "live" for flow in kind.flows if flow.name not in _BY_SETTING}
    return {flow.name: "as needed" if flow.as_needed else "live" for flow in kind.flows if not flow.mirrors}


async def _changed(company: Company, running: Running) -> None:
    """Nothing is spoiled before the changes: what comes after them is what is tried. Raises RuntimeError, TimeoutError."""
    if company.change is None:
        return
    for _ in range(READINGS):
        books = await undisturbed(running)
    if books.unsound:
        raise RuntimeError(f"the reading before the changes is not sound: {'; '.join(books.unsound)}")
    company.change(company)
