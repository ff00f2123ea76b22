"""What a resource sees of a request, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from multidict import MultiMapping

from ml_connector_sandbox.xero.books.company import App, XeroBooks
from ml_connector_sandbox.xero.books.organisation import OrganisationBooks
from ml_connector_sandbox.xero.switches import Switches


@dataclass(slots=True, kw_only=True)
class ApiCall:
    """A call that has passed the gate. ``body`` is the JSON value sent, ``{}`` when none was."""

    company: XeroBooks
    books: OrganisationBooks
    app: App
    method: str
    path: Mapping[str, str]
    query: MultiMapping[str]
    headers: Mapping[str, str]
    body: Any

    @property
    def switches(self) -> Switches:
        """The emulator's switches."""
        return self.company.switches

    def asked(self, name: str, default: str = "") -> str:
        """A query parameter; names are read as they are."""
        return self.query.get(name, default).strip()

    def asked_flag(self, name: str, default: bool = False) -> bool:
        """A boolean of the query, in any case; anything else is the default."""
        return {"true": True, "false": False}.get(self.asked(name).lower(), default)

    @property
    def unit_places(self) -> int:
        """Decimals of unit prices: 4 with ``unitdp=4``, else 2."""
        return 4 if self.asked("unitdp") == "4" else 2

    @property
    def may_create_only(self) -> bool:
        """PUT creates; POST creates or updates."""
        return self.method == "PUT"


@dataclass(slots=True, kw_only=True)
class Reply:
    """An answer: what stands behind the envelope's own fields. ``bare``: without an envelope; None: no body."""

    payload: dict[str, Any] | None
    status: int = 200
    bare: bool = False


Handler = Callable[[ApiCall], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation. ``path`` is below the API's base, with ``{names}``."""

    method: str
    path: str
    handler: Handler

    @property
    def resource(self) -> str:
        """The first part of the path."""
        return self.path.split("/")[1]

    def matched(self, parts: list[str]) -> dict[str, str] | None:
        """The path's values when these parts, still percent-encoded, fit in any case; else None."""
        own = self.path.split("/")[1:]
        if len(own) != len(parts):
            return None
        found: dict[str, str] = {}
        for mine, part in zip(own, parts, strict=True):
            if mine.startswith("{"):
                found[mine[1:-1]] = unquote(part)
            elif mine.lower() != part.lower():
                return None
        return found
