"""``/receivables``: what customers owe on both sides."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Query as FromAddress

from ml_connector.service.integrating import integration_named
from ml_connector.service.owed import Compared
from ml_connector.service.receivables import compare
from ml_connector.web.api.records import Reader
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import Day, Query, Text, answer

router = APIRouter(tags=["receivables"], route_class=FewAtOnce)


class ReceivablesQuery(Query):
    """Of which integration, by kind or number; ``at``: documents dated until then, with balances as they are now."""

    integration: Text = ""
    at: Day | None = None


@router.get("/receivables", responses=answers(Compared))
async def receivables(caller: Reader, query: Annotated[ReceivablesQuery, FromAddress()]) -> Response:
    """Ask the source what its customers owe, and lay it beside the ledger: who differs, by how much, and why."""
    desk = caller.desk
    return answer(await compare(desk, await integration_named(desk, query.integration), query.at))
