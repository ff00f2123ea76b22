"""Reading customers together with their contacts.

A changed contact does not move its customer, so there are two legs: customers whose own fields changed (not their
balance, which every payment moves), and the feed of contacts, of which the customers are read again. Contacts come in
bulk, those of 50 customers a call.

Option of a reading: ``further_contacts`` ("add"), with which a customer has his further e-mail addresses, too, and of the
memo of each what is short enough to be a name. Nothing else of any memo is kept. Who has any is told by another text than
without the option, so that he is a new version once it is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from ml_connector.connectors.reading import UNIDENTIFIED, Page, Reading, Row
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan import resources
from ml_connector.connectors.servicetitan.client import IDS_A_CALL, NOTES, Client
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.streams import Leg, Stream
from ml_connector.connectors.servicetitan.translate import Unreadable, one_text, understood, unread
from ml_connector.connectors.servicetitan.translate_customers import customer
from ml_connector.connectors.servicetitan.walks import Walk, newest, row_id

# What money does to a customer is no change of the customer.
_MONEY = frozenset(["balance", "creditLimitBalance"])
NO_MONEY = ("excludeAccountingChangesFromModifiedDateRange", "true")


async def read(client: Client, settings: Settings, reading: Reading) -> AsyncIterator[Page]:
    """Pages of customers; see the module's docstring."""
    joined = Customers(client, settings, further=reading.options.get("further_contacts") == "add")
    if reading.ids:
        yield Page(await joined.by_ids(reading.ids), reading.cursor or b"", last=True)
        return
    asked = settings.external_data
    legs = (
        Leg("customers", resources.CUSTOMERS, joined.rows, listed=True, query=(NO_MONEY, *asked), by_stamp=asked),
        Leg("contacts", resources.CONTACT_FEED, joined.of_contacts, follows=True),
    )
    async for page in Stream(client, settings, legs, reading).pages():
        yield page


class Customers:
    """Brings customers and their contacts together; ``further`` tells each e-mail address."""

    def __init__(self, client: Client, settings: Settings, *, further: bool = False) -> None:
        self._client, self._settings, self._further = client, settings, further

    async def by_ids(self, ids: Iterable[str]) -> tuple[Row, ...]:
        """The customers with these ids, those that exist."""
        raws = await self._client.by_ids(resources.CUSTOMERS, ids, *self._settings.external_data)
        return await self.rows(raws)

    async def rows(self, raws: Sequence[bytes]) -> tuple[Row, ...]:
        """Customers as listed, completed with their contacts."""
        return await self._rows(raws, {})

    async def of_contacts(self, raws: Sequence[bytes]) -> tuple[Row, ...]:
        """The customers of changed contacts. Their stamp counts those that are gone, too."""
        stamps: dict[str, list[str]] = defaultdict(list)
        problems: list[Row] = []
        for raw in raws:
            try:
                contact = understood(raw, payloads.Contact)
            except Unreadable as error:
                problems.append(_unread_contact(raw, str(error)))
                continue
            if contact.customer_id:
                stamps[str(contact.customer_id)].append(contact.modified_on or "")
        found = await self._client.by_ids(resources.CUSTOMERS, stamps, *self._settings.external_data)
        changed = {id: newest(*all) for id, all in stamps.items()}
        return (*await self._rows(found, changed), *problems)

    async def contacts(self, ids: Iterable[str]) -> dict[str, list[bytes]]:
        """The contacts of customers as the vendor shows them, by customer. Raises Unsettled."""
        wanted = sorted(set(ids))
        place = resources.NOTED_CONTACTS if self._further else resources.CONTACTS
        found: dict[str, list[bytes]] = defaultdict(list)
        for first in range(0, len(wanted), IDS_A_CALL):
            asked = ("customerIds", ",".join(wanted[first : first + IDS_A_CALL]))
            listing = await Walk(self._client, place, self._settings.page_size, (asked,)).settled()
            for raw in sorted(listing.rows):
                found[_owner(raw)].append(raw)
        return found

    async def _rows(self, raws: Sequence[bytes], changed: Mapping[str, str]) -> tuple[Row, ...]:
        contacts = await self.contacts(filter(None, map(row_id, raws)))
        return tuple(
            _row(raw, contacts.get(row_id(raw), []), changed.get(row_id(raw), ""), self._further) for raw in raws
        )


def _row(raw: bytes, contacts: Sequence[bytes], changed: str, further: bool) -> Row:
    try:
        known = [understood(one, payloads.Contact) for one in contacts]
        document = customer(understood(raw, payloads.Customer), known, changed=changed, further=further)
    except (ValueError, ArithmeticError) as error:
        return unread("customer", raw, str(error))
    named = {one.id for one in document.persons if one.first_name}
    told = [not further or str(one.id) in named for one in known]
    texts = [one_text(one, () if whole else NOTES) for one, whole in zip(contacts, told, strict=True)]
    more = b',"further":true' if document.persons else b""
    both = b'{"customer":' + one_text(raw, _MONEY) + b',"contacts":[' + b",".join(texts) + b"]" + more + b"}"
    return Row(document.id, both, document, document.stamp)


def _unread_contact(raw: bytes, why: str) -> Row:
    """Its customer cannot be told; the row must not be taken for the customer that has the contact's id."""
    return unread("customer contact", raw, why, f"{UNIDENTIFIED}contact-{row_id(raw) or 'without-id'}")


def _owner(raw: bytes) -> str:
    try:
        return str(understood(raw, payloads.Contact).customer_id or "")
    except Unreadable:
        return ""
