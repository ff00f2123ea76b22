"""Bodies sent to the admin address."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from ml_connector_sandbox.kernel import exact


async def read_object(request: web.Request) -> dict[str, Any]:
    """The JSON object of a body; anything else is answered with 400 and one sentence."""
    try:
        value: Any = exact.loads(await request.read())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise web.HTTPBadRequest(text=f"the body is no JSON: {error}\n") from error
    if not isinstance(value, dict):
        raise web.HTTPBadRequest(text="the body must be a JSON object\n")
    return value
