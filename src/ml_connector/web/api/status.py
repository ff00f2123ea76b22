"""``/status``: how everything of the company stands."""

from __future__ import annotations

from fastapi import APIRouter, Response

from ml_connector.service.status import Status, status
from ml_connector.web.api.records import Reader
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import answer

router = APIRouter(tags=["status"], route_class=FewAtOnce)


@router.get("/status", responses=answers(Status))
async def whole_status(caller: Reader) -> Response:
    """Every flow in number and money, what waits and why, and what a person has to look at."""
    return answer(await status(caller.desk))
