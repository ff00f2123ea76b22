"""What a resource sees of a request, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ml_connector_sandbox.zoho_books.books.company import User, ZohoBooksBooks
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.switches import Switches


@dataclass(slots=True, kw_only=True)
class ApiCall:
    """A call that has passed the gate. ``body`` is the JSON value sent, ``{}`` when none was."""

    company: ZohoBooksBooks
    organisation: OrganisationBooks | None
    user: User
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    file: tuple[str, str, bytes] | None = None

    @property
    def books(self) -> OrganisationBooks:
        """The organisation named by ``organization_id``; every route but the organisation list has one."""
        if self.organisation is None:
            raise LookupError("this route runs without an organisation")
        return self.organisation

    @property
    def switches(self) -> Switches:
        """The emulator's switches."""
        return self.company.switches


@dataclass(slots=True, kw_only=True)
class Reply:
    """An answer: ``payload`` beside ``code`` and ``message``. ``raw`` replaces the JSON (attachments)."""

    payload: dict[str, Any] = field(default_factory=dict)
    message: str = "success"
    status: int = 200
    location: str = ""
    bare: bool = False
    raw: tuple[str, str, bytes] | None = None


Handler = Callable[[ApiCall], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation. ``path`` is below ``/books/v3``; ``scope`` is ``module.OPERATION``."""

    method: str
    path: str
    scope: str
    handler: Handler
    needs_organisation: bool = True
    takes_body: bool = False
    # ``list`` where the published body is an array
    body_type: type = dict
