"""What is read at a vendor: rows, pages of them, and what is asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from ml_connector.canonical.documents import Document

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


class OpenItem(msgspec.Struct, frozen=True):
    """What a customer owes now, or is owed (negative), in ``currency`` (empty: the company's).

    ``kind`` is invoice, credit, or unapplied for a customer's money and credits that are on nothing; the last has the
    customer's id, and no date where the vendor tells only what they come to. ``posted``: it is in the books.
    """

    kind: str
    id: str
    party_id: str
    party: str
    balance: Decimal
    number: str = ""
    date: dt.date | None = None
    currency: str = ""
    posted: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """What to read: changes after ``cursor`` (None = from the beginning, or from ``since``), or the named ``ids``.

    ``options`` are the flow's choices the vendor needs to know (documented by each connector). ``bare``: it is enough to know
    which documents there are, so lists are read alone, however little they show; the walk is ``complete`` when it saw every
    live document dated on or after ``since``.
    """

    entity: str
    cursor: bytes | None = None
    since: dt.date | None = None
    ids: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """How much a reading from the beginning is: ``rows`` of the list, and the ``calls`` that reading them takes.

    ``exact`` False: the list is longer than was counted.
    """

    rows: int
    calls: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Readable:
    """That an entity can be read, with the rights it needs. ``incremental``: changes can be asked for; else always all.

    ``stamped``: rows carry a modification stamp that orders versions of one document.
    """

    entity: str
    scopes: tuple[str, ...]
    incremental: bool
    stamped: bool = True
