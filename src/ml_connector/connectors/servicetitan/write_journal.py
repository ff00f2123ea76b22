"""Creating external journal entries. The answer is empty, so each entry is found by its name, which is our reference."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import plain, total
from ml_connector.canonical.purchases import Expense
from ml_connector.connectors.base import Session
from ml_connector.connectors.servicetitan import resources
from ml_connector.connectors.servicetitan.client import Client, Resource
from ml_connector.connectors.servicetitan.compose_money import moved
from ml_connector.connectors.servicetitan.errors import WITHDRAWN, UnexpectedShape
from ml_connector.connectors.servicetitan.payloads import Payload
from ml_connector.connectors.servicetitan.sending import read_after, read_before, sent
from ml_connector.connectors.servicetitan.translate import Unreadable, date, understood
from ml_connector.connectors.writing import Done, Later, Outcome, Step, Uncertain
from ml_connector.errors import NotFound
from ml_connector.transport.errors import NotPermitted
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


class _Account(Payload, frozen=True):
    id: int | str


class _Sum(Payload, frozen=True):
    account: _Account
    debit: Decimal
    credit: Decimal


async def write(session: Session, step: Step) -> Outcome:
    """Create the step's entry, unless one of its name is there: names may repeat, so only we keep it from being made twice.

    Raises LeaseLost.
    """
    client = Client(session)
    there = await read_before(_there(client, step))
    if isinstance(there, Later):
        return there
    if there:
        return _proven(step, there)
    answer = await sent(session, Request("POST", path(client), body=step.body), what=WHAT, scope=RIGHT)
    if not isinstance(answer, Answer):
        return answer
    found = await read_after(_named(client, step))
    if isinstance(found, Uncertain):
        return found
    return _proven(step, found) if found else Uncertain("ServiceTitan took the journal entry and does not show it yet.")


async def _there(client: Client, step: Step) -> list[tuple[Expense, bytes]]:
    """Entries of the step's name before it is sent. Raises NotPermitted where the API has no such list (any more)."""
    try:
        return await _named(client, step)
    except NotFound as error:
        raise NotPermitted(WITHDRAWN.format(what=WHAT)) from error


def _proven(step: Step, found: Sequence[tuple[Expense, bytes]]) -> Outcome:
    if len(found) != 1:
        return Uncertain(f"ServiceTitan shows {len(found)} journal entries of the name {step.reference}.")
    [(shown, raw)] = found
    if shown.total != step.total:
        return Uncertain(f"ServiceTitan shows journal entry {shown.id} over {shown.total}.")
    return Done(shown.id, shown, raw)


def path(client: Client) -> str:
    """Where entries are created."""
    return client.path("accounting", "journal-entries")


async def find(session: Session, step: Step) -> Sequence[Document]:
    """The entries whose name is our reference. Raises transport.errors."""
    return [shown for shown, _ in await _named(Client(session), step)]


async def _named(client: Client, step: Step) -> list[tuple[Expense, bytes]]:
    """With their rows. The filter finds names that contain the text; those of equal name are told apart by no other sign.

    Raises UnexpectedShape when a row's name does not contain it: the filter was not obeyed, so absence proves nothing.
    """
    rows = await _all(client, resources.JOURNAL_ENTRIES, ("name", step.reference), ("sort", "+Id"))
    try:
        entries = [(understood(raw, _Entry), raw) for raw in rows]
        if any(step.reference.casefold() not in (one.name or "").casefold() for one, _ in entries):
            raise UnexpectedShape(
                "ServiceTitan's list journal-entries shows others than those with the name asked for."
            )
        return [(await _shown(client, one), raw) for one, raw in entries if one.name == step.reference]
    except Unreadable as error:
        raise UnexpectedShape(f"ServiceTitan shows a journal entry in a way that cannot be read: {error}.") from error


async def _all(client: Client, place: Resource, *asked: tuple[str, str]) -> list[bytes]:
    """The rows of every page."""
    number, found = 0, list[bytes]()
    while True:
        number += 1
        listing = await client.page(place, (*asked, _PAGE, ("page", str(number))))
        found += listing.rows
        if not listing.more or not listing.rows:
            return found


async def _shown(client: Client, entry: _Entry) -> Expense:
    """An entry with what it moves in all. Raises UnexpectedShape where it does not balance."""
    place = resources.JOURNAL_ENTRIES
    summary = Resource(place.module, f"{place.path}/{entry.id}/summary", place.scope)
    sums = [understood(raw, _Sum) for raw in await _all(client, summary)]
    if total(one.debit for one in sums) != total(one.credit for one in sums):
        raise UnexpectedShape(f"ServiceTitan shows journal entry {entry.id} with debits and credits that differ.")
    moves = moved((str(one.account.id), one.debit - one.credit) for one in sums)
    return Expense(
        entry.id, plain(moves), date=date(entry.post_date, "postDate"), reference=entry.name or "", status=entry.status or "",
        complete=False, stamp=entry.modified_on or "",
    )  # fmt: skip
