"""A company of the sandbox, connected, integrated and mapped through the service functions, as a person would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from yarl import URL

from ml_connector.connectors.base import Connector
from ml_connector.errors import BadInput
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import connecting, integrating
from ml_connector.service.connecting import Granted
from ml_connector.service.credentials import checked_credentials, checked_settings
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.values import set_value
from ml_connector.service.roles import Actor, Role

ACTOR = Actor("rig", Role.OWNER)
CONSENTS = 5

log = structlog.get_logger()


async def joined(
    runtime: Runtime, handover: Mapping[str, Any], kind: str, modes: Mapping[str, str]
) -> tuple[Desk, Integration]:
    """Both vendors of an integration connected, integrated and mapped, its flows in ``modes``; nothing read yet.

    ``handover``: the content of the sandbox's hand-over file. Raises ConnectorError.
    """
    company, type_ = handover["company"], runtime.integrations[kind]
    desk: Desk | None = None
    for vendor in (type_.source_vendor, type_.target_vendor):
        desk = await connected(runtime, handover, vendor, desk)
    assert desk is not None
    answers = company["integrations"].get(kind, company)
    settings = {name: str(value) for name, value in answers["settings"].items()}
    integration = await integrating.integrate(desk, kind, settings)
    for table, rows in answers["mapping"].items():
        for key, value in rows.items():
            await set_value(desk, integration, table, key, value)
    for flow, mode in modes.items():
        await set_flow_mode(desk, integration, flow, mode)
    return desk, await integrating.integration_named(desk, kind)


async def connected(runtime: Runtime, handover: Mapping[str, Any], vendor: str, desk: Desk | None) -> Desk:
    """Connect a vendor, or connect it again; the first takes in the tenant. Raises ConnectorError."""
    company = handover["company"]
    grant = await _granted(runtime, handover, vendor)
    organisation = grant.choose("")
    if desk is None:
        zone = str(company["time_zone"])
        tenant = await connecting.tenant_to_connect(runtime, ACTOR, company["name"], organisation, zone)
        desk = Desk(runtime, tenant.tenant_id, ACTOR)
    await connecting.connect(desk, grant, organisation.id)
    return desk


async def _granted(runtime: Runtime, handover: Mapping[str, Any], vendor: str) -> Granted:
    connector, given = runtime.connectors[vendor], handover["credentials"][vendor]
    names = {one.name for one in connector.credentials}
    credentials = checked_credentials(connector, {name: value for name, value in given.items() if name in names})
    settings = checked_settings(connector, handover["company"].get("connection_settings", {}).get(vendor, {}))
    if not connecting.needs_consent(connector, credentials):
        return await connecting.granted(runtime, connector, credentials, settings)
    for left in reversed(range(CONSENTS)):
        try:
            return await _by_consent(runtime, connector, credentials, settings)
        except BadInput as error:  # a code lives two minutes, which a fast clock and a busy machine leave behind
            if not left:
                raise
            log.warning("another consent is asked for", vendor=vendor, why=error.sentence)
    raise AssertionError("unreachable: the loop returns or raises")


async def _by_consent(
    runtime: Runtime, connector: Connector, credentials: Mapping[str, str], settings: Mapping[str, str]
) -> Granted:
    redirect = credentials["redirect"]
    asked = connecting.consent(connector, credentials, redirect)
    address, host = runtime.wire.addresses.resolve(asked.address, connector.hosts(credentials))
    returned = connecting.checked_return(asked, await _accepted(address, host))
    return await connecting.granted_by_consent(runtime, connector, credentials, settings, redirect, returned)


async def _accepted(address: URL, host: str) -> Mapping[str, str]:
    """The query of the redirect with which the emulator accepts; nobody has to listen for it."""
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(address, headers={"Host": host}, allow_redirects=False) as answer,
    ):
        return dict(URL(answer.headers["Location"]).query)
