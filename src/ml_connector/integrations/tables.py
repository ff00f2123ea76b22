"""What a mapping table is: its keys and values, and what of both can be right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ml_connector.canonical.called import label
from ml_connector.canonical.documents import Document

_ENTRIES = {
    "accounts": "account", "tax_codes": "tax", "dimensions": "tag option or location", "parties": "vendor",
    "items": "item",
    "legal_entities": "legal entity", "payment_terms": "payment term", "payment_types": "payment type",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableType:
    """A mapping table: what its keys and values are, in words; ``source_entity``/``target_entity`` feed suggestions.

    Subclasses say which keys documents show, and which values can be right.
    """

    name: str
    key_words: str
    value_words: str
    source_entity: str
    target_entity: str
    special: tuple[str, ...] = ()  # values that are no ids: "cost", "new", "none" ...
    fixed_keys: tuple[str, ...] = ()  # keys of our own, for what the source leaves unsaid: "(none)" ...
    seldom: bool = False  # what has no row goes by itself; a person fills one only where something waits for it
    not_with: tuple[tuple[str, str], ...] = ()  # (setting, value) under which nothing looks into it
    not_with_there: tuple[tuple[str, str], ...] = ()  # the same, of settings of the connection that is written
    holds_with: tuple[tuple[str, str], ...] = ()  # of a seldom one: (setting, value) under which what has no row waits
    linked_by: str = ""  # the flow whose links stand for rows; then what has neither waits, and nothing goes by itself
    back: bool = False  # of what goes back: its keys are the ledger's, its values ids of the integration's source
    passes_over: str = ""  # a value: a document with a key of it is passed over, whatever its other keys have

    def under(self, settings: Mapping[str, object]) -> TableType:
        """The table as it is under the settings of an integration, where these say what its values can be."""
        return self

    @property
    def target_lists(self) -> tuple[str, ...]:
        """The target's entities whose ids its values may name."""
        return (self.target_entity,) if self.target_entity else ()

    def listed_key(self, entry: Document) -> str:
        """The key of an entry of the source's list."""
        return entry.id

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        """(key, name) for each use of the table that a document of a flow shows."""
        return ()

    def tried(self, key: str, document: Document) -> tuple[str, ...]:
        """For a key that a document shows the keys under which its row is looked for; the first that is filled counts."""
        return (key,)

    def looked_up(self, document: Document) -> dict[str, tuple[str, ...]]:
        """By each key that a document shows the keys under which its planner looks for a row, in that order."""
        return {key: self.tried(key, document) for key, _ in self.shown_keys(document) if key}

    def listed_there(self, entries: Iterable[Document]) -> frozenset[str]:
        """The keys that need no row, since the target's list, given whole, has the one entry that each stands for."""
        return frozenset()

    def freed_by(self, key: str) -> tuple[str, ...]:
        """The keys under which documents wait that a row of this key may free."""
        return (key,)

    def shown_by(self, key: str) -> tuple[str, ...]:
        """The keys of which one at least is shown somewhere where a row of this key can mean something."""
        return self.freed_by(key)

    def entry_word(self, entity: str) -> str:
        """What a person calls an entry of one of the target's lists."""
        return _ENTRIES.get(entity, entity.replace("_", " "))

    def names(self, value: str) -> tuple[tuple[str, str], ...]:
        """(entity, id) of everything of the target that a value names. Raises ValueError with what is wrong with it."""
        return ((self.target_entity, value),) if self.target_entity and value not in self.special else ()

    def written(self, value: str) -> tuple[tuple[str, str], ...]:
        """(entity, id, number or name) of what a person's value names, as far as it can be read."""
        try:
            return self.names(value)
        except ValueError:
            return ()

    def not_chosen(self, entry: Document) -> str:
        """Why no value may name an entry of the target; empty where one may."""
        if not getattr(entry, "active", True):
            return "archived or inactive in the ledger"
        return "" if getattr(entry, "postable", True) else "takes no document lines"

    def unfit(self, value: str, entry: Document, key: str = "") -> str:
        """Why a value that names ``entry`` of the target cannot be right, for a key if one is given; empty where it can."""
        return ""

    def doubt(self, entry: Document, until: dt.date) -> str:
        """Why documents dated up to ``until`` will wait that are mapped to ``entry``, as it is now; empty where none will."""
        why, name = self.not_chosen(entry), label(entry) or str(getattr(entry, "id", ""))
        return f"{name} cannot be used ({why}): what is mapped to it waits until it can" if why else ""

    def value_for(self, target_id: str, entity: str = "") -> str:
        """The value that names one entry of the target (of the table's own list, unless ``entity`` names another)."""
        return target_id

    def offered(self, entry: Document, entity: str = "") -> tuple[str, str]:
        """The value by which an entry may be chosen, and what is to be known of it."""
        return self.value_for(entry.id, entity), ""

    def with_id(self, value: str, entity: str, named: str, target_id: str) -> str:
        """The value with the id in place of the number or name by which it names an entry of ``entity``."""
        return target_id if value == named else value

    def evidence(self, entry: Document | None, there: Document) -> str:
        """What else speaks for or against an entry of the source and one of the target being one, in words; or empty."""
        return ""

    def speaks(self, entry: Document | None, there: Document) -> bool:
        """Whether that alone makes the target's entry worth suggesting; it is no proof."""
        return False

    def bears(self, shown: str, there: Document) -> bool:
        """Whether an entry of the target bears in its name what a key is shown as, a number; it is no proof."""
        return False

    @property
    def by_id(self) -> bool:
        """Whether its keys are the source's ids; documents may name what it is about by another word."""
        return True

    @property
    def of_people(self) -> bool:
        """Whether its keys are customers or vendors: what they are called is kept with their documents alone."""
        return self.target_entity == "parties"

    @property
    def decided(self) -> bool:
        """Whether a person decides each value, whatever its entry is called: then no likeness is proof."""
        return False
