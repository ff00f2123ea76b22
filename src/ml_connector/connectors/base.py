"""The contract every connector fulfils.

The values that pass between it and the engine: ``grants``, ``reading``, ``writing`` and ``checking`` beside this file.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Protocol

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation
from ml_connector.clock import Clock
from ml_connector.connectors.checking import Finding, Preflight
from ml_connector.connectors.grants import Auth, CredentialField, Credentials, Scope
from ml_connector.connectors.reading import OpenItem, Page, Readable, Reading, Size
from ml_connector.connectors.writing import Action, Composed, Found, Outcome, Step
from ml_connector.errors import Refused
from ml_connector.transport.messages import Answer, Request


class Session(Protocol):
    """A connection's HTTP inside its lane: token, budget, lease and exchange log are taken care of."""

    clock: Clock
    organisation: str  # the connection's organisation id at the vendor ("" before it is known)
    settings: Mapping[str, str]  # named settings (uncertain facts) and credentials that are no secrets
    scopes: frozenset[str]  # granted, as far as the vendor tells

    async def send(self, request: Request) -> Answer:
        """One request with at most one token refresh; safe ones are retried. Raises transport.errors."""


# --- limits ------------------------------------------------------------------------------------------------------


class Window(StrEnum):
    """How a limit counts."""

    SLIDING = "sliding"  # any `seconds`
    DAY = "day"  # calendar day in the organisation's zone


@dataclass(frozen=True, slots=True)
class Limit:
    """One of a vendor's limits. ``scope`` names what it counts over: connections that share (vendor, scope) share it."""

    name: str
    calls: int
    window: Window = Window.SLIDING
    seconds: float = 60.0
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of a connection and the greatest number of calls under way at once."""

    limits: tuple[Limit, ...]
    concurrency: int


# --- hearing of changes ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook delivery as it arrived: header names in lower case, the address's decoded query, and the raw body."""

    headers: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Hint:
    """That document ``id`` may have changed: read it again. A hint carries no data.

    ``organisation`` as connections have it, empty where the delivery does not say. ``event`` tells one occurrence from
    another, where the vendor numbers them.
    """

    entity: str
    id: str
    organisation: str = ""
    event: str = ""


# --- the connector -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SettingField:
    """A named setting of a connection for an uncertain vendor fact or a choice, with its consequence.

    ``rereads``: documents are understood by it, so they are read again when it changes. ``may_be_empty``: an empty text
    is a value of its own and does not mean the default.
    """

    name: str
    default: str
    consequence: str
    choices: tuple[str, ...] = ()
    rereads: bool = False
    may_be_empty: bool = False


class Connector(ABC):
    """One vendor. Stateless: everything of one connection comes in through ``Session``."""

    vendor: ClassVar[str]
    title: ClassVar[str]
    credentials: ClassVar[tuple[CredentialField, ...]]
    settings: ClassVar[tuple[SettingField, ...]] = ()
    scopes: ClassVar[tuple[Scope, ...]]
    readable: ClassVar[Mapping[str, Readable]]
    writable: ClassVar[Mapping[str, frozenset[Action]]]
    batches: ClassVar[Mapping[tuple[str, Action], int]] = MappingProxyType({})  # steps one call takes; else 1
    # Entities of several records, of which a part alone may stand there: a create looks up what does and sends the rest.
    # False: what a list shows of such a one is a part, and says nothing of the whole's amount.
    completes: ClassVar[Mapping[str, bool]] = MappingProxyType({})
    # Entities that stand in no list: what their own steps show of them is what is known of them.
    shown_by_steps: ClassVar[frozenset[str]] = frozenset()
    gone_codes: ClassVar[frozenset[str]] = frozenset()  # of refusals that may say that the party named is gone
    unkept: ClassVar[frozenset[str]] = frozenset()  # fields of its JSON that are never stored: bank details, notes
    timeout: ClassVar[float]  # seconds: the vendor's own limit on a request; ours is longer
    list_lag: ClassVar[float]  # seconds a new document may be missing from lists
    webhook_key: ClassVar[str] = ""  # what signs webhooks, and where a person finds or sets it; empty: it sends none
    webhook_place: ClassVar[str] = ""  # where a person enters our address for them
    webhook_last: ClassVar[str] = ""  # what a person does there once address and key are given; empty: nothing
    webhook_key_length: ClassVar[tuple[int, int]] = (16, 500)  # characters

    @property
    @abstractmethod
    def auth(self) -> Auth:
        """Consent and tokens."""

    @abstractmethod
    def hosts(self, credentials: Credentials) -> frozenset[str]:
        """Host names this connection may call; anything else is refused before it is sent."""

    def files(self, entity: str) -> bool:
        """Whether documents of an entity are entries of their own among what is known of this side."""
        return entity in self.readable or entity in self.shown_by_steps

    def seen_by_session(self, credentials: Credentials, settings: Mapping[str, str]) -> Mapping[str, str]:
        """What ``Session.settings`` holds: the named settings, and what was given at connect and is no secret."""
        open_ones = [field.name for field in self.credentials if not field.secret]
        return {name: credentials[name] for name in open_ones if credentials.get(name)} | dict(settings)

    def check_settings(self, settings: Mapping[str, str]) -> None:
        """Raise BadInput for named settings that cannot be; names and choices are checked already."""
        return

    def organisation_of(self, credentials: Credentials) -> str:
        """The organisation id that the credentials themselves name; empty where the vendor lists organisations."""
        return ""

    @abstractmethod
    def limits(
        self, organisation: Organisation | None, credentials: Credentials, settings: Mapping[str, str]
    ) -> Limits:
        """The vendor's limits for this organisation (None before it is known)."""

    @abstractmethod
    def day_left(self, headers: Mapping[str, str]) -> int | None:
        """Calls left today by the vendor's own headers, None where it does not say."""

    @abstractmethod
    def throttle(self, answer: Answer) -> float | None:
        """Seconds to wait when the answer says "too many calls", else None."""

    @abstractmethod
    def unauthorised(self, answer: Answer) -> bool:
        """Whether the answer says that the token is not (or no longer) good."""

    @abstractmethod
    async def organisations(self, session: Session) -> Sequence[Organisation]:
        """The organisations this grant reaches, each with currency, zone, edition, plan. Raises Reconnect, BadInput."""

    @abstractmethod
    async def organisation(self, session: Session) -> Organisation:
        """The connected organisation with everything the planner needs to know, lock dates included."""

    @abstractmethod
    async def check(self, session: Session, entities: Sequence[str]) -> Sequence[Finding]:
        """Ping the real system: token, scopes for ``entities``, organisation, clock, limits, required set-up."""

    async def check_source(self, session: Session, entities: Sequence[str]) -> Sequence[Finding]:
        """As ``check``, of a connection to which nothing is written: what only writing needs is not asked for."""
        return await self.check(session, entities)

    async def preflight(self, session: Session, entities: Sequence[str]) -> Preflight:
        """Whether the target is set up for what is written of ``entities``: asked before the first write, and daily.

        Empty where a vendor's set-up is the same for everybody. Raises transport.errors.
        """
        return Preflight()

    @abstractmethod
    def read(self, session: Session, reading: Reading) -> AsyncIterator[Page]:
        """Pages of documents. One bad row is a Row with a problem, never an error. Raises transport.errors."""

    async def size(self, session: Session, reading: Reading) -> Size | None:
        """How much a reading from the beginning is, where documents cost a call each; None where lists show them in full.

        Counted in the fewest calls. Raises transport.errors.
        """
        return None

    @abstractmethod
    def compose(
        self,
        action: Action,
        document: Document,
        organisation: Organisation,
        reference: str,
        settings: Mapping[str, str],
    ) -> Composed:
        """The native payload of a canonical document whose references are the target's own ids. Pure.

        Raises BadInput, in words for a bookkeeper, when the vendor cannot take the document as it is.
        """

    @abstractmethod
    async def write(self, session: Session, step: Step) -> Outcome:
        """Send one step, once, and say what the answer proves. Never raises for the vendor's answer; raises LeaseLost."""

    async def write_batch(self, session: Session, steps: Sequence[Step]) -> Sequence[Outcome]:
        """Send steps of one entity and action in as few calls as the vendor allows, once; an outcome for each, in order.

        Called with at most ``batches`` steps, and only where ``batches`` names more than one. As ``write`` otherwise.
        """
        return [await self.write(session, step) for step in steps]

    def calls_for(self, entity: str, action: Action, steps: int, settings: Mapping[str, str]) -> int:
        """About how many calls so many steps take in full batches, with what is looked up before and read back after."""
        return math.ceil(steps / self.batches.get((entity, action), 1))

    @abstractmethod
    async def find(self, session: Session, step: Step) -> Found:
        """Documents at the target that may be this step's result, read in full detail and verified to match the filter:

        by our reference, else by number, party, date and total. Empty means absent as far as one clear answer tells;
        Partly that some of its parts are there and others are not; Rejected that the target shows to have taken it in and
        refused it. Raises NotTakenIn while it lies there unworked.
        """

    async def open_items(self, session: Session) -> Sequence[OpenItem]:
        """What every customer owes now, in the fewest calls. Raises transport.errors, Refused where it cannot be asked."""
        raise Refused(f"{self.title} is not asked what its customers owe.")

    def touched(self, step: Step) -> tuple[tuple[str, str], ...]:
        """(entity, id) of documents that a step changes besides its own, such as the credit that it applies. Pure."""
        return ()

    def heard(self, key: str, delivery: Delivery, settings: Mapping[str, str]) -> tuple[Hint, ...]:
        """What a webhook delivery hints at; empty when it names nothing that is read here. Pure.

        ``settings`` are a connection's. Raises Refused without a proper key, or when the signature, compared in constant
        time, does not fit the raw bytes.
        """
        raise Refused(f"{self.title} sends no webhooks.")

    def is_ours(self, document: Document) -> bool:
        """Whether the target shows that this product made the document."""
        return bool(getattr(document, "reference", ""))
