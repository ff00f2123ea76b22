"""``/mapping``, ``/coverage``, ``/differences``: the mapping tables, rows in and out, what they cover and would change."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi import Query as FromAddress
from pydantic import Field, StringConstraints

from ml_connector.service.api_tokens import Caller, Scope
from ml_connector.service.differing import Differences, differences
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.mapping import (
    coverage,
    files,
    history,
    listing,
    simulating,
    suggesting,
    surveying,
    targets,
    values,
)
from ml_connector.service.mapping.effects import Simulated
from ml_connector.service.mapping.listing import TableList, TableRows
from ml_connector.service.mapping.rows import EVER, FOR_EVER, Applied
from ml_connector.service.mapping.shapes import CsvFile, Suggestions, Targets
from ml_connector.web import problems
from ml_connector.web.api.access import with_scope
from ml_connector.web.api.once import Key, once
from ml_connector.web.api.records import Reader
from ml_connector.web.api.schema import answers
from ml_connector.web.limits import MOST_BODY, FewAtOnce
from ml_connector.web.values import Body, Day, Query, Text, answer

router = APIRouter(tags=["mapping"], route_class=FewAtOnce)
Bookkeeper = Annotated[Caller, Depends(with_scope(Scope.REPLAY))]
TableName = Annotated[str, Path(max_length=60, pattern=r"^[a-z_]+$")]
Csv = Annotated[str, StringConstraints(max_length=MOST_BODY)]


class Of(Query):
    """Of which integration, if there are several."""

    integration: Text = ""


class OfKey(Of):
    """And of which key; all when empty."""

    key: Text = ""


class WithText(Of):
    """And only what has the text in id, number or name."""

    text: Text = ""


class NewSurvey(Body):
    """Of which integration, if there are several."""

    integration: Text = ""
    back: bool = False


class NewRow(Body):
    """One row: a key and its value, valid on document dates from and until, all when left out; an empty value takes the

    key's rows away.
    """

    key: Annotated[Text, Field(min_length=1)]
    value: Text = ""
    note: Text = ""
    valid_from: Day | None = None
    valid_until: Day | None = None
    anyway: bool = False
    integration: Text = ""


class File(Body):
    """A table as CSV; with ``anyway`` keys are taken that no document uses."""

    csv: Csv
    anyway: bool = False
    integration: Text = ""


async def _of(caller: Caller, query: Of | NewRow | NewSurvey | File) -> Integration:
    return await integration_named(caller.desk, query.integration)


@router.get("/mapping", responses=answers(TableList))
async def list_tables(caller: Reader, query: Annotated[Of, FromAddress()]) -> Response:
    """Every table with what its keys and values are."""
    return answer(await listing.tables(caller.desk, await _of(caller, query)))


@router.get("/mapping/{table}", responses=answers(TableRows))
async def list_rows(caller: Reader, table: TableName, query: Annotated[Of, FromAddress()]) -> Response:
    """The rows of a table."""
    return answer(await listing.rows(caller.desk, await _of(caller, query), table))


@router.get("/mapping/{table}/csv", responses=answers(CsvFile))
async def export(caller: Reader, table: TableName, query: Annotated[Of, FromAddress()]) -> Response:
    """The table as CSV: its rows, then every key that was seen and has none."""
    return answer(CsvFile(table, await files.export_mapping(caller.desk, await _of(caller, query), table)))


@router.get("/mapping/{table}/suggestions", responses=answers(Suggestions))
async def suggestions(caller: Reader, table: TableName, query: Annotated[Of, FromAddress()]) -> Response:
    """A value for each key without a row, with the evidence; the best first."""
    found = await suggesting.suggest(caller.desk, await _of(caller, query), table)
    return answer(Suggestions(table, tuple(found)))


@router.get("/mapping/{table}/history", responses=answers(history.History))
async def changes(caller: Reader, table: TableName, query: Annotated[OfKey, FromAddress()]) -> Response:
    """Who changed which row, when, from what to what; the newest first."""
    return answer(await history.history(caller.desk, await _of(caller, query), table, query.key))


@router.get("/mapping/{table}/targets", responses=answers(Targets))
async def chosen_from(caller: Reader, table: TableName, query: Annotated[WithText, FromAddress()]) -> Response:
    """What may be filled in, and last what may not, and why."""
    found = await targets.targets(caller.desk, await _of(caller, query), table, query.text)
    return answer(Targets(table, tuple(found)))


@router.get("/differences/{flow}", responses=answers(Differences))
async def differing(caller: Reader, flow: TableName, query: Annotated[Of, FromAddress()]) -> Response:
    """In what linked items or tax zones differ from their counterparts, as both sides were last read."""
    return answer(await differences(caller.desk, await _of(caller, query), flow))


@router.get("/coverage", responses=answers(coverage.Coverage))
async def covered(caller: Reader, query: Annotated[Of, FromAddress()]) -> Response:
    """What share of the documents of the last survey the tables cover, and the keys without a row."""
    return answer(await coverage.coverage(caller.desk, await _of(caller, query)))


@router.post("/coverage/surveys", responses=answers(surveying.SurveyState))
async def survey(caller: Bookkeeper, wanted: NewSurvey, key: Key, request: Request) -> Response:
    """Read a part of the last 90 days' documents for their keys; asked again while ``left`` is not 0, the next part.

    ``back``: also what would go back by flows that are off.
    """

    async def work() -> surveying.SurveyState:
        return await surveying.survey_on(caller.desk, await _of(caller, wanted), back=wanted.back)

    return await once(request, caller, key, work)


@router.post("/mapping/{table}/simulations", responses=answers(Simulated))
async def simulate(caller: Reader, table: TableName, given: File) -> Response:
    """What importing a file would do: what goes on, which plans change, which sums move, what stays posted. Does nothing."""
    try:
        found = await simulating.simulate(
            caller.desk, await _of(caller, given), table, given.csv, anyway=given.anyway
        )  # fmt: skip
    except files.FileRefused as error:
        return _refused(error)
    return answer(found)


@router.post("/mapping/{table}/csv", responses=answers(Applied))
async def import_(caller: Bookkeeper, table: TableName, given: File, key: Key, request: Request) -> Response:
    """Take a file in. One fault anywhere, and nothing is changed; all faults are told."""

    async def work() -> Applied:
        found = await _of(caller, given)
        return await files.import_mapping(caller.desk, found, table, given.csv, anyway=given.anyway)

    try:
        return await once(request, caller, key, work)
    except files.FileRefused as error:
        return _refused(error)


@router.post("/mapping/{table}/rows", responses=answers(Applied))
async def set_row(caller: Bookkeeper, table: TableName, row: NewRow, key: Key, request: Request) -> Response:
    """Set one row, or take the key's rows away; what waited for it goes on."""

    async def work() -> Applied:
        found = await _of(caller, row)
        if not row.value:
            return await values.remove_value(caller.desk, found, table, row.key)
        days = values.Days(row.valid_from or EVER, row.valid_until or FOR_EVER)
        return await values.set_value(
            caller.desk, found, table, row.key, row.value, row.note, anyway=row.anyway, days=days
        )  # fmt: skip

    return await once(request, caller, key, work)


def _refused(error: files.FileRefused) -> Response:
    """A file's faults, each with its line."""
    wrong = [problems.Wrong(*_placed(one)) for one in error.problems]
    told = problems.of_error(error)
    return problems.answer(problems.problem(told.status, told.detail, told.acts, wrong))


def _placed(fault: str) -> tuple[str, str]:
    line, _, sentence = fault.partition(": ")
    return line, sentence
