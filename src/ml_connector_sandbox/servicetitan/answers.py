"""The bodies ServiceTitan refuses with: four keys from the gateway, six from a module."""

from __future__ import annotations

import math
import uuid
from typing import Any

from aiohttp import web

from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.exact import dumps

_GATEWAY_TYPE = "https://tools.ietf.org/html/rfc7231#section-6.5"
_MODULE_TYPES = {400: "6.5.1", 403: "6.5.3", 404: "6.5.4", 409: "6.5.8"}


class Refusal(Exception):
    """A request that is answered with an error. ``body`` still lacks its trace id, which belongs to the call."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body.get('title', '')}")
        self.status, self.body, self.headers = status, body, headers

    def traced(self, trace_id: str) -> dict[str, Any]:
        """The body with the call's trace id in its place."""
        return {key: trace_id if key == "traceId" else value for key, value in self.body.items()}


def refused(refusal: Refusal, call: Call) -> web.Response:
    """The answer of a refused call."""
    body = dumps(refusal.traced(str(uuid.uuid5(uuid.NAMESPACE_URL, f"servicetitan/{call.number}"))))
    return web.Response(body=body, status=refusal.status, headers=refusal.headers, content_type="application/json")


def gateway_refusal(status: int, title: str, headers: dict[str, str] | None = None) -> Refusal:
    """Refused before the module: exactly type, status, title, traceId, in this order."""
    return Refusal(status, {"type": _GATEWAY_TYPE, "status": status, "title": title, "traceId": ""}, headers)


def module_refusal(status: int, title: str, errors: dict[str, list[str]] | None = None) -> Refusal:
    """Refused by the module itself: the published error model. The titles are not attested."""
    kind = f"https://tools.ietf.org/html/rfc7231#section-{_MODULE_TYPES.get(status, '6.5')}"
    body = {"type": kind, "title": title, "status": status, "traceId": "", "errors": errors or {}, "data": {}}
    return Refusal(status, body)


def invalid(errors: dict[str, list[str]]) -> Refusal:
    """400: validation problems, by field."""
    return module_refusal(400, "One or more validation errors occurred.", errors)


def not_found(what: str, number: int) -> Refusal:
    """404: no such record in this tenant."""
    return module_refusal(404, f"{what} {number} was not found.")


def too_many(wait_seconds: float, header: bool) -> Refusal:
    """429: the seconds to wait are the second-last word of the title, and in ``Retry-After`` if ``header``."""
    seconds = max(1, math.ceil(wait_seconds))
    title = f"Rate limit is exceeded. Try again in {seconds} seconds."
    return gateway_refusal(429, title, {"Retry-After": str(seconds)} if header else None)


def not_emulated(name: str) -> Refusal:
    """501: a published parameter this emulator does not know; never silently ignored."""
    return Refusal(501, {"title": f"The sandbox does not emulate the parameter {name!r}.", "traceId": ""})
