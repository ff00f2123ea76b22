"""What an API sees of a call, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from multidict import CIMultiDict, MultiDict

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.servicenow import errors
from ml_connector_sandbox.servicenow.books.access import User
from ml_connector_sandbox.servicenow.instance import Instance

JSON = "application/json;charset=UTF-8"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(slots=True, kw_only=True)
class ApiCall:
    """A call of a user that was let in. ``path`` is decoded; ``version`` is ``v1``, ``v2`` or empty.

    ``carried``: the methods and tables of the calls inside a batch. ``troubles``: vendor faults that strike the first
    part of the call that they can strike; shared inside a batch.
    """

    instance: Instance
    user: User
    method: str
    path: str
    query: MultiDict[str]
    headers: CIMultiDict[str]
    body: bytes = b""
    version: str = ""
    troubles: list[str] = field(default_factory=list)
    carried: set[str] = field(default_factory=set)

    def struck(self, *kinds: str) -> str:
        """The fault of these kinds that strikes here, once; empty when none does."""
        found = next((one for one in self.troubles if one in kinds), "")
        if found:
            self.troubles.remove(found)
        return found

    def flag(self, name: str) -> bool:
        """Whether a parameter of the query says true."""
        return self.query.get(name, "").lower() == "true"

    def json(self) -> Any:
        """The body's value; ``{}`` when it is empty. Raises Refused."""
        if not self.body.strip():
            return {}
        try:
            return exact.loads(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise errors.unreadable(str(error)) from error

    def record(self) -> dict[str, Any]:
        """The one record of the body; of several only the first is used. Raises Refused."""
        value = self.json()
        if isinstance(value, dict) and isinstance(value.get("records"), list):
            value = value["records"]
        if isinstance(value, list):
            value = value[0] if value else {}
        if not isinstance(value, dict):
            raise errors.unreadable("the body is no JSON object")
        return value


@dataclass(slots=True)
class Answer:
    """``body``: a JSON value, None for no body; ``raw`` goes before it."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def content(self) -> bytes:
        """The body's bytes."""
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else exact.dumps(self.body)


def text_of(value: Any, *, mangled: bool = False) -> str:
    """A sent value as the text that is stored. ``mangled``: nested JSON gets ``=`` for ``:``, as import sets do."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        nested = exact.dumps(value).decode()
        return nested.replace(":", "=") if mangled else nested
    return str(value)
