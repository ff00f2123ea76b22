"""The HTTP shell: calls are numbered without a warning, and a large body reaches the vendor."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.emulator import CALL, UNDOCUMENTED, Emulator, grown, json_response
from ml_connector_sandbox.kernel.server import LARGEST_BODY, SandboxServer
from ml_connector_sandbox.sandbox import START
from ml_connector_sandbox.servicetitan.faults import ServiceTitanFaults

pytestmark = pytest.mark.anyio
HOST = "api.vendor.test"


@dataclass
class Switches:
    limits: bool = True


class Plain(ServiceTitanFaults):
    """A vendor without anything of its own."""

    def __init__(self) -> None:
        """No books."""


class Vendor(Emulator):
    """Answers with the call's number and the size of its body."""

    name = "vendor"
    hosts = (HOST,)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self.numbered])
        app.router.add_post("/", self._answer)
        return app

    def books(self) -> dict[str, Any]:
        return {}

    def stir(self) -> None:
        raise NotImplementedError("this vendor has no documents")

    def essence(self) -> dict[str, dict[str, Any]]:
        return {}

    async def _answer(self, request: web.Request) -> web.Response:
        return json_response({"number": request[CALL].number, "size": len(await request.read())})


async def posted(size: int) -> tuple[int, Any]:
    server = SandboxServer([Vendor(SandboxClock.starting(START), Switches(), Plain())])
    await server.start()
    try:
        url, headers = f"http://127.0.0.1:{server.port}/", {"Host": HOST}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=b"x" * size, headers=headers) as answer,
        ):
            return answer.status, await answer.json() if answer.status == 200 else None
    finally:
        await server.stop()


async def test_a_call_is_numbered_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert await posted(3) == (200, {"number": 1, "size": 3})


async def test_a_body_of_many_megabytes_reaches_the_vendor() -> None:
    size = 5 * 1024 * 1024
    assert await posted(size) == (200, {"number": 1, "size": size})


async def test_a_body_beyond_the_limit_is_refused() -> None:
    status, _ = await posted(LARGEST_BODY + 1)
    assert status == 413


def test_an_undocumented_field_is_in_every_object() -> None:
    shown = grown({"rows": [{"id": 1}], "text": "x"})
    assert shown[UNDOCUMENTED] and shown["rows"][0][UNDOCUMENTED]
    assert shown["rows"][0]["id"] == 1
