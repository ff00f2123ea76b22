"""What an integration is made of: flows, settings, mapping tables, and the pure step from a document to a decision."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.integrations.decisions import Decision, Unchanged
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.views import Books, View
from ml_connector.integrations.ways import IN_EDITIONS, LEDGERS, XERO, Ways


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
    passed_over_with: ClassVar[
        tuple[str, ...]
    ] = ()  # codes of skips that the documents it stands on decide, see lets_in
    follows: ClassVar[str] = ""  # the flow whose posted documents are this one's; then nothing is read at the source
    several_steps: ClassVar[bool] = False  # whether a plan may have more than one step
    in_parts: ClassVar[bool] = False  # its document may stand there as several entries, see views.PART
    staged: ClassVar[bool] = False  # whether people at the target decide what becomes of the documents it posted
    tracks: ClassVar[bool] = False  # whether its documents are only looked at, and nothing is ever written
    matched_with: ClassVar[str] = ""  # the target's list in which a flow that tracks finds each document's counterpart
    mirrors: ClassVar[str] = ""  # the flow of the same pairs that goes the other way; its links are this one's too
    mirrored: ClassVar[str] = "parties"  # of one that mirrors: what the other one's target calls its documents
    shown_in: ClassVar[str] = (
        ""  # of one that mirrors: the list of its target with its counterparts; empty: ``parties``
    )
    parties: ClassVar[str] = "parties"  # the target's list in which its own parties are found
    party_kind: ClassVar[str] = ""  # "customer" or "vendor": what those are; empty where they may be either
    target_options: ClassVar[Mapping[str, Mapping[str, str]]] = {}  # by list of the target, options it is read with
    recodes: ClassVar[tuple[str, ...]] = ()  # mapping tables by which its posted documents can be recoded
    apart: ClassVar[tuple[str, ...]] = ()  # flows of parties whose counterparts are never also this one's
    strict_names: ClassVar[bool] = False  # a counterpart of a similar name is offered although another record has it
    in_references: ClassVar[str] = ""  # what stands for its name in our references, where the target's keys are short
    reference_room: ClassVar[int] = 0  # characters of our reference that the target keeps; 0: as many as it has
    as_linked: ClassVar[tuple[str, ...]] = ()  # flows whose change counts here only once it is no longer held
    writes: ClassVar[tuple[str, ...]] = ()  # what it writes at a target that its owners shape: see Connector.preflight
    read_alone: ClassVar[bool] = False  # one that was never read and is asked for is read by its id
    tells_deleted: ClassVar[bool] = (
        True  # what was deleted at its source is read like any change; else see sync.deleted
    )
    near: ClassVar[dt.timedelta] = dt.timedelta(0)  # documents of equal amount, no further apart, may be one; 0: none
    near_in: ClassVar[str] = "payments"  # the target's list in which those of equal amount are looked for
    matches: ClassVar[str] = ""  # the target's list whose entries it links one to one, but for parties: View.held_there
    knows: ClassVar[tuple[str, ...]] = ()  # flows of short lists: the planner is shown all their links
    asks_of_posted: ClassVar[bool] = False  # its planner asks for the links of what the posted version named, too
    lays_against_dismissed: ClassVar[bool] = False  # a change that a person dismissed is the base of the next one
    begins_off: ClassVar[bool] = False  # of one that runs as needed: a person turns it on, else it is so from the start

    @property
    def ways(self) -> Ways:
        """What the ledger allows that it writes into or, where that is none, reads from. One of neither asks for none."""
        return LEDGERS.get(self.target_vendor) or LEDGERS.get(self.source_vendor) or XERO

    @property
    def one_kind(self) -> str:
        """The kind of contacts of the target that its parties are among; empty where one may be customer and vendor."""
        ledger = LEDGERS.get(self.target_vendor)
        return self.party_kind if ledger is not None and ledger.one_kind else ""

    @property
    def party_list(self) -> tuple[str, str]:
        """The target's list in which its parties are found, and the one kind of it, empty for all of it."""
        return self.parties, self.one_kind

    @property
    def looked_at(self) -> tuple[str, ...]:
        """What it writes that a target may not be set up for, so that it is looked at before: see Connector.preflight."""
        return self.writes or IN_EDITIONS.get(self.target_vendor, {}).get(self.name, ())

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

    def never_goes(self, document: Document) -> bool:
        """Whether it does not go as it is, whatever any table says: a survey of what goes back leaves it out."""
        return False

    def party_of(self, document: Document) -> str:
        """The source id of the party a document belongs to, for finding twins; empty for none."""
        return ""

    def target_entity(self, document: Document) -> str:
        """What the document is called at the target when a person links it by hand; empty if that cannot be."""
        return ""

    def made_from(self, there: Document) -> str:
        """The source's id that a document of the target bears if it was made from here; empty where none does."""
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

    def days(self, document: Document, settings: Any, ledger: Organisation) -> tuple[dt.date, ...]:
        """The days that the target may have it on, its own and others: twins of one that is ``near`` are looked for there."""
        own = getattr(document, "date", None)
        return (own,) if own is not None else ()

    def amounts(self, document: Document, behind: Collection[tuple[str, str]]) -> tuple[Decimal, ...]:
        """The amounts that twins of one that is ``near`` are looked for over: its own, and of a payment also what it puts on

        each document. ``behind``: which of what it ``looks_back`` at has come through those flows, as (flow, id).
        """
        if isinstance(document, Invoice):
            return (document.total,)
        if not isinstance(document, Payment):
            return ()
        on: dict[str, Decimal] = defaultdict(Decimal)
        for split in document.splits:
            on[split.document.id] += split.amount
        return (document.amount, *on.values())

    def needs_links(self, document: Document, settings: Any) -> tuple[tuple[str, str], ...]:
        """(entity, source id) whose links the planner will ask for; of a document with a party that one's first."""
        return ()

    def looks_back(self, document: Document, settings: Any) -> tuple[tuple[str, str, str], ...]:
        """(flow, entity, id) of what the document stands on at its own source, where that flow has brought it there."""
        return ()

    def looks_up(self, document: Document, settings: Any) -> tuple[tuple[str, str], ...]:
        """(entity, source id) whose links the planner will ask for besides: of what the document names in a list.

        It does not stand on them: what becomes of them later concerns no document that is posted.
        """
        return ()

    def differences(self, mine: Document, theirs: Document, books: Books) -> tuple[str, ...]:
        """In what a record and its counterpart differ, in words, where nothing of it is ever changed; empty in nothing."""
        return ()

    def goes_on(self, document: Document, entity: str) -> bool:
        """Whether something is left to do once a person has linked the document with one of ``entity`` at the target."""
        return self.tracks

    def in_currencies(self, settings: Any) -> bool:
        """Whether its parties are made in the currency of the documents that wait for them: see ``View.asked_in``."""
        return False

    def lets_in(self, document: Document, settings: Any) -> tuple[str, ...]:
        """Codes of ``passed_over_with`` that hold no more of what stands on the document, as that is now."""
        return ()

    @abstractmethod
    def plan(self, view: View) -> Decision:
        """The decision. Pure."""

    def recode(self, view: View) -> Decision:
        """The decision on a posted document that ``view.recoding`` names and that is unchanged else. Pure."""
        return Unchanged()


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
    value. ``skipped_by_settings``: codes of skips that a setting decides; they are looked at again when one changes, and so
    are holds with the codes ``held_by_settings``.
    ``skipped_by_tables``: (mapping table, code) of skips that its rows decide, likewise.
    ``dimension_settings``: settings that name dimensions of the source, or ``dimension_words`` of their own.
    ``account_settings``: settings whose value is the id of an account of the target, or a word of their own.
    ``clearing``: where the source's bank deposits are read, how they meet the target's accounts.
    ``gates``: settings that say what must be known of a document before it goes, their values from strict to loose.
    ``currency_setting``: the setting that says in what amounts are where the source does not.
    ``not_recoded``: why nothing of it can be recoded by its mapping tables, as a sentence; empty where something can.
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
    held_by_settings: tuple[str, ...] = field(default=())
    account_settings: tuple[str, ...] = field(default=())
    dimension_settings: tuple[str, ...] = field(default=())
    dimension_words: tuple[str, ...] = field(default=())
    currency_setting: str = ""
    skipped_by_tables: tuple[tuple[str, str], ...] = field(default=())
    not_possible: tuple[str, ...] = field(default=())
    clearing: Clearing | None = None
    gates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_recoded: str = ""

    def flow(self, name: str) -> FlowType:
        """The flow of that name. Raises KeyError."""
        return {flow.name: flow for flow in self.flows}[name]

    def table(self, name: str) -> TableType:
        """The mapping table of that name. Raises KeyError."""
        return {table.name: table for table in self.tables}[name]
