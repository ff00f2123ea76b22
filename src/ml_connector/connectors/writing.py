"""What is written at a target: one step, what its answer proves, and the payload it is composed of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.errors import Acts

AFTER_UNREAD = 300.0  # clock seconds until a document that could not be read before its change is asked for again

STATUS_REFUSED = "status_refused"  # the reason of a refusal to set a party active or inactive; it is tried again daily


class Action(StrEnum):
    """What a step does at the target."""

    CREATE = "create"
    UPDATE = "update"
    VOID = "void"
    SET_STATUS = "set status"  # of a party: active or inactive, by a call of its own
    MARK_EXPORTED = "mark exported"


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One write, complete: the same bytes are shown in preview, stored in the intent and sent.

    One exception: a connector may add what the target holds already and would drop if it were left out, and nothing else,
    as Xero's contact persons, or what people have entered on lines that Zoho Books replaces, also in the place of a default
    that the connection's settings give. It is read just before it is sent, and stands in the exchange alone.

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
    """The target proved it: its id, what it now shows, and its raw answer.

    ``also`` are documents (by entity) that it has changed besides and that were read for it, such as an applied credit.
    """

    target_id: str
    document: Document
    raw: bytes
    also: tuple[tuple[str, Document], ...] = ()


class Awaited(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry of the target's lists that a refusal named: by its number as it was sent, or by its id."""

    entity: str
    number: str = ""
    id: str = ""


class Rejected(msgspec.Struct, frozen=True, tag="rejected"):
    """The target said no and changed nothing. ``code`` is the vendor's; ``sentence`` and ``action`` for a bookkeeper.

    ``reason`` is one of our reason codes (period_closed, duplicate_number, inactive_account ...) or "rejected". ``awaits``:
    what the target does not know; once its lists show it the document goes again without a person.
    """

    code: str
    sentence: str
    action: str = ""
    reason: str = "rejected"
    acts: Acts = Acts.BOOKKEEPER
    raw: bytes = b""
    awaits: tuple[Awaited, ...] = ()


class PartyUnread(Rejected, frozen=True, tag="party unread"):
    """Refused, perhaps for its party, whose own page could not be read; ``said`` is what was wrong with that.

    It waits for the page (``sync/contact_unread``), and for no person.
    """

    party_id: str = ""
    said: str = ""


class Later(msgspec.Struct, frozen=True, tag="later"):
    """Provably not done; may be sent again after ``seconds``.

    ``forbidden``: the vendor does not let this connection do such a thing. Its flow waits for a person; others go on.
    Of what goes in several parts, those taken in before it stay, and only the others are sent again.
    ``about`` is the part of ``why`` that names the document, so that of many the same is told once.
    """

    why: str
    seconds: float = 0.0
    forbidden: bool = False
    about: str = ""


class Unread(Later, frozen=True, tag="unread"):
    """It did not leave: what it would change is there and could not be read; ``said`` is what was wrong with it.

    It concerns this one document: the others of the lane go on. Tried so often for so long, it is held (``sync/unread``).
    """

    said: str = ""


class Uncertain(msgspec.Struct, frozen=True, tag="uncertain"):
    """It may have been done: only a look-up tells."""

    why: str


Outcome = Done | Rejected | Later | Uncertain


class Partly(msgspec.Struct, frozen=True, tag="partly"):
    """A look-up found so many ``parts`` of what goes in several; only the others are sent again."""

    parts: int


#: What a look-up finds of a step.
Found = Sequence[Document] | Rejected | Partly


class Composed(msgspec.Struct, frozen=True):
    """A native payload and the total the target's own arithmetic will give it (document currency)."""

    body: bytes
    total: Decimal
    notes: tuple[str, ...] = ()  # visible changes, e.g. "description of line 3 was cut at 2,000 characters"
