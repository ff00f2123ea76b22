"""``api.xero.com/connections``: which organisations a token reaches; needs no tenant and counts in no limit."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ml_connector_sandbox.kernel.emulator import json_response
from ml_connector_sandbox.xero.api.gate import Gate
from ml_connector_sandbox.xero.api.wire import refused
from ml_connector_sandbox.xero.books.company import XeroBooks
from ml_connector_sandbox.xero.errors import NotFound, Refused, Titled
from ml_connector_sandbox.xero.grants import Connection

PATH = "connections"


class Connections:
    """Listing and ending connections."""

    def __init__(self, company: XeroBooks, gate: Gate) -> None:
        self._company, self._gate = company, gate

    async def answer(self, request: web.Request) -> web.Response:
        """GET lists, DELETE with an id ends one."""
        try:
            return self._answered(request)
        except Refused as refusal:
            return refused(refusal, True, {}, self._company.switches.error_keys_lower_case)

    def _answered(self, request: web.Request) -> web.Response:
        held = self._company.grants.connected(self._gate.token(request))
        parts = request.rel_url.raw_path.strip("/").split("/")
        if request.method == "GET" and len(parts) == 1:
            wanted = request.query.get("authEventId", "")
            return json_response([self._shown(one) for one in held if wanted in ("", one.auth_event_id)])
        if request.method == "DELETE" and len(parts) == 2:
            found = next((one for one in held if one.connection_id == parts[1].lower()), None)
            if found is None:
                raise NotFound
            found.live = False
            return web.Response(status=204)
        raise Titled(501, "Not Implemented", "The method is not implemented for this resource")

    def _shown(self, one: Connection) -> dict[str, Any]:
        return {
            "id": one.connection_id,
            "authEventId": one.auth_event_id,
            "tenantId": one.tenant_id,
            "tenantType": "ORGANISATION",
            "tenantName": self._company.organisations[one.tenant_id].profile.name,
            "createdDateUtc": f"{one.created:%Y-%m-%dT%H:%M:%S.%f}0",
            "updatedDateUtc": f"{one.updated:%Y-%m-%dT%H:%M:%S.%f}0",
        }
