"""Asking a lane to ping the real system."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from ml_connector.connectors.base import Finding, Verdict
from ml_connector.service.connections import Connection
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Role
from ml_connector.service.working import working
from ml_connector.transport.errors import TransportError

_findings = msgspec.json.Decoder(list[Finding])


class NotAnswered(TransportError):
    """The lane did not answer in time; the question stays and is answered when it runs."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. ``good`` unless something is missing."""

    connection: str
    vendor: str
    good: bool
    findings: tuple[Finding, ...]


async def check(desk: Desk, connection: Connection, *, seconds: float = 120.0) -> Checked:
    """Ask the connection's lane for a check and wait up to ``seconds`` (machine time). Raises NotAnswered."""
    desk.require(Role.OPERATOR, Role.APPROVER, Role.BOOKKEEPER)
    question_id = await _ask(desk, connection.connection_id)
    sealer = await desk.sealer()
    async with working(desk.runtime) as work:
        try:
            async with asyncio.timeout(seconds):
                while (sealed := await _answer(desk, question_id)) is None:
                    await work.pause()
        except TimeoutError as error:
            raise NotAnswered(
                f"{connection.name} did not answer within {seconds:.0f} s: it may be waiting for a limit of its own or "
                "a worker that is busy; ask again, or look at 'ml-connector status'."
            ) from error
    findings = tuple(_findings.decode(sealer.open(b"answer", sealed)))
    good = all(finding.verdict is not Verdict.MISSING for finding in findings)
    return Checked(connection.name, connection.vendor, good, findings)


async def _ask(desk: Desk, connection_id: int) -> int:
    async with desk.changing() as change:
        row = await change.one(
            """insert into question (tenant_id, connection_id, what, asked_by, asked_at)
            values (%s, %s, 'check', %s, %s) returning question_id""",
            desk.tenant_id, connection_id, desk.actor.name, desk.clock.now(),
        )  # fmt: skip
        assert row is not None
        await change.wake([connection_id], "a question")
        change.event("asked for a check", connection=connection_id)
        return int(row[0])


async def _answer(desk: Desk, question_id: int) -> bytes | None:
    async with desk.looking() as reading:
        row = await reading.one(
            "select answer from question where tenant_id = %s and question_id = %s and answered_at is not null",
            desk.tenant_id, question_id,
        )  # fmt: skip
    return bytes(row[0]) if row else None


async def check_all(desk: Desk, known: list[Connection], *, seconds: float = 120.0) -> list[Checked]:
    """Check several connections under one worker."""
    async with working(desk.runtime):
        return [await check(desk, one, seconds=seconds) for one in known]
