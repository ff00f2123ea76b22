"""Values that come in: texts without control characters, days as texts, nothing unknown; and answers that go out."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

import msgspec
from fastapi import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

MOST_ID = 2**63 - 1  # what the database counts to
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

#: A text as people type it. PostgreSQL keeps no NUL.
Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
#: The number of something.
Number = Annotated[int, Field(ge=1, le=MOST_ID)]


def _day(value: Any) -> Any:
    """A day of the calendar from its text. A number would be an instant in some zone."""
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> Any:
    raise PydanticCustomError("date_words", "no day")


Day = Annotated[dt.date, BeforeValidator(_day)]


class Query(BaseModel):
    """The parameters of an address. They come as text, so numbers are read from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Body(BaseModel):
    """The JSON body of a request: every value of its own type, and nothing that is not asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def encoded(value: Any) -> bytes:
    """An answer's JSON, amounts as text."""
    return msgspec.json.encode(value, enc_hook=str)


def answer(value: Any) -> Response:
    """An answer."""
    return Response(encoded(value), media_type="application/json")
