"""How each kind of fault looks to the client, and whether the call is carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from aiohttp import web
from multidict import CIMultiDict

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.calls import CALL
from ml_connector_sandbox.kernel.faults import STATES, Fault, Faults
from ml_connector_sandbox.kernel.port import Handler

_LOOK_SECONDS = 0.02  # of machine time, between two looks at whether the client has hung up
_DROPS = 10
_LENGTHS = ("Content-Length", "Transfer-Encoding")
_PAGE = "<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>\r\n"
_TITLES = MappingProxyType({200: "Scheduled maintenance", 502: "502 Bad Gateway", 503: "503 Service Unavailable"})


class Unanswered(web.Response):
    """Stands for an answer where the connection has been ended instead; never reaches the client."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """One fault at one call. ``stir`` moves an old document; ``date`` is the answer's Date header."""

    fault: Fault
    request: web.Request
    handler: Handler
    faults: Faults
    stir: Callable[[], None]
    date: str

    async def answer(self) -> web.StreamResponse:
        """What the client gets; as it is where the vendor itself answers."""
        kind = self.fault.kind
        if kind in self.faults.vendor.own:
            return await self.faults.vendor.strike(kind, self.request, self.handler)
        return await _STROKES[kind](self)

    async def carried_out(self) -> web.StreamResponse:
        """The true answer of the call, a redirect among them."""
        try:
            return await self.handler(self.request)
        except web.HTTPException as answer:
            return answer

    async def held(self, let_go: int) -> web.StreamResponse:
        """Wait for the client to hang up, or the seconds to pass, or the faults to be cleared; then end it."""
        loop = asyncio.get_running_loop()
        end = None if self.fault.seconds is None else loop.time() + self.fault.seconds
        # A client that hangs up wakes nobody here.
        while self._connected and self._waits(let_go) and (end is None or loop.time() < end):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)
        return self.ended()

    def ended(self) -> web.StreamResponse:
        """End the connection once what was written is out."""
        if self.request.transport is not None:
            self.request.transport.close()
        return Unanswered()

    async def begun(self, whole: web.StreamResponse, length: int) -> web.StreamResponse:
        """An answer with the head of ``whole`` and the stated length, whose body is still to be written."""
        headers = _head(whole)
        headers["Content-Length"] = str(length)
        headers["Date"] = self.date
        answer = web.StreamResponse(status=whole.status, headers=headers)
        await answer.prepare(self.request)
        return answer

    def _waits(self, let_go: int) -> bool:
        return self.faults.let_go_times == let_go

    @property
    def _connected(self) -> bool:
        return self.request.transport is not None and not self.request.transport.is_closing()


async def _timeout_before(stroke: Stroke) -> web.StreamResponse:
    let_go = stroke.faults.let_go_times
    async with stroke.faults.vendor.counted(stroke.request):
        return await stroke.held(let_go)


async def _timeout_after(stroke: Stroke) -> web.StreamResponse:
    let_go = stroke.faults.let_go_times
    await stroke.carried_out()
    return await stroke.held(let_go)


async def _failed_before(stroke: Stroke, status: int) -> web.StreamResponse:
    async with stroke.faults.vendor.counted(stroke.request):
        return _failure(stroke, status)


async def _failed_after(stroke: Stroke, status: int) -> web.StreamResponse:
    await stroke.carried_out()
    return _failure(stroke, status)


def _failure(stroke: Stroke, status: int) -> web.StreamResponse:
    return stroke.faults.vendor.server_error(stroke.request[CALL]) if status == 500 else _page(status)


async def _cut(stroke: Stroke) -> web.StreamResponse:
    whole = await stroke.carried_out()
    body = _body(whole)
    if body:
        answer = await stroke.begun(whole, len(body))
        await answer.write(body[: len(body) // 2])
        stroke.ended()
        return answer
    return stroke.ended()


async def _slow(stroke: Stroke) -> web.StreamResponse:
    whole, let_go = await stroke.carried_out(), stroke.faults.let_go_times
    body = _body(whole)
    answer = await stroke.begun(whole, len(body))
    seconds = 1.0 if stroke.fault.seconds is None else stroke.fault.seconds
    size = max(1, -(-len(body) // _DROPS))
    try:
        for start in range(0, len(body), size):
            if stroke.faults.let_go_times == let_go:
                await asyncio.sleep(seconds / _DROPS)
            await answer.write(body[start : start + size])
    except ConnectionError:
        stroke.ended()  # the client has hung up; the call was carried out all the same
    return answer


async def _truncated(stroke: Stroke) -> web.StreamResponse:
    whole = await stroke.carried_out()
    body = _body(whole)
    return web.Response(status=whole.status, body=body[: len(body) // 2], headers=_head(whole))


async def _not_json(stroke: Stroke) -> web.StreamResponse:
    await stroke.carried_out()
    return _page(200)


async def _wrong_json(stroke: Stroke) -> web.StreamResponse:
    """Of two wrong shapes the call's number chooses one."""
    await stroke.carried_out()
    wrong: dict[str, int] | list[dict[str, int]] = {"hello": 1}
    if stroke.request[CALL].number % 2:
        wrong = [{"hello": 1}]
    return web.Response(body=exact.dumps(wrong), content_type="application/json")


async def _token_expired(stroke: Stroke) -> web.StreamResponse:
    stroke.faults.vendor.expire(stroke.request)
    return await stroke.handler(stroke.request)


async def _unauthorised(stroke: Stroke) -> web.StreamResponse:
    return stroke.faults.vendor.unauthorised(stroke.request[CALL])


async def _state(stroke: Stroke) -> web.StreamResponse:
    stroke.faults.vendor.begin(stroke.fault.kind, stroke.request)
    return await stroke.handler(stroke.request)


async def _too_many(stroke: Stroke, retry_after: bool) -> web.StreamResponse:
    seconds = 5.0 if stroke.fault.seconds is None else stroke.fault.seconds
    return stroke.faults.vendor.too_many(stroke.request, seconds, retry_after)


async def _token_throttled(stroke: Stroke) -> web.StreamResponse:
    return stroke.faults.vendor.token_throttled(60.0 if stroke.fault.seconds is None else stroke.fault.seconds)


async def _page_moves(stroke: Stroke) -> web.StreamResponse:
    answer = await stroke.handler(stroke.request)
    stroke.stir()
    return answer


_STROKES: Mapping[str, Callable[[Stroke], Awaitable[web.StreamResponse]]] = MappingProxyType(
    {
        "timeout before": _timeout_before,
        "timeout after": _timeout_after,
        **{f"{status} before": partial(_failed_before, status=status) for status in (500, 502, 503)},
        **{f"{status} after": partial(_failed_after, status=status) for status in (500, 502, 503)},
        "cut": _cut,
        "truncated": _truncated,
        "not json": _not_json,
        "wrong json": _wrong_json,
        "slow": _slow,
        "token expired": _token_expired,
        "unauthorised": _unauthorised,
        **dict.fromkeys(STATES, _state),
        "429": partial(_too_many, retry_after=False),
        "429 retry-after": partial(_too_many, retry_after=True),
        "token throttled": _token_throttled,
        "page moves": _page_moves,
    }
)


def _page(status: int) -> web.Response:
    return web.Response(status=status, text=_PAGE.format(title=_TITLES[status]), content_type="text/html")


def _body(answer: web.StreamResponse) -> bytes:
    body = answer.body if isinstance(answer, web.Response) else None
    return bytes(body) if isinstance(body, bytes | bytearray) else b""


def _head(answer: web.StreamResponse) -> CIMultiDict[str]:
    headers = CIMultiDict(answer.headers)
    for name in _LENGTHS:
        headers.popall(name, None)
    return headers
