"""A POST that changes something carries an Idempotency-Key, and is carried out once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Header, Request, Response

from ml_connector.service.api_requests import answered_once
from ml_connector.service.api_tokens import Caller
from ml_connector.web.values import encoded

Key = Annotated[
    str, Header(alias="Idempotency-Key", description="Names this one request; repeated, it is not repeated.")
]


async def once(request: Request, caller: Caller, key: str, work: Callable[[], Awaitable[Any]]) -> Response:
    """The answer of ``work``, or the one it gave before under the same key. Raises BadInput, Refused."""

    async def answer() -> bytes:
        return encoded(await work())

    what = f"{request.method} {request.url.path}"
    found = await answered_once(caller, key, what, await request.body(), answer)
    headers = {"Idempotency-Replayed": "true"} if found.repeated else {}
    return Response(found.body, headers=headers, media_type="application/json")
