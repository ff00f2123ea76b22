"""Connections made on the sandbox call nothing but the sandbox, and real ones never call it.

A connection to a vendor's own test organisation bears the same mark of test books as one made on the sandbox, and is
called at the vendor. Which were made on the sandbox is therefore noted in a file of the data directory.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ml_connector.errors import BadInput, Refused
from ml_connector.lanes.runtime import Runtime
from ml_connector.service.connections import Connection, connections
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import tenants
from ml_connector.settings import Settings

_FILE = "made-on-the-sandbox"


def note(settings: Settings, vendor: str, organisation_id: str) -> None:
    """Note where a connection was made; one renewed at the real vendor is no longer the sandbox's. Raises BadInput."""
    before, line = _noted(settings), f"{vendor} {organisation_id}"
    after = before | {line} if settings.sandbox else before - {line}
    if after == before:
        return
    file = _file(settings)
    new = file.with_name(f"{_FILE}.new")
    try:
        new.write_text("".join(f"{one}\n" for one in sorted(after)), encoding="utf-8")
        new.replace(file)
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}.") from error


def refuse_mixed(settings: Settings, known: Iterable[Connection], company: str = "This company") -> None:
    """Refuse to call vendors for sandbox connections, and the sandbox for real ones. Raises Refused."""
    noted = _noted(settings)
    for one in known:
        if settings.sandbox is None and one.sandbox and f"{one.vendor} {one.organisation_id}" in noted:
            raise Refused(
                f"{company} was connected on the sandbox ({one.name}): start it and set ML_CONNECTOR_SANDBOX to its "
                "file. Nothing was done."
            )
        if settings.sandbox is not None and not one.sandbox:
            raise Refused(
                f"{company} was connected at the real vendors ({one.name}) and ML_CONNECTOR_SANDBOX is set: unset it, "
                "or name the sandbox's data directory with --data. Nothing was done."
            )


async def refuse_any_mixed(settings: Settings, runtime: Runtime, actor: Actor) -> None:
    """The same for every company of the database: a worker works for all of them. Raises Refused."""
    for tenant in await tenants(runtime):
        known = await connections(Desk(runtime, tenant.tenant_id, actor))
        refuse_mixed(settings, known, f"The company {tenant.name}")


def _file(settings: Settings) -> Path:
    return settings.data / _FILE


def _noted(settings: Settings) -> frozenset[str]:
    file = _file(settings)
    try:
        return frozenset(file.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
