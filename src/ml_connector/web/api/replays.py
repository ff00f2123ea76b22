"""``/replays``: plan records again. What is posted is recognised and never posted twice."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from ml_connector.service.api_tokens import Caller, Scope
from ml_connector.service.replaying import Replayed, replay, replayable
from ml_connector.service.tallies import Tally
from ml_connector.web.api.access import with_scope
from ml_connector.web.api.filters import RecordFilter
from ml_connector.web.api.once import Key, once
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import answer

router = APIRouter(tags=["replays"], route_class=FewAtOnce)
Replayer = Annotated[Caller, Depends(with_scope(Scope.REPLAY))]


class ReplayPreview(msgspec.Struct, frozen=True):
    """What a replay would take: how many records and their sum, in all and by the state they are in."""

    total: Tally
    states: dict[str, Tally]


@router.post("/replays/preview", responses=answers(ReplayPreview))
async def preview_replay(caller: Replayer, wanted: RecordFilter) -> Response:
    """How many records a replay would take, and their sum. Changes nothing."""
    found = await replayable(caller.desk, await wanted.chosen(caller.desk))
    return answer(ReplayPreview(found.total, found.states))


@router.post("/replays", responses=answers(Replayed))
async def make_replay(caller: Replayer, wanted: RecordFilter, key: Key, request: Request) -> Response:
    """Plan the records of a filter again: a record, a flow with a state, a run, or a range of dates."""

    async def work() -> Replayed:
        return await replay(caller.desk, await wanted.chosen(caller.desk))

    return await once(request, caller, key, work)
