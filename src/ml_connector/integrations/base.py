"""What an integration is made of: flows, settings, mapping tables, and the pure step from a document to a decision."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Protocol

import msgspec

from ml_connector.canonical.documents import Account, Dimension, Document, Organisation, Party, TaxCode
from ml_connector.connectors.base import Action, Composed, Step
from ml_connector.integrations import reasons

# --- decisions ---------------------------------------------------------------------------------------------------


class Waiting(msgspec.Struct, frozen=True):
    """One thing a document waits for. ``kind`` and ``key`` say what frees it: a mapping row, a link, a person ..."""

    code: str
    kind: str  # mapping | link | fact | source | person
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


class Skip(msgspec.Struct, frozen=True, tag="skip"):
    """A rule says that nothing is to be done, and why."""

    code: str
    sentence: str


class Adopt(msgspec.Struct, frozen=True, tag="adopt"):
    """It is there already: link, write nothing."""

    target_entity: str
    target_id: str
    origin: str  # adopted | matched | person
    evidence: str


class Write(msgspec.Struct, frozen=True, tag="write"):
    """Steps to be sent in order. ``notes`` are shown; ``placeholders`` are ids the target has still to give."""

    steps: tuple[Step, ...]
    target_entity: str
    notes: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()


class Unchanged(msgspec.Struct, frozen=True, tag="unchanged"):
    """The target shows it already."""


Decision = Hold | Skip | Adopt | Write | Unchanged


def skip(code: str, **fields: str) -> Skip:
    """A Skip with the reason's sentence."""
    return Skip(code, reasons.sentence(code, fields))


# --- the view a planner reads ------------------------------------------------------------------------------------


class MappingTable(Protocol):
    """A tenant's value map at one moment."""

    def get(self, key: str, on: dt.date | None = None) -> str | None:
        """The target value for a source key on a document date, None if no row is valid."""


class Twin(msgspec.Struct, frozen=True):
    """Another document that claims the same vendor's invoice number. ``where`` names the system it was found in."""

    where: str
    id: str
    number: str
    total: Decimal | None
    label: str
    ours: bool


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


@dataclass(frozen=True, slots=True)
class Linked:
    """An existing link: the target's id and what it showed when last agreed (None when unknown)."""

    target_entity: str
    target_id: str
    base: Document | None
    source: Document | None = None  # the source version that was posted


@dataclass(frozen=True, slots=True)
class View:
    """Everything a planner may look at for one document. Built in batches, no query per record."""

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
    start_date: dt.date | None


# --- what an integration declares --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TableType:
    """A mapping table: what its keys and values are, in words; ``source_entity``/``target_entity`` feed suggestions."""

    name: str
    key_words: str
    value_words: str
    source_entity: str
    target_entity: str
    special: tuple[str, ...] = ()  # values that are no ids: "cost", "new", "none" ...


class FlowType(ABC):
    """One entity moving one way."""

    name: ClassVar[str]
    title: ClassVar[str]
    source_vendor: ClassVar[str]
    target_vendor: ClassVar[str]
    priority: ClassVar[int] = 5  # order inside a lane: smaller first; parties before the documents that need them
    as_needed: ClassVar[bool] = False
    dated: ClassVar[bool] = True  # has a start date
    follows: ClassVar[str] = ""  # the flow whose posted documents are this one's; then nothing is read at the source

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

    def party_of(self, document: Document) -> str:
        """The source id of the party a document belongs to, for finding twins; empty for none."""
        return ""

    def needs_links(self, document: Document) -> tuple[tuple[str, str], ...]:
        """(entity, source id) whose links the planner will ask for."""
        return ()

    @abstractmethod
    def project(self, document: Document) -> Any:
        """The fields that matter to the target; two versions with the same projection are no change."""

    @abstractmethod
    def plan(self, view: View) -> Decision:
        """The decision. Pure."""


@dataclass(frozen=True, slots=True)
class IntegrationType:
    """Two vendors joined. Found by package scan: a module of ``integrations`` that defines ``INTEGRATION``."""

    kind: str
    title: str
    source_vendor: str
    source_title: str
    target_vendor: str
    target_title: str
    flows: tuple[FlowType, ...]
    tables: tuple[TableType, ...]
    settings: type[msgspec.Struct]
    not_possible: tuple[str, ...] = field(default=())

    def flow(self, name: str) -> FlowType:
        """The flow of that name. Raises KeyError."""
        return {flow.name: flow for flow in self.flows}[name]

    def table(self, name: str) -> TableType:
        """The mapping table of that name. Raises KeyError."""
        return {table.name: table for table in self.tables}[name]
