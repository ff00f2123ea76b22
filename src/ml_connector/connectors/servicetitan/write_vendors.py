"""Creating and changing vendors. ServiceTitan answers with the id alone, so each vendor is read back.

There is no filter by name: without an application GUID a vendor that may have been created is looked for among all.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.connectors.base import Session
from ml_connector.connectors.servicetitan import errors, payloads, resources
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.proof import difference, same_place, wanted
from ml_connector.connectors.servicetitan.sending import read_after, sent
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.translate import Unreadable, understood, vendor
from ml_connector.connectors.servicetitan.walks import Walk
from ml_connector.connectors.writing import Action, Done, Outcome, Step, Uncertain
from ml_connector.transport.messages import Answer, Request

RIGHT = "tn.inv.vendors:w"


class _Written(msgspec.Struct):
    id: int


async def write(session: Session, step: Step) -> Outcome:
    """Create or change the step's vendor. Raises LeaseLost."""
    client = Client(session)
    path = "vendors" if step.action is Action.CREATE else f"vendors/{step.target_id}"
    method = "POST" if step.action is Action.CREATE else "PATCH"
    request = Request(method, client.path("inventory", path), body=step.body)
    answer = await sent(session, request, what="the vendor", scope=RIGHT)
    if not isinstance(answer, Answer):
        return answer
    try:
        id = msgspec.json.decode(answer.body, type=_Written).id
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Uncertain(f"ServiceTitan answered the vendor with 200 and not as documented: {error}.")
    shown = await read_after(_by_id(client, str(id)))
    return shown if isinstance(shown, Uncertain) else _proven(step, str(id), shown)


async def _by_id(client: Client, id: str) -> bytes:
    """The vendor's text, read by its id, which lags less than a list. Raises transport.errors, NotFound."""
    guid = Settings.of(client.session.settings).external_data
    answer = await client.session.send(Request.get(client.path("inventory", f"vendors/{id}"), *guid))
    if answer.status != 200:
        errors.refuse(answer, what=f"vendor {id}", tenant=client.tenant, scope=resources.VENDORS.scope)
    return answer.body


def _proven(step: Step, id: str, raw: bytes) -> Outcome:
    try:
        document = vendor(understood(raw, payloads.Vendor))
    except Unreadable as error:
        return Uncertain(f"ServiceTitan took vendor {id} and shows it in a way that cannot be read: {error}.")
    if found := difference(wanted(step), document, step.reference):
        return Uncertain(f"ServiceTitan shows vendor {id} with {found}.")
    return Done(id, document, raw)


async def find(session: Session, step: Step) -> Sequence[Document]:
    """Vendors that may be the step's result: by id and as asked for, by our reference, else by name and address.

    Raises transport.errors, Unsettled, and UnexpectedShape where the look-up by reference is not obeyed.
    """
    client, settings = Client(session), Settings.of(session.settings)
    if step.target_id:
        found = _understood(await client.by_ids(resources.VENDORS, [step.target_id], *settings.external_data))
        return [one for one in found if not difference(wanted(step), one)]
    if settings.application_guid:
        return _understood(await client.by_reference(resources.VENDORS, settings.application_guid, step.reference))
    listing = await Walk(client, resources.VENDORS, settings.page_size).settled()
    return [one for one in _understood(listing.rows) if same_place(wanted(step), one)]


def _understood(raws: Sequence[bytes]) -> list[Party]:
    found: list[Party] = []
    for raw in raws:
        try:
            found.append(vendor(understood(raw, payloads.Vendor)))
        except Unreadable:  # a vendor of another making; ours can be read
            continue
    return found
