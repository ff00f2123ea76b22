"""Where each field of ours goes at a target that its owners shape, and whether all of that is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.connectors.checking import FieldThere, Finding, Preflight, Verdict
from ml_connector.errors import Refused
from ml_connector.lanes.questions import FIELDS
from ml_connector.service.checking import PATIENCE, asked
from ml_connector.service.connections import Connection
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Role
from ml_connector.service.working import working

_answer = msgspec.json.Decoder(list[dict[str, Any]])


@dataclass(frozen=True, slots=True)
class Fields:
    """A connection's preflight as it is now. ``good`` unless something is missing."""

    connection: str
    good: bool
    findings: tuple[Finding, ...]
    fields: tuple[FieldThere, ...]


async def fields(desk: Desk, connection: Connection, *, seconds: float = PATIENCE) -> Fields:
    """Ask the connection's lane, and wait up to ``seconds`` (machine time). Raises NotAnswered, Refused."""
    desk.require(Role.OPERATOR, Role.APPROVER, Role.BOOKKEEPER)
    async with working(desk.runtime) as work:
        (told,) = _answer.decode(await asked(desk, connection, FIELDS, work, seconds))
    if "problem" in told:
        raise Refused(str(told["problem"]))
    found = msgspec.convert(told, Preflight)
    good = all(one.verdict is not Verdict.MISSING for one in found.findings)
    return Fields(connection.name, good, found.findings, found.fields)
