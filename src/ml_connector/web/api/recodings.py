"""``/recodings``: posted documents brought to what a mapping table says today, once they are seen and approved."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field

from ml_connector.service.api_tokens import Caller, Scope
from ml_connector.service.integrating import integration_named
from ml_connector.service.recoded import RecodingList, RecodingReport, recoding, recodings
from ml_connector.service.recoding import begin_recoding, stop_recoding
from ml_connector.web.api.access import with_scope
from ml_connector.web.api.once import Key, once
from ml_connector.web.api.records import Reader
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import Body, Day, Text, answer

router = APIRouter(tags=["recodings"], route_class=FewAtOnce)
Replayer = Annotated[Caller, Depends(with_scope(Scope.REPLAY))]
RecodingNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


class NewRecoding(Body):
    """By which mapping table, or rows of it, what was posted in these days is planned; of which integration, if several."""

    table: Text
    rows: Annotated[list[Text], Field(max_length=1000)] = []  # noqa: RUF012 - pydantic copies it
    since: Day | None = None
    until: Day | None = None
    integration: Text = ""


@router.get("/recodings", responses=answers(RecodingList))
async def list_recodings(caller: Reader) -> Response:
    """All recodings, the newest first."""
    return answer(await recodings(caller.desk))


@router.get("/recodings/{recoding_id}", responses=answers(RecodingReport))
async def show_recoding(caller: Reader, recoding_id: RecodingNumber) -> Response:
    """Each document with its lines from old to new and the digest to approve it by, the sums, and what stays and why."""
    return answer(await recoding(caller.desk, recoding_id))


@router.post("/recodings", responses=answers(RecodingReport))
async def make_recoding(caller: Replayer, wanted: NewRecoding, key: Key, request: Request) -> Response:
    """Have what is posted planned by a mapping table as it is today. Nothing is sent before it is approved."""

    async def work() -> RecodingReport:
        found = await integration_named(caller.desk, wanted.integration)
        made = await begin_recoding(
            caller.desk, found, wanted.table, keys=wanted.rows, since=wanted.since, until=wanted.until
        )  # fmt: skip
        return await recoding(caller.desk, made)

    return await once(request, caller, key, work)


@router.post("/recodings/{recoding_id}/stop", responses=answers(RecodingReport))
async def stop(caller: Replayer, recoding_id: RecodingNumber, key: Key, request: Request) -> Response:
    """Leave what is not approved of a recoding as it is posted."""

    async def work() -> RecodingReport:
        await stop_recoding(caller.desk, recoding_id)
        return await recoding(caller.desk, recoding_id)

    return await once(request, caller, key, work)
