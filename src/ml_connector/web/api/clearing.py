"""``/clearing``: bank deposits against the clearing accounts of their payments."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Query as FromAddress

from ml_connector.service.clearing.report import balances_of, clearing
from ml_connector.service.clearing.shapes import ClearingReport
from ml_connector.web.api.records import Reader
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import Query, Text, answer

router = APIRouter(tags=["clearing"], route_class=FewAtOnce)


class ClearingQuery(Query):
    """Of which integration, by kind or number; ``all`` deposits, and not only those to be looked at.

    ``balance``, as often as wanted: what the ledger says that an account stands at, as 1090=1250.00.
    """

    integration: Text = ""
    all: bool = False
    balance: tuple[Text, ...] = ()


@router.get("/clearing", responses=answers(ClearingReport))
async def cleared(caller: Reader, query: Annotated[ClearingQuery, FromAddress()]) -> Response:
    """What is booked on each clearing account, what of it was deposited, and what it should stand at."""
    given = balances_of(query.balance)
    return answer(await clearing(caller.desk, query.integration, everything=query.all, balances=given))
