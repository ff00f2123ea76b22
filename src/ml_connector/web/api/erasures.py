"""``/erasures``: the personal data of one customer or vendor, erased for good."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from ml_connector.service.api_tokens import Caller, Scope
from ml_connector.service.erasing import Erasable, Erased, erasable, erase
from ml_connector.web.api.access import with_scope
from ml_connector.web.api.once import Key, once
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import Body, Number, Text, answer

router = APIRouter(tags=["erasures"], route_class=FewAtOnce)
Approver = Annotated[Caller, Depends(with_scope(Scope.APPROVE))]


class WantedErasure(Body):
    """The record of a customer or vendor."""

    record_id: Number


class ConfirmedErasure(WantedErasure):
    """The same, with the party's name as the preview shows it."""

    name: Text


@router.post("/erasures/preview", responses=answers(Erasable))
async def preview_erasure(caller: Approver, wanted: WantedErasure) -> Response:
    """What an erasure would take, counted, and the records that forbid it now. Changes nothing."""
    return answer(await erasable(caller.desk, f"#{wanted.record_id}"))


@router.post("/erasures", responses=answers(Erased))
async def make_erasure(caller: Approver, wanted: ConfirmedErasure, key: Key, request: Request) -> Response:
    """Erase a customer or vendor, called by name. The answer tells what was erased, without the name."""

    async def work() -> Erased:
        return await erase(caller.desk, f"#{wanted.record_id}", wanted.name)

    return await once(request, caller, key, work)
