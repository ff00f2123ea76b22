"""What the contract's checks must be able to do to one vendor's emulator, whichever vendor it is.

Every connector has a module ``contract_<vendor>`` beside this one, whose ``STAGE`` is a ``Stage``. The checks know no
vendor; a stage knows nothing of the checks.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from contract_line import lists_of

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation
from ml_connector.clock import Clock
from ml_connector.connectors.base import Connector
from ml_connector.connectors.grants import Credentials, Http, Tokens
from ml_connector.connectors.reading import Readable
from ml_connector.connectors.writing import Action, Step
from ml_connector.lanes.runtime import connectors
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.kernel.emulator import Emulator
from ml_connector_sandbox.sandbox import Sandbox

CONNECTORS = connectors()


@dataclass(frozen=True, slots=True)
class Wrong:
    """A credential that is wrong: its name, the value, and what the one sentence must speak of."""

    name: str
    value: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lack:
    """Something a company does not have: how to take it away, and what ``check`` must then say is missing."""

    name: str
    take: Callable[[Any], None]
    subject: str
    words: tuple[str, ...]
    also: frozenset[str] = frozenset()  # other findings that follow from the same lack


@dataclass(frozen=True, slots=True)
class Switch:
    """An uncertain fact: values besides its default, or the reason why the main checks cannot meet it."""

    values: tuple[Any, ...] = ()
    untouched: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)  # the connection's settings this value calls for


class Stage(ABC):
    """One vendor's side of a seeded company."""

    vendor: ClassVar[str]
    kind: ClassVar[str] = "small"  # the company it is seen in
    page: ClassVar[int]  # rows a page during the checks, far below the vendor's own
    wrong: ClassVar[tuple[Wrong, ...]]
    lacks: ClassVar[tuple[Lack, ...]]
    unsaid: ClassVar[tuple[str, ...]] = ()  # what a check of a session with refreshed tokens cannot be told
    switches: ClassVar[Mapping[str, Switch]]
    limits_speed: ClassVar[float]  # the clock's speed at which this machine can reach the vendor's shortest limit
    fixed: ClassVar[frozenset[str]] = frozenset()  # entities whose rows bear no modification stamp to change
    unplayed: ClassVar[frozenset[str | tuple[str, Action]]] = frozenset()  # what the vendor's emulator does not have
    vanishing: ClassVar[frozenset[str]] = frozenset()  # entities of which a void leaves nothing behind
    silent: ClassVar[frozenset[tuple[str, Action]]] = frozenset()  # writes whose answer is empty
    stepwise: ClassVar[frozenset[tuple[str, Action]]] = frozenset()  # writes of several calls: all of them again
    repeatable: ClassVar[frozenset[str]] = frozenset()  # entities of which the vendor refuses no second one
    settles_later: ClassVar[frozenset[str]] = frozenset()  # switches under which only a later look-up proves a write
    addition: ClassVar[bytes] = b"sandboxAddition"  # the name of the field that the emulator makes up
    longest_wait: ClassVar[float] = 600.0  # seconds that the answer to too many calls may ask for

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.company: Company = sandbox.company
        self.clock: Any = sandbox.clock

    @property
    def connector(self) -> Connector:
        return CONNECTORS[self.vendor]

    @property
    def emulator(self) -> Emulator:
        return self.sandbox.server.emulators[self.vendor]

    @property
    @abstractmethod
    def credentials(self) -> dict[str, str]:
        """Good ones."""

    async def first(self, http: Http, credentials: Credentials, clock: Clock) -> Tokens:
        """The first tokens, won as a person connects; by themselves unless the vendor wants a consent each time."""
        return await self.connector.auth.first(http, credentials, clock)

    @property
    @abstractmethod
    def organisation(self) -> str:
        """The id of the connected organisation."""

    @property
    def settings(self) -> dict[str, str]:
        """The connection's settings during the checks."""
        return {}

    @abstractmethod
    def expected(self) -> Organisation:
        """The organisation as its books have it."""

    @abstractmethod
    def short_pages(self) -> None:
        """Let the vendor answer ``page`` rows a page where that is the vendor's choice."""

    @abstractmethod
    def fill(self, entity: str, count: int, at: datetime) -> list[str]:
        """Add documents last changed in the second of ``at``; their ids."""

    @abstractmethod
    def touch(self, entity: str, id: str) -> None:
        """Change a document now."""

    @abstractmethod
    def remove(self, entity: str, id: str) -> bool:
        """Take a document away; False where the vendor's API cannot."""

    @abstractmethod
    def spoilt(self, entity: str, row: dict[str, Any]) -> dict[str, Any]:
        """The row with one field that cannot be understood; id and stamp stay."""

    @abstractmethod
    def lists(self, entity: str) -> str:
        """The end of the path whose rows are the entity's documents."""

    def own_id(self, id: str) -> str:
        """The vendor's own id in the row of a document; most documents have no other."""
        return id

    def rows(self, entity: str, body: Any) -> list[list[Any]]:
        """The lists in an answer of that path that hold the rows."""
        return lists_of(body)

    def say_when(self, say: bool) -> None:
        """Whether the answer to too many calls says how long to wait."""
        self.emulator.set_switches({"retry_after_header": say})

    @abstractmethod
    def step(self, entity: str, action: Action, reference: str, organisation: Organisation) -> Step:
        """A step that the books as they are can take."""

    @abstractmethod
    def shows(self, step: Step, document: Document) -> bool:
        """Whether the document shows the step as done."""

    @abstractmethod
    def another(self, answer: Any) -> Any:
        """A write's answer that speaks of something else than the step."""

    @abstractmethod
    def counted(self, entity: str) -> int:
        """Live documents of the entity at the vendor."""

    def offers(self, entity: str, action: Action, settings: Mapping[str, str]) -> bool:
        """Whether a connection with these settings takes such a step."""
        return True

    @abstractmethod
    def forget_tokens(self) -> None:
        """Every access token given out is refused from now on; the grant lives."""

    @abstractmethod
    def revoke(self) -> None:
        """The grant is withdrawn."""


def stage_class(vendor: str) -> type[Stage]:
    """The stage of a vendor. Raises ModuleNotFoundError where a connector has none."""
    found: type[Stage] = importlib.import_module(f"contract_{vendor}").STAGE
    return found


def readable(vendor: str) -> Mapping[str, Readable]:
    """What can be read and the vendor's emulator plays."""
    unplayed = stage_class(vendor).unplayed
    return {name: one for name, one in CONNECTORS[vendor].readable.items() if name not in unplayed}


def entities() -> list[tuple[str, str]]:
    """(vendor, entity) of everything that can be read."""
    return [(vendor, entity) for vendor in sorted(CONNECTORS) for entity in sorted(readable(vendor))]


def incremental() -> list[tuple[str, str]]:
    """The same, where changes can be asked for."""
    return [(vendor, entity) for vendor, entity in entities() if CONNECTORS[vendor].readable[entity].incremental]


def actions() -> list[tuple[str, str, Action]]:
    """(vendor, entity, action) of everything that can be written."""
    return [
        (vendor, entity, action)
        for vendor, one in sorted(CONNECTORS.items())
        for entity in sorted(one.writable)
        if entity not in stage_class(vendor).unplayed
        for action in sorted(one.writable[entity])
        if (entity, action) not in stage_class(vendor).unplayed
    ]


def silent(vendor: str, entity: str, action: Action) -> bool:
    """Whether the vendor's answer to this write says nothing."""
    return (entity, action) in stage_class(vendor).silent
