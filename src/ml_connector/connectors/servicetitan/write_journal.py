"""Creating external journal entries. The answer is empty, so each entry is found by its name, which is our reference."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import ZERO, plain, total
from ml_connector.canonical.purchases import Expense
from ml_connector.connectors.base import Session
from ml_connector.connectors.servicetitan import resources
from ml_connector.connectors.servicetitan.client import Client, Resource
from ml_connector.connectors.servicetitan.errors import UnexpectedShape
from ml_connector.connectors.servicetitan.payloads import Payload
from ml_connector.connectors.servicetitan.sending import read_after, sent
from ml_connector.connectors.servicetitan.translate import date, understood
from ml_connector.connectors.writing import Done, Outcome, Step, Uncertain
from ml_connector.transport.messages import Answer, Request

RIGHT = "tn.acc.journalentries:w"
WHAT = "the journal entry"
_PAGE = ("pageSize", "500")  # the most that these lists give


class _Entry(Payload, frozen=True):
    id: str
    name: str | None = None
    status: str | None = None
    post_date: str | None = None
    modified_on: str | None = None


class _Sum(Payload, frozen=True):
    debit: Decimal
    credit: Decimal


async def write(session: Session, step: Step) -> Outcome:
    """Create the step's entry. Raises LeaseLost."""
    client = Client(session)
    answer = await sent(session, Request("POST", path(client), body=step.body), what=WHAT, scope=RIGHT)
    if not isinstance(answer, Answer):
        return answer
    found = await read_after(_named(client, step))
    if isinstance(found, Uncertain):
        return found
    if len(found) != 1:
        seen = "does not show it yet" if not found else f"shows {len(found)} of its name"
        return Uncertain(f"ServiceTitan took the journal entry and {seen}.")
    [(shown, raw)] = found
    if shown.total != abs(step.total):
        return Uncertain(f"ServiceTitan shows journal entry {shown.id} over {shown.total}.")
    return Done(shown.id, shown, raw)


def path(client: Client) -> str:
    """Where entries are created."""
    return client.path("accounting", "journal-entries")


async def find(session: Session, step: Step) -> Sequence[Document]:
    """The entries whose name is our reference. Raises transport.errors."""
    return [shown for shown, _ in await _named(Client(session), step)]


async def _named(client: Client, step: Step) -> list[tuple[Expense, bytes]]:
    """With their rows. The filter finds names that contain the text; those of equal name are told apart by no other sign."""
    listing = await client.page(resources.JOURNAL_ENTRIES, (("name", step.reference), _PAGE))
    entries = [(understood(raw, _Entry), raw) for raw in listing.rows]
    return [(await _shown(client, one), raw) for one, raw in entries if one.name == step.reference]


async def _shown(client: Client, entry: _Entry) -> Expense:
    """An entry with what its accounts are debited in all. Raises UnexpectedShape where it does not balance."""
    place = resources.JOURNAL_ENTRIES
    summary = Resource(place.module, f"{place.path}/{entry.id}/summary", place.scope)
    sums = [understood(raw, _Sum) for raw in (await client.page(summary, (_PAGE,))).rows]
    debit = total(one.debit for one in sums)
    if debit != total(one.credit for one in sums) or debit < ZERO:
        raise UnexpectedShape(f"ServiceTitan shows journal entry {entry.id} with debits and credits that differ.")
    return Expense(
        entry.id, plain(debit), date=date(entry.post_date, "postDate"), reference=entry.name or "", status=entry.status or "",
        complete=False, stamp=entry.modified_on or "",
    )  # fmt: skip
