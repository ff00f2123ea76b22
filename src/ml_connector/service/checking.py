"""Asking a lane to ping the real system."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.lanes.questions import RECONNECT
from ml_connector.lanes.tasks import ended
from ml_connector.service.backfills import plan_of_the_day
from ml_connector.service.connections import Connection, connections_in, told
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Role
from ml_connector.service.strange_accounts import strange_accounts
from ml_connector.service.working import Work, working
from ml_connector.transport.errors import TransportError

PATIENCE = 120.0  # machine seconds that an answer is waited for

_findings = msgspec.json.Decoder(list[Finding])


class NotAnswered(TransportError):
    """The lane did not answer in time; the question stays and is answered when it runs."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. ``good`` unless something is missing, or nothing was answered: ``unanswered`` says why."""

    connection: str
    vendor: str
    good: bool
    findings: tuple[Finding, ...]
    unanswered: str = ""


async def check(desk: Desk, connection: Connection, *, seconds: float = PATIENCE) -> Checked:
    """Ask the connection's lane for a check and wait up to ``seconds`` (machine time).

    Raises NotAnswered, at once where the lane stands still for longer than that.
    """
    desk.require(Role.OPERATOR, Role.APPROVER, Role.BOOKKEEPER)
    async with working(desk.runtime) as work:
        return await _checked(desk, connection, work, seconds)


def _silent(_: Checked) -> None:
    return


async def check_all(
    desk: Desk, known: Sequence[Connection], report: Callable[[Checked], None] = _silent, *, seconds: float = PATIENCE
) -> list[Checked]:
    """Check several connections at once, under one worker; each is told to ``report`` as soon as it is known.

    One that does not answer is told as such, and hides none of the others.
    """
    desk.require(Role.OPERATOR, Role.APPROVER, Role.BOOKKEEPER)
    async with working(desk.runtime) as work:
        asked = [asyncio.create_task(_told(desk, one, work, seconds, report)) for one in known]
        try:
            return await asyncio.gather(*asked)
        finally:
            await ended(*asked)


async def _told(
    desk: Desk, connection: Connection, work: Work, seconds: float, report: Callable[[Checked], None]
) -> Checked:
    try:
        found = await _checked(desk, connection, work, seconds)
    except NotAnswered as error:
        found = Checked(connection.name, connection.vendor, False, (), error.sentence)
    report(found)
    return found


async def _checked(desk: Desk, connection: Connection, work: Work, seconds: float) -> Checked:
    findings = tuple(
        _named(connection, one) for one in _findings.decode(await asked(desk, connection, "check", work, seconds))
    )
    plan = await plan_of_the_day(desk, connection.connection_id) if findings else None
    findings += (plan,) if plan is not None else ()
    findings += await strange_accounts(desk, connection.connection_id)
    good = all(finding.verdict is not Verdict.MISSING for finding in findings)
    return Checked(connection.name, connection.vendor, good, findings)


async def asked(desk: Desk, connection: Connection, what: str, work: Work, seconds: float = PATIENCE) -> bytes:
    """The lane's answer to a question, as JSON. Raises NotAnswered."""
    question_id = await _ask(desk, connection.connection_id, what)
    sealer, loop = await desk.sealer(), asyncio.get_running_loop()
    until = loop.time() + seconds
    while (sealed := await _answer(desk, question_id)) is None:
        if waits := await _stands_still(desk, connection.connection_id, until - loop.time()):
            raise NotAnswered(f"{connection.name} {waits}; ask again then.")
        if loop.time() > until:
            raise NotAnswered(
                f"{connection.name} did not answer within {seconds:.0f} s: it may be waiting for a limit of its own or "
                "a worker that is busy; ask again, or look at 'ml-connector status'."
            )
        await work.pause()
    return sealer.open(b"answer", sealed)


def _named(connection: Connection, finding: Finding) -> Finding:
    """The lane knows that its connection has to be connected again; here it is told what to type."""
    if finding.action != RECONNECT:
        return finding
    return replace(finding, action=f"Connect it again: {connection.renewal}")


async def _stands_still(desk: Desk, connection_id: int, seconds: float) -> str:
    """Until when the lane calls nobody and why, as half a sentence; empty when that is over within ``seconds``."""
    now = desk.clock.now()
    async with desk.looking() as reading:
        known = {one.connection_id: one for one in await connections_in(reading, now)}
    one = known[connection_id]
    if one.waits_until is None or desk.clock.real((one.waits_until - now).total_seconds()) <= seconds:
        return ""
    why = one.problem.rstrip(".") or "a limit of its own, or to try again"
    return f"asks to wait until {told(one.waits_until, now)} ({why})"


async def _ask(desk: Desk, connection_id: int, what: str) -> int:
    async with desk.changing() as change:
        row = await change.one(
            """insert into question (tenant_id, connection_id, what, asked_by, asked_at)
            values (%s, %s, %s, %s, %s) returning question_id""",
            desk.tenant_id, connection_id, what, desk.actor.name, desk.clock.now(),
        )  # fmt: skip
        assert row is not None
        await change.wake([connection_id], "a question")
        change.event(f"asked for {'a check' if what == 'check' else what}", connection=connection_id)
        return int(row[0])


async def _answer(desk: Desk, question_id: int) -> bytes | None:
    async with desk.looking() as reading:
        row = await reading.one(
            "select answer from question where tenant_id = %s and question_id = %s and answered_at is not null",
            desk.tenant_id, question_id,
        )  # fmt: skip
    return bytes(row[0]) if row else None
