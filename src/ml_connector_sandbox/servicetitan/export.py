"""Export feeds: rows in order of modification behind an opaque token that is never the same twice."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from ml_connector_sandbox.kernel.emulator import CALL, UNDOCUMENTED
from ml_connector_sandbox.servicetitan.books import Record, Table
from ml_connector_sandbox.servicetitan.calls import ApiCall
from ml_connector_sandbox.servicetitan.listing import row_of
from ml_connector_sandbox.servicetitan.shapes import Row
from ml_connector_sandbox.servicetitan.stamps import before, canonical

R = TypeVar("R", bound=Record)
Position = tuple[str, int]

_BEGINNING: Position = ("", 0)
_END = "9999"


def export_page(
    call: ApiCall, table: Table[R], feed: str, build: Callable[[R], Row], wanted: Callable[[R], bool]
) -> web.Response:
    """One page of a feed. Raises Refusal (400) when ``from`` is neither a date nor this feed's token.

    Rows come at least once: with ``includeRecentChanges`` those still inside the feed's lag come again.
    """
    recent = call.parameters.boolean("includeRecentChanges") or False
    token = call.parameters.text("from")
    position = _position(call, feed, token)
    call.parameters.check()
    settled = _horizon(call, call.switches.export_lag_seconds)
    written = _horizon(call, call.switches.read_after_write_lag_seconds)
    horizon = written if recent else min(settled, written)
    rows = [record for record in table.modified_after(position, horizon) if wanted(record)]
    page = rows[: call.switches.export_page_size]
    more = len(rows) > len(page)
    if page:
        last = (page[-1].modified_on, page[-1].id)
        go_on = _write(call, feed, last if more else max(position, min(last, (settled, 0))))
    elif token is not None and token.startswith(_prefix(call, feed)):
        go_on = token
    else:
        go_on = _write(call, feed, position)
    answer: Row = {
        "hasMore": more,
        "continueFrom": go_on,
        "data": [row_of(call, table, feed, record, build) for record in page],
    }
    if call.switches.extra_fields:
        answer[UNDOCUMENTED] = None
    return call.answer(answer)


def _horizon(call: ApiCall, lag_seconds: float) -> str:
    return before(call.clock.now(), lag_seconds) if lag_seconds > 0 else _END


def _prefix(call: ApiCall, feed: str) -> str:
    """A token belongs to one feed of one tenant."""
    name = f"{call.request.host.split(':')[0]}/{call.books.number}/{feed}"
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()[:9]).decode()


def _write(call: ApiCall, feed: str, position: Position) -> str:
    body = msgspec.json.encode([call.request[CALL].number, *position])
    return _prefix(call, feed) + base64.urlsafe_b64encode(body[::-1]).decode()


def _position(call: ApiCall, feed: str, token: str | None) -> Position:
    if token is None:
        return _BEGINNING
    prefix = _prefix(call, feed)
    try:
        if token.startswith(prefix):
            body = base64.urlsafe_b64decode(token.removeprefix(prefix))[::-1]
            _, stamp, number = msgspec.json.decode(body, type=tuple[int, str, int])
            return stamp, number
        return canonical(token), 0
    except (ValueError, msgspec.MsgspecError):
        call.parameters.refuse("from", f"The value '{token}' is not valid.")
        return _BEGINNING
