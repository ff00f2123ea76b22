"""The contract every connector fulfils, and the values that pass between it and the engine."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Protocol

import msgspec

from ml_connector.canonical.documents import Document, Organisation
from ml_connector.clock import Clock
from ml_connector.errors import Acts, Refused
from ml_connector.transport.messages import Answer, Request

# --- what a person gives, and what the vendor grants -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing a person types at connect. ``where`` says in words where it is found; ``secret`` ones are never shown."""

    name: str
    label: str
    where: str
    secret: bool = False
    required: bool = True
    choices: tuple[str, ...] = ()
    default: str = ""


class Tokens(msgspec.Struct, frozen=True):
    """A grant's tokens as sealed in the vault. ``expires_at`` on the product's clock; ``api_base`` where calls go."""

    access_token: str
    expires_at: dt.datetime
    api_base: str
    refresh_token: str = ""
    scopes: tuple[str, ...] = ()
    extra: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Tokens(expires_at={self.expires_at.isoformat()}, api_base={self.api_base})"


Credentials = Mapping[str, str]


class Http(Protocol):
    """Plain HTTP for token and consent calls: no token, no budget; hosts limited to the connector's own."""

    async def send(self, request: Request) -> Answer:
        """One request, once. Raises NotSent or AnswerLost."""


class Session(Protocol):
    """A connection's HTTP inside its lane: token, budget, lease and exchange log are taken care of."""

    clock: Clock
    organisation: str  # the connection's organisation id at the vendor ("" before it is known)
    settings: Mapping[str, str]  # named settings (uncertain facts) and credentials that are no secrets
    scopes: frozenset[str]  # granted, as far as the vendor tells

    async def send(self, request: Request) -> Answer:
        """One request with at most one token refresh; safe ones are retried. Raises transport.errors."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One right asked for at consent, and the flows that need it."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Consent:
    """The address a person opens to consent, and the state that must come back.

    ``verifier`` never leaves this side until the exchange: PKCE's secret, whose digest stands in the address. Whoever
    keeps the state keeps it, too; empty where the vendor knows no PKCE.
    """

    address: str
    state: str
    verifier: str = field(default="", repr=False)


VERIFIER = "code_verifier"


class Auth(ABC):
    """How a vendor's grants are won and kept alive."""

    interactive: ClassVar[bool]  # True when a person must consent in a browser
    margin: ClassVar[float]  # seconds before expiry at which a token is refreshed
    idle_days: ClassVar[float | None] = None  # after so many days without a refresh the vendor lets a grant die
    loopback: ClassVar[str] = "127.0.0.1"  # how a redirect to this machine must name it

    @abstractmethod
    async def first(self, http: Http, credentials: Credentials, clock: Clock) -> Tokens:
        """The first tokens of a non-interactive grant. Raises BadInput (which field, what to do), Throttled."""

    @abstractmethod
    async def refresh(self, http: Http, credentials: Credentials, tokens: Tokens, clock: Clock) -> Tokens:
        """New tokens. Raises Reconnect when the grant is dead, Throttled, NotSent, AnswerLost."""

    @abstractmethod
    def headers(self, credentials: Credentials, tokens: Tokens) -> Mapping[str, str]:
        """The headers that authorise an API call."""

    def needs_consent(self, credentials: Credentials) -> bool:
        """Whether a person must consent in a browser: not where a long-lived token was given."""
        return self.interactive and not credentials.get("refresh_token")

    def consent(self, credentials: Credentials, redirect: str, state: str) -> Consent:
        """The consent address (interactive grants only)."""
        raise NotImplementedError(f"{type(self).__name__} needs no consent")

    async def exchange(
        self, http: Http, credentials: Credentials, redirect: str, returned: Mapping[str, str], clock: Clock
    ) -> Tokens:
        """Tokens for the code in the redirect's query ``returned``, its state already checked. Raises BadInput.

        Under ``VERIFIER`` stands the consent's own verifier, whatever came back under that name.
        """
        raise NotImplementedError(f"{type(self).__name__} needs no consent")


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


# --- reading -----------------------------------------------------------------------------------------------------


UNIDENTIFIED = "unreadable-"  # begins the id of a row that shows none


class Row(msgspec.Struct, frozen=True):
    """One document as read. ``raw`` is the vendor's text of it; ``document`` None when it could not be understood,

    then ``problem`` says why in a sentence. ``stamp`` is the vendor's modification time, kept as text; empty if it has none.
    """

    id: str
    raw: bytes
    document: Document | None
    stamp: str = ""
    problem: str = ""

    @property
    def identified(self) -> bool:
        """Whether it shows which document it is; one that does not has an id made of its text."""
        return not (self.document is None and self.id.startswith(UNIDENTIFIED))


class Page(msgspec.Struct, frozen=True):
    """Rows, and the cursor to be committed together with them. ``last`` ends this walk.

    ``complete`` is True on the last page of a walk that provably saw every live document (absence then counts).
    """

    rows: tuple[Row, ...]
    cursor: bytes
    last: bool
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What to read: changes after ``cursor`` (None = from the beginning, or from ``since``), or the named ``ids``.

    ``options`` are the flow's choices the vendor needs to know (documented by each connector).
    """

    entity: str
    cursor: bytes | None = None
    since: dt.date | None = None
    ids: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Readable:
    """That an entity can be read, with the rights it needs. ``incremental``: changes can be asked for; else always all.

    ``stamped``: rows carry a modification stamp that orders versions of one document.
    """

    entity: str
    scopes: tuple[str, ...]
    incremental: bool
    stamped: bool = True


# --- writing -----------------------------------------------------------------------------------------------------


class Action(StrEnum):
    """What a step does at the target."""

    CREATE = "create"
    UPDATE = "update"
    VOID = "void"
    MARK_EXPORTED = "mark exported"


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One write, complete: the same bytes are shown in preview, stored in the intent and sent.

    One exception: a connector may add what the target holds already and would drop if it were left out, and nothing else,
    as Xero's contact persons. It is read just before it is sent, and stands in the exchange alone.

    ``reference`` is ours and stays with the record for ever. ``expected`` is what the target must show when it is done:
    party id, number, date, total, currency. ``target_id`` for everything but a create. ``made_at`` is known to look-ups
    only: what the step made is no older, as far as our clock and the vendor's agree.
    """

    entity: str
    action: Action
    reference: str
    body: bytes
    target_id: str = ""
    party_id: str = ""
    number: str = ""
    date: dt.date | None = None
    total: Decimal = Decimal(0)
    currency: str = ""
    made_at: dt.datetime | None = None


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The target proved it: its id, what it now shows, and its raw answer."""

    target_id: str
    document: Document
    raw: bytes


class Rejected(msgspec.Struct, frozen=True, tag="rejected"):
    """The target said no and changed nothing. ``code`` is the vendor's; ``sentence`` and ``action`` for a bookkeeper.

    ``reason`` is one of our reason codes (period_closed, duplicate_number, inactive_account ...) or "rejected".
    """

    code: str
    sentence: str
    action: str = ""
    reason: str = "rejected"
    acts: Acts = Acts.BOOKKEEPER
    raw: bytes = b""


class Later(msgspec.Struct, frozen=True, tag="later"):
    """Provably not done; may be sent again after ``seconds``.

    ``forbidden``: the vendor does not let this connection do such a thing. Its flow waits for a person; others go on.
    """

    why: str
    seconds: float = 0.0
    forbidden: bool = False


class Uncertain(msgspec.Struct, frozen=True, tag="uncertain"):
    """It may have been done: only a look-up tells."""

    why: str


Outcome = Done | Rejected | Later | Uncertain


class Composed(msgspec.Struct, frozen=True):
    """A native payload and the total the target's own arithmetic will give it (document currency)."""

    body: bytes
    total: Decimal
    notes: tuple[str, ...] = ()  # visible changes, e.g. "description of line 3 was cut at 2,000 characters"


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


# --- checking ----------------------------------------------------------------------------------------------------


class Verdict(StrEnum):
    """Result of one check."""

    GOOD = "good"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``check``: what was looked at, how it is, and what to do when it is not good."""

    subject: str
    verdict: Verdict
    sentence: str
    action: str = ""


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
    timeout: ClassVar[float]  # seconds: the vendor's own limit on a request; ours is longer
    list_lag: ClassVar[float]  # seconds a new document may be missing from lists
    webhook_key: ClassVar[str] = ""  # what signs webhooks, and where a person finds or sets it; empty: it sends none
    webhook_place: ClassVar[str] = ""  # where a person enters our address for them
    webhook_key_length: ClassVar[tuple[int, int]] = (16, 500)  # characters

    @property
    @abstractmethod
    def auth(self) -> Auth:
        """Consent and tokens."""

    @abstractmethod
    def hosts(self, credentials: Credentials) -> frozenset[str]:
        """Host names this connection may call; anything else is refused before it is sent."""

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

    @abstractmethod
    def read(self, session: Session, reading: Reading) -> AsyncIterator[Page]:
        """Pages of documents. One bad row is a Row with a problem, never an error. Raises transport.errors."""

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

    @abstractmethod
    async def find(self, session: Session, step: Step) -> Sequence[Document]:
        """Documents at the target that may be this step's result, read in full detail and verified to match the filter:

        by our reference, else by number, party, date and total. Empty means absent as far as one clear answer tells.
        """

    def heard(self, key: str, delivery: Delivery, settings: Mapping[str, str]) -> tuple[Hint, ...]:
        """What a webhook delivery hints at; empty when it names nothing that is read here. Pure.

        ``settings`` are a connection's. Raises Refused without a proper key, or when the signature, compared in constant
        time, does not fit the raw bytes.
        """
        raise Refused(f"{self.title} sends no webhooks.")

    def is_ours(self, document: Document) -> bool:
        """Whether the target shows that this product made the document."""
        return bool(getattr(document, "reference", ""))
