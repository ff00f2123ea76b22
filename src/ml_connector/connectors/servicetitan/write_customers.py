"""Creating and changing customers with their e-mail and phone.

A create is one call: customer, location and contacts, and its answer shows all of them. A change takes several, since
contacts are records of their own: the customer first, then each contact that is shown otherwise. Contacts are only
changed or added, never removed. Once one of the calls was taken, whatever the others say is left to a look-up, which
sends the change again until the customer shows all of it. Before it he is read: an answer that shows no customer says
nothing of the change, which is tried again.

Contacts are seen in lists alone, which lag, while the customer's own reading shows him at once. So no contact is added to
a customer that was changed less than the lag ago: it may be there already. Whether it is, a look-up tells later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.money import plain
from ml_connector.connectors.base import Session
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan import errors, read_customers, resources
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.limits import LIST_LAG, vendor_time
from ml_connector.connectors.servicetitan.proof import difference, same_contact, same_place, wanted
from ml_connector.connectors.servicetitan.read_customers import Customers
from ml_connector.connectors.servicetitan.sending import read_before, sent
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.translate import Unreadable, address, understood
from ml_connector.connectors.servicetitan.translate_customers import EMAIL, EMAILS, PHONES, customer, shown
from ml_connector.connectors.servicetitan.walks import EPOCH, Walk, key, row_id
from ml_connector.connectors.writing import (
    AFTER_UNREAD,
    Action,
    Done,
    Later,
    Outcome,
    Rejected,
    Step,
    Uncertain,
    Unread,
)
from ml_connector.transport.messages import Answer, Request

RIGHT = "tn.crm.customers:w"
_encoder = msgspec.json.Encoder(decimal_format="number")


class _Created(payloads.Customer, frozen=True):
    """The answer to a create: the customer, and the contacts made with it."""

    contacts: tuple[payloads.Contact, ...] | None = None


async def write(session: Session, step: Step) -> Outcome:
    """Create or change the step's customer. Raises LeaseLost."""
    if step.action is Action.CREATE:
        return await _create(session, step)
    try:
        known = await read_before(_current(Client(session), step.target_id))
    except Unreadable as error:
        why = f"ServiceTitan's customer {step.target_id} could not be read: {error}; his change is tried again"
        return Unread(why, AFTER_UNREAD, said=str(error))
    if known is None:
        said = f"ServiceTitan knows no customer {step.target_id}."
        return Rejected("404", said, "Look whether the customer was deleted or merged in ServiceTitan, and replay.")
    return known if isinstance(known, Later) else await _Change(session, step, known).write()


async def _create(session: Session, step: Step) -> Outcome:
    request = Request("POST", Client(session).path("crm", "customers"), body=step.body)
    answer = await sent(session, request, what="the customer", scope=RIGHT)
    if not isinstance(answer, Answer):
        return answer
    try:
        created = understood(answer.body, _Created)
    except Unreadable as error:
        return Uncertain(f"ServiceTitan answered the customer with 200 and not as documented: {error}.")
    return _proven(step, customer(created, created.contacts or ()), answer.body)


def _proven(step: Step, document: Party, raw: bytes) -> Outcome:
    """Whether the API takes ``active`` is contradicted by an older document: where it does not, that counts as refused."""
    asked = {name: value for name, value in wanted(step).items() if name != "active"}
    if step.action is Action.SET_STATUS:
        asked["name"] = step.number
        if document.active != wanted(step).get("active"):
            shown = "active" if document.active else "inactive"
            said = f"ServiceTitan took the change, and shows the customer as {shown} all the same."
            return Rejected("active", said, "Change it in ServiceTitan itself.")
    if found := difference(asked, document, step.reference):
        return Uncertain(f"ServiceTitan shows customer {document.id} with {found}.")
    return Done(document.id, document, raw)


@dataclass(frozen=True, slots=True)
class _Known:
    """A customer and his contacts as they are before a change; ``age`` since his last one, by the vendor's clock."""

    customer: payloads.Customer
    contacts: tuple[payloads.Contact, ...]
    age: dt.timedelta


async def _current(client: Client, id: str) -> _Known | None:
    """None where ServiceTitan knows no such customer. Raises transport.errors, and Unreadable."""
    answer = await client.session.send(Request.get(client.path("crm", f"customers/{id}")))
    if answer.status == 404:
        return None
    if answer.status != 200:
        errors.refuse(answer, what=f"customer {id}", tenant=client.tenant, scope=resources.CUSTOMERS.scope)
    shown = understood(answer.body, payloads.Customer)
    contacts = await Customers(client, Settings.of(client.session.settings)).contacts([id])
    known = tuple(understood(raw, payloads.Contact) for raw in contacts.get(id, []))
    changed = key(shown.modified_on or "")
    return _Known(shown, known, vendor_time(answer) - (changed.second if changed else EPOCH))


class _Change:
    """One change: the calls it takes, and what they have proven so far."""

    def __init__(self, session: Session, step: Step, known: _Known) -> None:
        self._session, self._step, self._known = session, step, known
        self._client, self._settings = Client(session), Settings.of(session.settings)
        self._taken = False

    async def write(self) -> Outcome:
        """All calls in turn, up to the first that is not taken."""
        asked = wanted(self._step)
        contacts = asked.pop("contacts", [])
        stopped = self._merged() or self._owing(asked) or self._moved(asked)
        if stopped is not None:
            return stopped
        answer = await self._call("PATCH", "", _encoder.encode(self._with_coordinates(asked)))
        if not isinstance(answer, Answer):
            return answer
        for contact in contacts:
            outcome = await self._contact(contact)
            if outcome is not None:
                return outcome
        try:
            changed = understood(answer.body, payloads.Customer)
        except Unreadable as error:
            return Uncertain(f"ServiceTitan answered the customer with 200 and not as documented: {error}.")
        return _proven(self._step, customer(changed, self._known.contacts), answer.body)

    def _merged(self) -> Outcome | None:
        into = self._known.customer.merged_to_id
        if not into:
            return None
        said = f"ServiceTitan has merged customer {self._step.target_id} into customer {into}."
        return Rejected("merged", said, "Link the customer that is left, and replay.")

    def _owing(self, asked: dict[str, Any]) -> Outcome | None:
        """Nobody who owes anything, or has a credit, is made inactive; a vendor's balance ServiceTitan does not tell."""
        if asked.get("active") is not False or not self._known.customer.balance:
            return None
        said = f"ServiceTitan shows a balance of {plain(self._known.customer.balance)} of the customer."
        return Rejected("open", said, "Settle it there.")

    def _moved(self, asked: dict[str, Any]) -> Outcome | None:
        """A changed address waits where there is no place on the map to send with it, or nobody may send the old one's."""
        here = address(self._known.customer.address or payloads.CustomerAddress())
        there = Party(id="", kind="customer", name=str(asked.get("name", "")), address=here)
        if not asked.get("address") or not difference({"address": asked["address"]}, there):
            return None
        if self._place and (self._settings.keep_coordinates or same_place(asked, there)):
            return None
        said = (
            f"Customer {self._step.target_id} has another address in ServiceTitan, which takes a new one with its place"
        )
        known = "" if self._place else "; it knows no place of this customer"
        return Rejected(
            "address", f"{said}{known}.", "Change the address in ServiceTitan itself, then replay the record."
        )

    @property
    def _place(self) -> dict[str, Any]:
        """Where ServiceTitan has the customer on the map; empty where it has no place for him."""
        here = self._known.customer.address or payloads.CustomerAddress()
        if here.latitude is None or here.longitude is None:
            return {}
        return {"latitude": here.latitude, "longitude": here.longitude}

    def _with_coordinates(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The address with its place; without one it is left out, being the same: 0 and 0 is a place in the ocean."""
        if not asked.get("address"):
            return asked
        if not self._place:
            return {name: value for name, value in asked.items() if name != "address"}
        return {**asked, "address": {**asked["address"], **self._place}}

    async def _contact(self, asked: dict[str, str]) -> Outcome | None:
        """Bring the contact that stands for e-mail or phone to what is asked; None when it shows that."""
        kinds = EMAILS if asked["type"] == EMAIL else PHONES
        now = shown(self._known.contacts, kinds)
        if now is not None and same_contact(asked["type"], now.value, asked["value"]):
            return None
        if now is None and self._known.age < LIST_LAG:
            said = f"ServiceTitan's customer {self._step.target_id} was changed a moment ago"
            return Uncertain(f"{said}, and whether he has the {asked['type']} is not shown yet.")
        if now is None:
            answer = await self._call("POST", "/contacts", msgspec.json.encode(asked))
        else:
            body = msgspec.json.encode({"type": now.type, "value": asked["value"]})
            answer = await self._call("PATCH", f"/contacts/{now.id}", body)
        if not isinstance(answer, Answer):
            return answer
        try:
            self._note(understood(answer.body, payloads.Contact))
        except Unreadable as error:
            return Uncertain(f"ServiceTitan answered the contact with 200 and not as documented: {error}.")
        return None

    def _note(self, contact: payloads.Contact) -> None:
        others = tuple(one for one in self._known.contacts if one.id != contact.id)
        self._known = replace(self._known, contacts=(*others, contact))

    async def _call(self, method: str, below: str, body: bytes) -> Answer | Outcome:
        path = self._client.path("crm", f"customers/{self._step.target_id}{below}")
        what = "the customer's contact" if below else "the customer"
        answer = await sent(self._session, Request(method, path, body=body), what=what, scope=RIGHT)
        if self._taken and not isinstance(answer, Answer):
            return Uncertain(f"ServiceTitan took a part of the change only: {_words(answer)}")
        self._taken = isinstance(answer, Answer)
        return answer


def _words(outcome: Outcome) -> str:
    return getattr(outcome, "sentence", "") or getattr(outcome, "why", "")


async def find(session: Session, step: Step) -> Sequence[Document]:
    """Customers that may be the step's result: by id and as asked for, by our reference, else by name and address.

    Raises transport.errors, Unsettled, and UnexpectedShape where the look-up by reference is not obeyed.
    """
    client, settings = Client(session), Settings.of(session.settings)
    asked = wanted(step)
    if step.target_id:
        return [one for one in await _read(session, [step.target_id]) if not difference(asked, one)]
    if settings.application_guid:
        raws = await client.by_reference(resources.CUSTOMERS, settings.application_guid, step.reference)
        return await _read(session, [row_id(raw) for raw in raws])
    named = Walk(client, resources.CUSTOMERS, settings.page_size, (("name", str(asked.get("name", ""))),))
    listing = await named.settled()
    return [one for one in await _read(session, list(map(row_id, listing.rows))) if same_place(asked, one)]


async def _read(session: Session, ids: Sequence[str]) -> list[Party]:
    """Customers in full detail, with their contacts and our reference."""
    if not ids:
        return []
    client, settings = Client(session), Settings.of(session.settings)
    pages = read_customers.read(client, settings, Reading("customers", ids=tuple(ids)))
    return [row.document async for page in pages for row in page.rows if isinstance(row.document, Party)]
