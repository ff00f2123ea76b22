"""Serves emulators on loopback: one vendor port that routes by Host header, one admin port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from aiohttp import web

from ml_connector_sandbox.kernel.admin_body import read_object
from ml_connector_sandbox.kernel.emulator import Emulator, UnknownSwitch, json_response
from ml_connector_sandbox.kernel.fault_admin import FaultAdmin
from ml_connector_sandbox.kernel.port import Port
from ml_connector_sandbox.kernel.webhook_admin import WebhookAdmin

LARGEST_BODY = 32 * 1024 * 1024
"""Bytes of one request; the application that listens decides, not the vendor's own below it."""


class SandboxServer:
    """The running sandbox. The vendors' real host names are told apart by the ``Host`` header on one loopback port."""

    def __init__(self, emulators: Sequence[Emulator]) -> None:
        self.emulators = {emulator.name: emulator for emulator in emulators}
        self._runners: list[web.AppRunner] = []
        self._ports: list[Port] = []
        self.port = 0
        self.admin_port = 0

    async def start(self, port: int = 0, admin_port: int = 0) -> None:
        """Listen on 127.0.0.1; 0 picks free ports. Raises OSError when a port is taken."""
        vendors = Port()
        root = web.Application(client_max_size=LARGEST_BODY, middlewares=[vendors.answering])
        for emulator in self.emulators.values():
            for host in emulator.hosts:
                root.add_domain(host, emulator.app())
        self.port = await self._listen(vendors, root, port)
        self.admin_port = await self._listen(Port(), self._admin(), admin_port)
        for emulator in self.emulators.values():
            emulator.faults.served_at(vendors)

    async def stop(self) -> None:
        """Close both ports; calls under way get one second, those held by a fault end now."""
        for emulator in self.emulators.values():
            emulator.faults.close()
            if emulator.webhooks is not None:
                await emulator.webhooks.stop()
        for one in self._ports:
            await one.close()
        for runner in self._runners:
            await runner.cleanup()

    def hosts(self) -> dict[str, str]:
        """Real host name -> loopback address, for the product's hand-over file."""
        return {host: f"127.0.0.1:{self.port}" for emulator in self.emulators.values() for host in emulator.hosts}

    async def _listen(self, port: Port, app: web.Application, number: int) -> int:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._runners.append(runner)
        await port.open(runner, number)
        self._ports.append(port)
        return port.number

    def _admin(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{name}/books", self._books)
        app.router.add_get("/{name}/calls", self._calls)
        app.router.add_get("/{name}/statistics", self._statistics)
        app.router.add_post("/{name}/switches", self._switches)
        app.router.add_post("/{name}/desk", self._desk)
        FaultAdmin(self.emulators, self._emulator).add_routes(app)
        WebhookAdmin(self._emulator).add_routes(app)
        return app

    def _emulator(self, request: web.Request) -> Emulator:
        name = request.match_info["name"]
        if name not in self.emulators:
            raise web.HTTPNotFound(text=f"no emulator {name!r}; there are: {', '.join(self.emulators)}\n")
        return self.emulators[name]

    async def _books(self, request: web.Request) -> web.Response:
        return json_response(self._emulator(request).books())

    async def _calls(self, request: web.Request) -> web.Response:
        return json_response([asdict(call) for call in self._emulator(request).log.calls])

    async def _statistics(self, request: web.Request) -> web.Response:
        return json_response(self._emulator(request).statistics())

    async def _switches(self, request: web.Request) -> web.Response:
        emulator, values = self._emulator(request), await read_object(request)
        try:
            return json_response(emulator.set_switches(values))
        except UnknownSwitch as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error

    async def _desk(self, request: web.Request) -> web.Response:
        emulator, wish = self._emulator(request), await read_object(request)
        try:
            return json_response(emulator.desk(wish))
        except ValueError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
