"""``/records``: lists of records, and a record's whole life."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi import Query as FromAddress

from ml_connector.service.api_tokens import Caller, Scope
from ml_connector.service.explaining import Life, explain
from ml_connector.service.records import Page, records
from ml_connector.web.api.access import with_scope
from ml_connector.web.api.filters import RecordQuery
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import FewAtOnce
from ml_connector.web.values import MOST_ID, answer

router = APIRouter(tags=["records"], route_class=FewAtOnce)
Reader = Annotated[Caller, Depends(with_scope(Scope.READ))]


@router.get("/records", responses=answers(Page))
async def list_records(caller: Reader, query: Annotated[RecordQuery, FromAddress()]) -> Response:
    """Records of a filter in the order they were first seen, page by page: ask again with ``after`` until it is 0."""
    return answer(await records(caller.desk, query.chosen(), limit=query.limit, after=query.after))


@router.get("/records/{record_id}", responses=answers(Life))
async def one_record(caller: Reader, record_id: Annotated[int, Path(ge=1, le=MOST_ID)]) -> Response:
    """A record's whole life: read, decided, sent, answered, and by whom."""
    return answer(await explain(caller.desk, f"#{record_id}"))
