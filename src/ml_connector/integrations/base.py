"""What an integration is made of: flows, settings, mapping tables, and the pure step from a document to a decision."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Protocol

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, Organisation, Party, TaxCode
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.integrations import reasons
from ml_connector.integrations.agreed import Agreed
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.tracked import Payables, Track

# --- decisions ---------------------------------------------------------------------------------------------------


class Waiting(msgspec.Struct, frozen=True):
    """One thing a document waits for. ``kind`` and ``key`` say what frees it: a mapping row, a link, a person ..."""

    code: str
    kind: str  # mapping | link | fact | source | setting | confirmation | person
    key: str
    sentence: str
    action: str


def waiting(code: str, kind: str, key: str, **fields: str) -> Waiting:
    """A Waiting whose sentence and action come from the reason ``code``; ``key`` is a field too."""
    named = {"key": key.split(":", 1)[-1], **fields}
    return Waiting(code, kind, key, reasons.sentence(code, named), reasons.action(code, named))


class Hold(msgspec.Struct, frozen=True, tag="hold"):
    """It waits, for everything listed. ``asks_for`` are (entity, source id) whose flow must bring them first."""

    waits: tuple[Waiting, ...]
    asks_for: tuple[tuple[str, str], ...] = ()


class Skip(msgspec.Struct, frozen=True, tag="skip", omit_defaults=True):
    """A rule says that nothing is to be done, and why."""

    code: str
    sentence: str
    agreed: Agreed | None = None  # of parties: what both show alike, though the rest is passed over


class Adopt(msgspec.Struct, frozen=True, tag="adopt", omit_defaults=True):
    """It is there already: link, write nothing."""

    target_entity: str
    target_id: str
    origin: str  # created (our own reference proves it) | adopted | matched | person
    evidence: str
    replaces: str = ""  # the id of the counterpart whose place it takes
    agreed: Agreed | None = None  # of parties, where it is not what both sides show


STAYS = -1


class Write(msgspec.Struct, frozen=True, tag="write"):
    """Steps to be sent in order. ``notes`` are shown; ``placeholders`` are ids the target has still to give.

    ``main`` is the step whose document becomes the record's counterpart; ``STAYS`` where it keeps the one it has.
    ``replaces`` is the id of the counterpart that the steps remove, where another takes its place. While the steps are
    carried out the plan is made again before each and has to list all, done or not: see ``View.made`` and ``View.proven``.
    """

    steps: tuple[Step, ...]
    target_entity: str
    notes: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
    main: int = 0
    replaces: str = ""
    agreed: Agreed | None = None


class Unchanged(msgspec.Struct, frozen=True, tag="unchanged"):
    """The target shows it already."""

    agreed: Agreed | None = None


Decision = Hold | Skip | Adopt | Write | Unchanged | Track


def skip(code: str, **fields: str) -> Skip:
    """A Skip with the reason's sentence."""
    return Skip(code, reasons.sentence(code, fields))


# --- the view a planner reads ------------------------------------------------------------------------------------


class MappingTable(Protocol):
    """A tenant's value map at one moment."""

    def get(self, key: str, on: dt.date | None = None) -> str | None:
        """The target value for a source key on a document date, None if no row is valid."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Every key with every value it has at some time."""


class Twin(msgspec.Struct, frozen=True):
    """Another document that claims the same vendor's invoice number. ``where`` names the system it was found in.

    ``entity``: what it is called at the target; empty for another document of the source, and for its counterpart.
    ``taken``: why it has no more than the number in common, where each number is taken once: whose it is, or that it is
    void.
    """

    where: str
    id: str
    number: str
    total: Decimal | None
    label: str
    ours: bool
    entity: str = ""
    taken: str = ""


class Candidate(msgspec.Struct, frozen=True):
    """A party of the target that may be the same, with the evidence; ``proof`` is strong enough to link by itself."""

    party: Party
    evidence: str
    proof: bool
    score: float = 0.0
    taken_by: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of the target's lists."""

    organisation: Organisation
    accounts: Mapping[str, Account]
    tax_codes: Mapping[str, TaxCode]
    dimensions: Mapping[str, Dimension]
    parties: Mapping[str, Party]
    taken_names: Mapping[str, frozenset[str]] | None = None  # see party_names.taken


@dataclass(frozen=True, slots=True)
class Linked:
    """An existing link: the target's id and what it showed when last agreed (None when unknown).

    ``source`` is the version of the source's document that was posted; ``now`` what the target shows of its document at
    present, None when it is not there any more.
    """

    target_entity: str
    target_id: str
    base: Document | None
    source: Document | None = None
    now: Document | None = None


StepKey = tuple[str, Action, str]  # entity, action, reference: which of a version's steps it is


def step_key(step: Step) -> StepKey:
    """What tells a step from the others of its plan."""
    return (step.entity, step.action, step.reference)


class Made(msgspec.Struct, frozen=True):
    """A document that a step has made at the target and that no step has removed since."""

    entity: str
    target_id: str


def settled_key(flow: str, source_id: str) -> str:
    """What those wait for who were taken off a document's counterpart while it is changed: a wait of kind link."""
    return f"{flow}:{source_id} settled"


ASIDE = "-off-"


def aside_key(reference: str, target_id: str) -> str:
    """The reference of a step that removes what another record has made on the counterpart of the one given."""
    return f"{reference}{ASIDE}{target_id}"


class Using(msgspec.Struct, frozen=True):
    """What another record has made at the target, standing on this record's counterpart.

    ``flow`` is that record's; ``applied`` are the ids of this credit's applications that its steps have made, with amounts.
    """

    entity: str
    document: Document
    flow: str = "payments"
    applied: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """Everything a planner may look at for one document. Built in batches, no query per record.

    Of a flow with several steps: ``made`` is, by our reference, what steps of the record's earlier versions have left
    standing at the target, and live documents there under such references that another database has made (one that was
    lost, or whose older copy this is) and nobody is linked to; ``done`` this version's own steps that are proved,
    ``proven`` the ids of what they have made.

    ``at_target`` is, by the target's entity and id, what it shows now of the documents that the record's own hang together
    with: those in ``made`` and all under its references, the counterparts in ``links``, payments and credit notes of equal
    amount and near date that nobody is linked to, and the party's advances. ``sources`` is, as ``links``, what the source
    showed last of the documents that are named there, but for parties.

    ``users`` is what others have made that stands on the record's own counterpart, as payments on an invoice. ``taken_off``
    are references of what the record itself has made and a step of what it stands on has removed; ``changing`` what it
    stands on, as in ``links``, while such a change is under way, and ``replaced`` what has had another counterpart since an
    earlier version's steps were carried out.
    """

    document: Document
    source_id: str
    reference: str
    first_seen_exported: bool
    released: frozenset[str]  # reason codes a person released for this version
    settings: Any
    mappings: Mapping[str, MappingTable]
    links: Mapping[tuple[str, str], str]  # (entity, source id) -> target id or placeholder "new: ..."
    asked: frozenset[tuple[str, str]]  # (entity, source id) that the source has and a flow may bring
    brings: frozenset[str]  # entities whose own flow is on
    link: Linked | None
    source: Organisation
    source_lists: Mapping[str, Mapping[str, Document]]  # entity -> id -> document
    ledger: Ledger
    twins: Sequence[Twin]
    candidates: Sequence[Candidate]
    compose: Callable[[Action, Document, str], Composed]
    made: Mapping[str, Made] = field(default_factory=dict)
    proven: Mapping[str, str] = field(default_factory=dict)
    done: frozenset[StepKey] = frozenset()
    at_target: Mapping[tuple[str, str], Document] = field(default_factory=dict)
    sources: Mapping[tuple[str, str], Document] = field(default_factory=dict)
    users: Sequence[Using] = ()
    taken_off: frozenset[str] = frozenset()
    changing: frozenset[tuple[str, str]] = frozenset()
    replaced: frozenset[tuple[str, str]] = frozenset()
    payables: Payables = field(default_factory=Payables)  # of a flow that tracks against the target's bills
    promised: bool = False  # of a party to be made: its bare name goes to another one that is to be made, too
    read_through: frozenset[str] = frozenset()  # those of ``brings`` whose source was read to its end at least once

    def id_of(self, reference: str) -> str:
        """The target's id of what a step of this record makes or made under its reference, or a placeholder for it."""
        made = self.made.get(reference)
        return self.proven.get(reference) or (made.target_id if made else placeholder(reference))

    def counterpart(self, flow: str, source_id: str) -> Document | None:
        """What the target shows of the counterpart of another document, as far as its list is kept."""
        target = self.links.get((flow, source_id))
        return next((one for (_, id_), one in self.at_target.items() if id_ == target), None) if target else None


def placeholder(what: str) -> str:
    """The id of something the target has still to make, as plans show it."""
    return f"new: {what}"


# --- what an integration declares --------------------------------------------------------------------------------


class FlowType(ABC):
    """One entity moving one way."""

    name: ClassVar[str]
    title: ClassVar[str]
    source_vendor: ClassVar[str]
    target_vendor: ClassVar[str]
    priority: ClassVar[int] = 5  # order inside a lane: smaller first; parties before the documents that need them
    as_needed: ClassVar[bool] = False
    dated: ClassVar[bool] = True  # has a start date
    begins_anew: ClassVar[bool] = False  # once a day its source is read whole: something changes there without a stamp
    number_table: ClassVar[str] = ""  # the mapping table in which a person gives a document another number
    unique_numbers: ClassVar[bool] = False  # the target takes each number once, whoever it is for, and however it ended
    follows: ClassVar[str] = ""  # the flow whose posted documents are this one's; then nothing is read at the source
    several_steps: ClassVar[bool] = False  # whether a plan may have more than one step
    tracks: ClassVar[bool] = False  # whether its documents are only looked at, and nothing is ever written
    matched_with: ClassVar[str] = ""  # the target's list in which a flow that tracks finds each document's counterpart
    mirrors: ClassVar[str] = ""  # the flow of the same pairs that goes the other way; its links are this one's too
    parties: ClassVar[str] = "parties"  # the target's list in which its own parties are found
    near: ClassVar[dt.timedelta] = dt.timedelta(0)  # documents of equal amount, no further apart, may be one; 0: none

    @abstractmethod
    def source_entities(self, settings: Any) -> tuple[str, ...]:
        """Entities the source is read for, in order (the last one is this flow's own document)."""

    @abstractmethod
    def reading_options(self, settings: Any) -> dict[str, str]:
        """Options for the source connector's reader."""

    @property
    @abstractmethod
    def source_lists(self) -> tuple[str, ...]:
        """Entities of the source kept in the directory for planning."""

    @property
    @abstractmethod
    def target_lists(self) -> tuple[str, ...]:
        """Entities of the target kept in the directory for planning."""

    @property
    @abstractmethod
    def tables(self) -> tuple[str, ...]:
        """Mapping tables its planner reads."""

    def not_live(self, settings: Any, scopes: Collection[str]) -> str:
        """Why it cannot go live as it is set, and the way out; empty if it can. ``scopes`` are the source's rights."""
        return ""

    def party_of(self, document: Document) -> str:
        """The source id of the party a document belongs to, for finding twins; empty for none."""
        return ""

    def target_entity(self, document: Document) -> str:
        """What the document is called at the target when a person links it by hand; empty if that cannot be."""
        return ""

    def linkable(self, document: Document) -> tuple[str, ...]:
        """The lists of the target in which a person may name its counterpart, the likeliest first; empty if none."""
        entity = self.target_entity(document)
        return (entity,) if entity else ()

    def number_of(self, document: Document, given: str | None, settings: Any) -> str:
        """The number the document gets at the target, by which its twins are found. ``given``: by a person."""
        return given or str(getattr(document, "number", ""))

    def party_name(self, document: Document) -> str:
        """What the party of a document is called at the source."""
        return ""

    def only_linked(self, document: Document, settings: Any) -> bool:
        """Whether the document is never written, and linked with what the target has of it at most."""
        return False

    def needs_links(self, document: Document) -> tuple[tuple[str, str], ...]:
        """(entity, source id) whose links the planner will ask for."""
        return ()

    def goes_on(self, document: Document, entity: str) -> bool:
        """Whether something is left to do once a person has linked the document with one of ``entity`` at the target."""
        return self.tracks

    @abstractmethod
    def plan(self, view: View) -> Decision:
        """The decision. Pure."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """How the source's bank deposits meet the accounts that their payments are booked on.

    ``deposits`` is the flow that reads them, ``payments`` that of their payments, which are booked by the rows of mapping
    table ``table``: ``key`` gives a payment method's key there, ``account`` the account that a row's value names, empty
    where it names none. ``money`` are the target's entities that a payment becomes where money moves. ``balances`` says what
    is to be known of the target's own balances.
    """

    deposits: str
    payments: str
    table: str
    key: Callable[[Ref], str]
    account: Callable[[str], str]
    money: tuple[str, ...]
    balances: str


@dataclass(frozen=True, slots=True)
class IntegrationType:
    """Two vendors joined. Found by package scan: a module of ``integrations`` that defines ``INTEGRATION``.

    ``fixed_once_posted``: settings that stand once documents are posted, which would not be found again under another
    value. ``skipped_by_settings``: codes of skips that a setting decides; they are looked at again when one changes.
    ``skipped_by_tables``: (mapping table, code) of skips that its rows decide, likewise.
    ``account_settings``: settings whose value is the id of an account of the target, or a word of their own.
    ``clearing``: where the source's bank deposits are read, how they meet the target's accounts.
    ``gates``: settings that say what must be known of a document before it goes, their values from strict to loose.
    ``currency_setting``: the setting that says in what amounts are where the source does not.
    """

    kind: str
    title: str
    source_vendor: str
    source_title: str
    target_vendor: str
    target_title: str
    flows: tuple[FlowType, ...]
    tables: tuple[TableType, ...]
    settings: type[msgspec.Struct]
    fixed_once_posted: tuple[str, ...] = field(default=())
    skipped_by_settings: tuple[str, ...] = field(default=())
    account_settings: tuple[str, ...] = field(default=())
    currency_setting: str = ""
    skipped_by_tables: tuple[tuple[str, str], ...] = field(default=())
    not_possible: tuple[str, ...] = field(default=())
    clearing: Clearing | None = None
    gates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def flow(self, name: str) -> FlowType:
        """The flow of that name. Raises KeyError."""
        return {flow.name: flow for flow in self.flows}[name]

    def table(self, name: str) -> TableType:
        """The mapping table of that name. Raises KeyError."""
        return {table.name: table for table in self.tables}[name]
