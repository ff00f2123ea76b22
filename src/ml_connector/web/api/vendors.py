"""``/vendors``: those that were made in a ledger from here, and what they lack there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Query as FromAddress

from ml_connector.service.made_vendors import MadeVendors, made_vendors
from ml_connector.web.api.records import Reader
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import Query, answer

router = APIRouter(tags=["vendors"], route_class=FewAtOnce)


class VendorsQuery(Query):
    """All that we made, or only those that lack something."""

    incomplete: bool = False


@router.get("/vendors", responses=answers(MadeVendors))
async def vendors(caller: Reader, query: Annotated[VendorsQuery, FromAddress()]) -> Response:
    """Vendors that were made in a ledger from here: what each still lacks there, and what its ledger does not tell."""
    return answer(await made_vendors(caller.desk, incomplete=query.incomplete))
