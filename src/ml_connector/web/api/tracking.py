"""``/tracking``: inventory bills against the ledger's payable bills."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Query as FromAddress

from ml_connector.service.tracking import TrackingReport, tracking
from ml_connector.web.api.records import Reader
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import Query, Text, answer

router = APIRouter(tags=["tracking"], route_class=FewAtOnce)


class TrackingQuery(Query):
    """Of which vendors, by part of their name, and which one of the lists; all when empty."""

    vendor: Text = ""
    only: Text = ""


@router.get("/tracking", responses=answers(TrackingReport))
async def tracked(caller: Reader, query: Annotated[TrackingQuery, FromAddress()]) -> Response:
    """Received and not billed, billed and not received, billed at another price, and matched, with sums and ages."""
    return answer(await tracking(caller.desk, vendor=query.vendor, kind=query.only))
