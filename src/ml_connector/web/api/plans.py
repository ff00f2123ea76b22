"""``/plans`` and ``/approvals``: what would be posted, and the word of a person that it may be."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Query as FromAddress
from pydantic import Field, StringConstraints

from ml_connector.service.api_tokens import Caller, Scope
from ml_connector.service.approving import Approved, Shown, approve_shown
from ml_connector.service.previewing import PlanPage, stored_plans
from ml_connector.web.api.access import with_scope
from ml_connector.web.api.filters import PlanQuery
from ml_connector.web.api.once import Key, once
from ml_connector.web.api.records import Reader
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import Body, Number, answer

router = APIRouter(tags=["plans"], route_class=FewAtOnce)
Approver = Annotated[Caller, Depends(with_scope(Scope.APPROVE))]


class ShownPlan(Body):
    """A plan that was looked at: its record, and the digest it had."""

    record_id: Number
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Approval(Body):
    """The plans to be approved."""

    plans: Annotated[list[ShownPlan], Field(min_length=1, max_length=1000)]


@router.get("/plans", responses=answers(PlanPage))
async def list_plans(caller: Reader, query: Annotated[PlanQuery, FromAddress()]) -> Response:
    """Stored plans that wait for approval, with the exact payloads, page by page."""
    return answer(await stored_plans(caller.desk, query.chosen(), limit=query.limit, after=query.after))


@router.post("/approvals", responses=answers(Approved))
async def approve_plans(caller: Approver, wanted: Approval, key: Key, request: Request) -> Response:
    """Approve plans as they were shown, each once; those that are others by now are told and not approved."""

    async def work() -> Approved:
        return await approve_shown(caller.desk, [Shown(one.record_id, one.digest) for one in wanted.plans])

    return await once(request, caller, key, work)
