"""Refusals of a whole call as the API shapes them. What is wrong with one element of a write is in ``books.issues``."""

from __future__ import annotations

from typing import Any

ZERO_ID = "00000000-0000-0000-0000-000000000000"
VALIDATION_NUMBER = 10
_UNSEEN = "AuthenticationUnsuccessful"


class Refused(Exception):
    """The API refuses a call with ``status``; what the body is depends on the subclass."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.headers = status, headers or {}


class Titled(Refused):
    """401, 403 and 412: title, status and detail in JSON."""

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, headers)
        self.title, self.detail = title, detail


class BadRequest(Refused):
    """400 with error number, type and message. Only the number and type of failed validations are certain."""

    def __init__(self, kind: str, message: str, number: int, elements: list[Any] | None = None) -> None:
        super().__init__(400)
        self.kind, self.message, self.number, self.elements = kind, message, number, elements

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        shown: dict[str, Any] = {"ErrorNumber": self.number, "Type": self.kind, "Message": self.message}
        return shown if self.elements is None else shown | {"Elements": self.elements}


class NotFound(Refused):
    """404 as a page, not JSON."""

    TEXT = "The resource you're looking for cannot be found"

    def __init__(self) -> None:
        super().__init__(404)


class Throttled(Refused):
    """429 without a body."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        super().__init__(429, {"X-Rate-Limit-Problem": problem})
        if wait is not None:
            self.headers["Retry-After"] = str(max(1, int(wait) + 1))
        self.problem = problem


def unauthorised(detail: str = _UNSEEN, headers: dict[str, str] | None = None) -> Titled:
    """A missing, unknown or expired token."""
    return Titled(401, "Unauthorized", detail, headers)


def forbidden() -> Titled:
    """The tenant is unknown or not connected."""
    return Titled(403, "Forbidden", _UNSEEN)


def insufficient_scope(status: int, word: str) -> Titled:
    """The token lacks the resource's scope."""
    title = "Unauthorized" if status == 401 else "Forbidden"
    return Titled(status, title, _UNSEEN, {"WWW-Authenticate": f'Bearer error="{word}"'})


def failed_validation(elements: list[Any]) -> BadRequest:
    """What a summarised write answers as soon as one element fails; ``elements`` are the failed ones."""
    return BadRequest("ValidationException", "A validation exception occurred", VALIDATION_NUMBER, elements)


def bad_query(message: str) -> BadRequest:
    """A ``where``, ``order`` or ``If-Modified-Since`` that cannot be read. Number and wording are not known."""
    return BadRequest("QueryParseException", message, 16)


def bad_data(message: str) -> BadRequest:
    """A body that cannot be read. Number and wording are not known."""
    return BadRequest("PostDataInvalidException", message, 14)
