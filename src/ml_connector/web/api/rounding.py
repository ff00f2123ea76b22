"""``/rounding``: rounding lines of posted documents, by month, account and currency."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Query as FromAddress

from ml_connector.service.rounding import RoundingReport, rounding
from ml_connector.web.api.records import Reader
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import Day, Query, Text, answer

router = APIRouter(tags=["rounding"], route_class=FewAtOnce)


class RoundingQuery(Query):
    """Of which integration, by kind or number, and documents of which days."""

    integration: Text = ""
    since: Day | None = None
    until: Day | None = None


@router.get("/rounding", responses=answers(RoundingReport))
async def rounded(caller: Reader, query: Annotated[RoundingQuery, FromAddress()]) -> Response:
    """What posted documents differ by where the ledger rounds otherwise."""
    return answer(await rounding(caller.desk, query.integration, since=query.since, until=query.until))
