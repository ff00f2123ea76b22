"""``/matches``: what parties without a counterpart may be at the target."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Query as FromAddress
from pydantic import Field

from ml_connector.service.integrating import integration_named
from ml_connector.service.matches import MOST, Matches, matches
from ml_connector.web.api.records import Reader
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import Query, Text, answer

router = APIRouter(tags=["matches"], route_class=FewAtOnce)


class MatchesQuery(Query):
    """Of which mapping table of parties, of which integration where there are several, and how many at most."""

    table: Text
    integration: Text = ""
    at_most: Annotated[int, Field(ge=1, le=MOST)] = MOST


@router.get("/matches", responses=answers(Matches))
async def matched(caller: Reader, query: Annotated[MatchesQuery, FromAddress()]) -> Response:
    """Customers or vendors without a counterpart: whom each may be at the target, with the evidence and who claims it."""
    integration = await integration_named(caller.desk, query.integration)
    return answer(await matches(caller.desk, integration, query.table, at_most=query.at_most))
