"""Errors as ``application/problem+json`` (RFC 9457), every one with a sentence for a person."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
import psycopg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ml_connector.errors import BadInput, ConnectorError, NotFound, Recovery, Refused
from ml_connector.service.api_tokens import NotKnown
from ml_connector.service.roles import NotAllowed

PROBLEM = "application/problem+json"
_LONGEST_PLACE = 120  # characters of a field's path that are told back

log = structlog.get_logger()


class Wrong(msgspec.Struct, frozen=True):
    """One thing that is wrong with a request, and where."""

    where: str
    sentence: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was not carried out. ``detail`` is the sentence for a person, ``acts`` says who has to act."""

    type: str
    title: str
    status: int
    detail: str
    acts: str = ""
    errors: tuple[Wrong, ...] = ()


# The most special first.
_STATUS = (
    (NotKnown, HTTPStatus.UNAUTHORIZED),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (BadInput, HTTPStatus.BAD_REQUEST),
    (Refused, HTTPStatus.CONFLICT),
)
_NOT_OURS = {
    404: "There is nothing at this address; /api/v1/openapi.json lists what there is.",
    413: "The body is too large: at most 1 MiB is taken; send it in parts.",
    405: "This address does not take this method; /api/v1/openapi.json lists which it takes.",
}


def answer(problem: Problem) -> Response:
    """A problem as an answer."""
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == HTTPStatus.UNAUTHORIZED else {}
    return Response(msgspec.json.encode(problem), problem.status, headers, PROBLEM)


def problem(status: int, detail: str, acts: str = "", errors: Sequence[Wrong] = ()) -> Problem:
    """A problem of a status, its type and title taken from that."""
    title = HTTPStatus(status).phrase
    return Problem(
        f"urn:ml-connector:problem:{title.lower().replace(' ', '-')}", title, status, detail, acts, (*errors,)
    )


def of_error(error: ConnectorError) -> Problem:
    """One of our own errors."""
    status = next((one for kind, one in _STATUS if isinstance(error, kind)), None)
    if status is None:
        later = error.recovery in (Recovery.RETRY_LATER, Recovery.RATE_LIMITED, Recovery.UNCERTAIN)
        status = HTTPStatus.SERVICE_UNAVAILABLE if later else HTTPStatus.INTERNAL_SERVER_ERROR
    return problem(status, error.sentence, str(error.acts))


def of_database(error: psycopg.OperationalError) -> Problem:
    """The database is busy or away, which is no defect."""
    log.warning("a request was not carried out", why=str(error))
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "The database is busy: nothing was saved; try it again.")


def install(app: FastAPI) -> None:
    """Have every error of an application end as a problem."""

    @app.exception_handler(ConnectorError)
    async def ours(_: Request, error: ConnectorError) -> Response:
        return answer(of_error(error))

    @app.exception_handler(psycopg.OperationalError)
    async def busy(_: Request, error: psycopg.OperationalError) -> Response:
        return answer(of_database(error))

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> Response:
        wrong = [_wrong(one) for one in error.errors()]
        told = "; ".join(f"{one.where}: {one.sentence}" for one in wrong[:3])
        return answer(problem(HTTPStatus.BAD_REQUEST, f"The request cannot be understood: {told}", errors=wrong))

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> Response:
        detail = _NOT_OURS.get(error.status_code, "The request cannot be understood: its body is no JSON.")
        return answer(problem(error.status_code, detail))


# What pydantic calls it -> our sentence; {name}s are what pydantic tells beside it.
_SENTENCES = {
    "missing": "it is missing.",
    "extra_forbidden": "there is no such field here.",
    "string_type": "it must be text.",
    "string_unicode": "it must be text of whole characters.",
    "string_too_long": "it is longer than {max_length} characters.",
    "string_too_short": "it is shorter than {min_length} characters.",
    "string_pattern_mismatch": "it holds characters that cannot stand there.",
    "int_type": "it must be a whole number.",
    "int_parsing": "it must be a whole number.",
    "int_from_float": "it must be a whole number.",
    "int_parsing_size": "it is too great a number.",
    "greater_than_equal": "it must be {ge} or more.",
    "less_than_equal": "it must be {le} or less.",
    "bool_type": "it must be true or false.",
    "list_type": "it must be a list.",
    "too_long": "it holds more than {max_length} entries.",
    "too_short": "it holds fewer than {min_length} entries.",
    "dict_type": "it must be an object.",
    "model_type": "it must be an object.",
    "model_attributes_type": "it must be an object, sent as application/json.",
    "json_invalid": "it is no JSON.",
    "date_words": "it must be a day such as 2026-01-31.",
}


def _wrong(error: dict[str, Any]) -> Wrong:
    """What pydantic found, in our words, and never with the value itself, which may be a secret."""
    kind = error["type"]
    where = ".".join(str(part) for part in error["loc"] if kind != "json_invalid" or isinstance(part, str))
    where = where if len(where) <= _LONGEST_PLACE else f"{where[:_LONGEST_PLACE]}..."
    sentence = _SENTENCES.get(kind, "it is not what it should be.")
    return Wrong(where, sentence.format_map(error.get("ctx") or {}))
