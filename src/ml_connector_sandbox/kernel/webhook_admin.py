"""The admin address of webhooks: what a person sets up in a vendor's portal, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from aiohttp import web

from ml_connector_sandbox.kernel.admin_body import read_object
from ml_connector_sandbox.kernel.emulator import Emulator, json_response
from ml_connector_sandbox.kernel.webhooks import WebhookFault, Webhooks

_SUBSCRIPTION = ("url", "events", "secret", "method", "company")
_FAULT = ("kind", "delivery", "seconds")


class WebhookAdmin:
    """Handlers for all emulators; ``emulator`` finds the one a request names, or answers 404."""

    def __init__(self, emulator: Callable[[web.Request], Emulator]) -> None:
        self._emulator = emulator

    def add_routes(self, app: web.Application) -> None:
        """``/{name}/webhooks`` with its ``faults`` and ``deliveries``."""
        add = app.router.add_route
        add("GET", "/{name}/webhooks", self._list)
        add("POST", "/{name}/webhooks", self._subscribe)
        add("DELETE", "/{name}/webhooks", self._unsubscribe_all)
        add("GET", "/{name}/webhooks/deliveries", self._deliveries)
        add("GET", "/{name}/webhooks/faults", self._faults)
        add("POST", "/{name}/webhooks/faults", self._disturb)
        add("DELETE", "/{name}/webhooks/faults", self._clear_faults)
        add("DELETE", r"/{name}/webhooks/{number:\d+}", self._unsubscribe)

    def _webhooks(self, request: web.Request) -> Webhooks:
        emulator = self._emulator(request)
        if emulator.webhooks is None:
            raise web.HTTPNotFound(text=f"{emulator.name} has no webhooks\n")
        return emulator.webhooks

    async def _list(self, request: web.Request) -> web.Response:
        return json_response([one.as_dict() for one in self._webhooks(request).subscriptions()])

    async def _subscribe(self, request: web.Request) -> web.Response:
        webhooks, given = self._webhooks(request), await _object(request, _SUBSCRIPTION, "url")
        try:
            texts = {name: _text(given, name) for name in given if name != "events"}
            made = webhooks.subscribe(events=_events(given), **texts)
        except ValueError as error:
            raise _bad(str(error)) from error
        return json_response(made.as_dict(), 201)

    async def _unsubscribe_all(self, request: web.Request) -> web.Response:
        return json_response({"removed": await self._webhooks(request).unsubscribe()})

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        try:
            return json_response({"removed": await self._webhooks(request).unsubscribe(number)})
        except KeyError as error:
            raise web.HTTPNotFound(text=f"there is no subscription {number}\n") from error

    async def _deliveries(self, request: web.Request) -> web.Response:
        return json_response(self._webhooks(request).as_dicts())

    async def _faults(self, request: web.Request) -> web.Response:
        return json_response([one.as_dict() for one in self._webhooks(request).faults])

    async def _disturb(self, request: web.Request) -> web.Response:
        webhooks, given = self._webhooks(request), await _object(request, _FAULT, "kind")
        try:
            fault = WebhookFault(_text(given, "kind"), _number(given, "delivery"), _seconds(given))
            return json_response(webhooks.disturb(fault).as_dict(), 201)
        except ValueError as error:
            raise _bad(str(error)) from error

    async def _clear_faults(self, request: web.Request) -> web.Response:
        return json_response({"removed": self._webhooks(request).clear_faults()})


def _bad(sentence: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=f"{sentence}\n")


async def _object(request: web.Request, known: tuple[str, ...], required: str) -> dict[str, Any]:
    value = await read_object(request)
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise _bad(f"{unknown[0]!r} is unknown here; there are: {', '.join(known)}")
    if required not in value:
        raise _bad(f"{required!r} is missing; there are: {', '.join(known)}")
    return value


def _text(given: Mapping[str, Any], name: str) -> str:
    if not isinstance(given[name], str):
        raise _bad(f"{name} must be a text, not {given[name]!r}")
    return str(given[name])


def _events(given: Mapping[str, Any]) -> tuple[str, ...]:
    events = given.get("events", [])
    if not isinstance(events, list) or not all(isinstance(one, str) for one in events):
        raise _bad("events must be a list of texts; without it every event is announced")
    return tuple(events)


def _number(given: Mapping[str, Any], name: str) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _bad(f"{name} must be a whole number from 1, not {value!r}")
    return value


def _seconds(given: Mapping[str, Any]) -> float | None:
    value = given.get("seconds")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _bad(f"seconds must be a number, not {value!r}")
    return float(value)
