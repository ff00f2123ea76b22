"""Faults over the admin address: what kinds there are, what is pending, adding, clearing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from aiohttp import web

from ml_connector_sandbox.kernel.admin_body import read_object
from ml_connector_sandbox.kernel.emulator import Emulator, json_response
from ml_connector_sandbox.kernel.faults import KINDS, Fault

_FIELDS = ("kind", "call", "times", "seconds")


class FaultAdmin:
    """Handlers for all emulators; ``emulator`` finds the one a request names, or answers 404."""

    def __init__(self, emulators: Mapping[str, Emulator], emulator: Callable[[web.Request], Emulator]) -> None:
        self._emulators, self._emulator = emulators, emulator

    def add_routes(self, app: web.Application) -> None:
        """``/faults``, ``/faults/kinds`` and ``/{name}/faults``."""
        app.router.add_get("/faults", self._all)
        app.router.add_delete("/faults", self._clear_all)
        app.router.add_get("/faults/kinds", self._kinds)
        app.router.add_get("/{name}/faults", self._one)
        app.router.add_post("/{name}/faults", self._add)
        app.router.add_delete("/{name}/faults", self._clear)

    async def _kinds(self, _: web.Request) -> web.Response:
        """Those that every vendor may have, then those of one vendor only."""
        kinds = dict(KINDS)
        for emulator in self._emulators.values():
            kinds |= emulator.faults.vendor.own
        return json_response(
            [
                {
                    "name": one.name,
                    "what": one.what,
                    "standing": one.standing,
                    "needs_person": one.needs_person,
                    "strikes": sorted(one.places),
                    "not_of": [name for name, it in self._emulators.items() if not _has(it, one.name)],
                }
                for one in kinds.values()
            ]
        )

    async def _all(self, _: web.Request) -> web.Response:
        return json_response({name: _shown(one) for name, one in self._emulators.items()})

    async def _one(self, request: web.Request) -> web.Response:
        return json_response(_shown(self._emulator(request)))

    async def _add(self, request: web.Request) -> web.Response:
        emulator, body = self._emulator(request), await read_object(request)
        try:
            fault = _fault(body)
            _refuse_past(emulator, fault)
            return json_response(emulator.faults.add(fault).as_dict(), 201)
        except ValueError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error

    async def _clear(self, request: web.Request) -> web.Response:
        return json_response({"cleared": self._emulator(request).faults.clear()})

    async def _clear_all(self, _: web.Request) -> web.Response:
        """All of them: those of calls and those of webhooks."""
        return json_response({"cleared": sum(_cleared(one) for one in self._emulators.values())})


def _has(emulator: Emulator, kind: str) -> bool:
    vendor = emulator.faults.vendor
    return kind in vendor.kinds and kind not in vendor.lacks


def _cleared(emulator: Emulator) -> int:
    return emulator.faults.clear() + (emulator.webhooks.clear_faults() if emulator.webhooks else 0)


def _shown(emulator: Emulator) -> dict[str, Any]:
    faults = emulator.faults
    return {
        "calls": len(emulator.log.calls),
        "pending": [one.as_dict() for one in faults.pending],
        "fired": [{**fault.as_dict(), "struck": number} for fault, number in faults.fired],
    }


def _refuse_past(emulator: Emulator, fault: Fault) -> None:
    """A person who names a call means that very call, not the next one. Raises ValueError with a sentence."""
    made = len(emulator.log.calls)
    if fault.call is not None and 1 <= fault.call <= made:
        calls = "1 call was" if made == 1 else f"{made} calls were"
        raise ValueError(
            f"call {fault.call} of {emulator.faults.name} is past: {calls} made so far; name call {made + 1} or a "
            "later one, or none for the next"
        )


def _fault(body: dict[str, Any]) -> Fault:
    """The fault a body describes. Raises ValueError with a sentence."""
    unknown = sorted(set(body) - set(_FIELDS))
    if unknown:
        raise ValueError(f"a fault has no {unknown[0]!r}; it has: {', '.join(_FIELDS)}")
    kind, call, times, seconds = (body.get(name) for name in _FIELDS)
    return Fault(
        call=None if call is None else _whole("call", call),
        kind="" if kind is None else str(kind),
        times=1 if times is None else _whole("times", times),
        seconds=None if seconds is None else _number("seconds", seconds),
    )


def _whole(name: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"{name!r} of a fault is a whole number, not {value!r}")


def _number(name: str, value: Any) -> float:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return float(value)
    raise ValueError(f"{name!r} of a fault is a number, not {value!r}")
