"""``/standing``: what became of posted documents at the target."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Query as FromAddress

from ml_connector.service.standing import StandingReport
from ml_connector.service.standing import standing as report
from ml_connector.web.api.records import Reader
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import Query, Text, answer

router = APIRouter(tags=["standing"], route_class=FewAtOnce)


class StandingQuery(Query):
    """Of which integration, by kind or number."""

    integration: Text = ""


@router.get("/standing", responses=answers(StandingReport))
async def standing(caller: Reader, query: Annotated[StandingQuery, FromAddress()]) -> Response:
    """How far posted documents have come at the target, with counts and sums, and what does not go on there."""
    return answer(await report(caller.desk, query.integration))
