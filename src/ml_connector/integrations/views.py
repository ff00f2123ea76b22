"""What a planner may look at for one document, and how it names what its steps make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, Item, ListEntry, Organisation, Party, TaxCode
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.integrations.coding import Recoding
from ml_connector.integrations.tracked import Payables
from ml_connector.integrations.ways import XERO, Ways


class MappingTable(Protocol):
    """A tenant's value map at one moment."""

    def get(self, key: str, on: dt.date | None = None) -> str | None:
        """The target value for a source key on a document date, None if no row is valid."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Every key with every value it has at some time."""


class Books(Protocol):
    """What it takes to lay an entry of the source's lists against one of the target's. A View is that, too."""

    @property
    def mappings(self) -> Mapping[str, MappingTable]:
        """The mapping tables by name."""

    @property
    def source_lists(self) -> Mapping[str, Mapping[str, Document]]:
        """The source's lists: entity -> id -> document."""

    @property
    def ways(self) -> Ways:
        """What the ledger allows."""


class Twin(msgspec.Struct, frozen=True):
    """Another document that claims the same vendor's invoice number. ``where`` names the system it was found in.

    ``entity``: what it is called at the target; empty for another document of the source, and for its counterpart.
    ``taken``: why it has no more than the number in common, where each number is taken once: whose it is, or that it is
    void. ``date``: its own day, None where it shows none.
    """

    where: str
    id: str
    number: str
    total: Decimal | None
    label: str
    ours: bool
    entity: str = ""
    taken: str = ""
    date: dt.date | None = None


class Candidate(msgspec.Struct, frozen=True):
    """A party of the target that may be the same, with the evidence; ``proof`` is strong enough to link by itself.

    ``taken_by``: the record of the same flow that has it. ``shared_with``: (flow, source id) of another flow's record that
    has it, or is to have it made; a firm may be customer and vendor. ``holder`` is what the record is called that has it.
    ``claimed_by``: as other records of the source show them, parties that point to it as strongly; then it is no proof.
    """

    party: Party
    evidence: str
    proof: bool
    score: float = 0.0
    taken_by: str = ""
    shared_with: tuple[str, str] | None = None
    holder: str = ""
    claimed_by: tuple[Party, ...] = ()


class Named(msgspec.Struct, frozen=True):
    """A contact that so many ``documents`` name which were made on one that is gone. ``holder``: the record that has it."""

    contact: Party
    documents: int
    holder: str = ""


ANY = "(any)"  # in place of an id: what waits for it is planned again as soon as any entry of that list has changed


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of the target's lists. ``entries`` are its short ones, as legal entities: by list and id;

    ``items`` what is sold or bought by name, of a ledger whose lines name that."""

    organisation: Organisation
    accounts: Mapping[str, Account]
    tax_codes: Mapping[str, TaxCode]
    dimensions: Mapping[str, Dimension]
    parties: Mapping[str, Party]
    taken_names: Mapping[str, frozenset[str]] | None = None  # of contacts of every kind, see party_names.taken
    entries: Mapping[str, Mapping[str, ListEntry]] = field(default_factory=dict)
    items: Mapping[str, Item] = field(default_factory=dict)
    item_codes: Mapping[str, tuple[str, ...]] | None = None  # see line_items.codes
    item_keys: Mapping[str, tuple[str, ...]] | None = None  # see items_alike.keys
    item_names: Mapping[str, tuple[str, ...]] | None = None  # see items_alike.names


@dataclass(frozen=True, slots=True)
class PriceBook:
    """The ids of the source's items by code and by name, see line_items.codes and items_alike.names."""

    codes: Mapping[str, tuple[str, ...]]
    names: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Linked:
    """An existing link: the target's id and what it showed when last agreed (None when unknown).

    ``source`` is the version of the source's document that was posted; ``now`` what the target shows of its document at
    present, None when it is not there any more. ``mirrored``: the flow that goes the other way has made it. ``dismissed``, of
    what went back: ``source`` is not the version that was entered but one that a person has dismissed since.
    """

    target_entity: str
    target_id: str
    base: Document | None
    source: Document | None = None
    now: Document | None = None
    mirrored: bool = False
    dismissed: bool = False


@dataclass(frozen=True, slots=True)
class Behind:
    """Whose counterpart a document of the flow's own source is: the id where it came from, and what that shows now.

    ``document`` is None where it is not kept.
    """

    source_id: str
    document: Document | None


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
PART = "/"  # stands behind our reference where an entry of the target is a part of a document alone


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

    ``links`` are of what the flow's rules ask for, and of the parties of the documents in ``sources``.

    Of a flow with several steps: ``made`` is, by our reference, what steps of the record's earlier versions have left
    standing at the target, and live documents there under such references that another database has made (one that was
    lost, or whose older copy this is) and nobody is linked to; ``done`` this version's own steps that are proved,
    ``proven`` the ids of what they have made; ``removed`` is, by entity and id, what steps of any version have removed, and
    under which reference.

    ``at_target`` is, by the target's entity and id, what it shows now of the documents that the record's own hang together
    with: those in ``made`` and all under its references, the counterparts in ``links``, payments and credit notes of equal
    amount and near date that nobody is linked to, and the party's advances. ``gone`` are those in ``made`` that the target
    showed once and shows no more; in neither is what was never read. ``sources`` is, as ``links``, what the source
    showed last of the documents that are named there, but for parties.

    ``users`` is what others have made that stands on the record's own counterpart, as payments on an invoice. ``taken_off``
    are references of what the record itself has made and a step of what it stands on has removed; ``changing`` what it
    stands on, as in ``links``, while such a change is under way, and ``replaced`` what has had another counterpart since an
    earlier version's steps were carried out. ``came``: the ids of ``at_target`` by the placeholders that ``links`` have for
    them, where what was previewed is planned once more.
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
    removed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    at_target: Mapping[tuple[str, str], Document] = field(default_factory=dict)
    gone: frozenset[tuple[str, str]] = frozenset()
    sources: Mapping[tuple[str, str], Document] = field(default_factory=dict)
    users: Sequence[Using] = ()
    taken_off: frozenset[str] = frozenset()
    changing: frozenset[tuple[str, str]] = frozenset()
    replaced: frozenset[tuple[str, str]] = frozenset()
    half_changed: bool = False  # an earlier version, which came to nothing, has changed the counterpart
    payables: Payables = field(default_factory=Payables)  # of a flow that tracks against the target's bills
    apart: bool = (
        False  # of a party that goes back: it is the counterpart of a flow that is apart from the mirrored one
    )
    promised: bool = False  # of a party to be made: its bare name goes to another one that is to be made, too
    came: Mapping[str, str] = field(default_factory=dict)
    recoding: Recoding | None = None  # the job that asks for the mapping's coding of what is posted
    read_through: frozenset[str] = frozenset()  # those of ``brings`` whose source was read to its end at least once
    created: frozenset[tuple[str, str]] = frozenset()  # those of ``links`` whose counterpart we made
    ways: Ways = XERO  # what the flow's ledger allows
    set_there: Mapping[str, str] = field(default_factory=dict)  # settings of the connection that is written
    behind: Mapping[tuple[str, str], Behind] = field(default_factory=dict)  # by flow and id, see FlowType.looks_back
    all_read: bool = (
        True  # of a party: no reading of its source is under way that may show another one of its counterpart
    )
    asked_in: tuple[str, ...] = ()  # of a party to be made in their currency: those of the documents that wait for it
    circle: tuple[
        str, ...
    ] = ()  # of a party that was merged: the ids, its own first, where the mergers lead back to it
    named_now: tuple[Named, ...] = ()  # of a party whose counterpart is gone: whom the documents made on that name now
    held_there: Mapping[str, str] = field(
        default_factory=dict
    )  # of FlowType.matches: target id -> the record that has it
    price_book: PriceBook | None = None  # of the items in ``source_lists``

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
