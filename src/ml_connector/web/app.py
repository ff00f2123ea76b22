"""The web application of one process."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Response

from ml_connector.lanes.runtime import Runtime
from ml_connector.web import limits, problems
from ml_connector.web.api import (
    access,
    clearing,
    erasures,
    mapping,
    matches,
    plans,
    receivables,
    recodings,
    records,
    replays,
    rounding,
    schema,
    standing,
    status,
    tracking,
    vendors,
)
from ml_connector.web.values import encoded
from ml_connector.web.webhooks import Receiver

API = "/api/v1"


def application(runtime: Runtime) -> FastAPI:
    """Everything there is, on an open runtime."""
    app = FastAPI(
        title="ml-connector", version=version("ml-connector"),
        description="Records, stored plans, approvals and replays of one company, as its token allows. Amounts are text.",
        openapi_url=None, docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.state.at_work = at_work = asyncio.Semaphore(limits.AT_WORK)
    api = APIRouter(prefix=API)
    parts = (
        records, replays, plans, status, tracking, clearing, receivables, erasures, recodings, rounding, vendors,
        standing, mapping, matches,
    )  # fmt: skip
    for part in parts:
        api.include_router(part.router)
    app.include_router(api)
    app.include_router(Receiver(runtime).router)
    described: list[Any] = []

    @app.get(f"{API}/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        if not described:
            described.append(encoded(schema.description(app, replays.ReplayPreview)))
        return Response(described[0], media_type="application/json")

    problems.install(app)
    app.add_middleware(access.Known, runtime=runtime, prefix=API, open_to_all=f"{API}/openapi.json", at_work=at_work)
    app.add_middleware(limits.Guard)  # the last one added is the first to be met
    return app
