"""Creating customer payments. The answer shows no amount, so each payment is read back; a lost one is found by its memo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.base import Session
from ml_connector.connectors.servicetitan import payloads_sales, resources
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.compose_money import bears
from ml_connector.connectors.servicetitan.sending import read_after, sent
from ml_connector.connectors.servicetitan.translate import understood
from ml_connector.connectors.servicetitan.translate_payments import payment
from ml_connector.connectors.writing import Done, Outcome, Step, Uncertain
from ml_connector.transport.messages import Answer, Request

RIGHT = "tn.acc.payments:w"
WHAT = "the payment"
_DAY = dt.timedelta(days=1)
_PAGE = 500


class _Written(msgspec.Struct):
    id: int


class _Noted(msgspec.Struct):
    memo: str | None = None


async def write(session: Session, step: Step) -> Outcome:
    """Create the step's payment. Raises LeaseLost."""
    client = Client(session)
    answer = await sent(session, Request("POST", path(client), body=step.body), what=WHAT, scope=RIGHT)
    if not isinstance(answer, Answer):
        return answer
    try:
        id = str(msgspec.json.decode(answer.body, type=_Written).id)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Uncertain(f"ServiceTitan answered {WHAT} with 200 and not as documented: {error}.")
    raws = await read_after(client.by_ids(resources.PAYMENTS, [id]))
    if isinstance(raws, Uncertain):
        return raws
    if not raws:
        return Uncertain(f"ServiceTitan took payment {id} and does not show it yet.")
    return _proven(step, raws[0])


def path(client: Client) -> str:
    """Where payments are created."""
    return client.path("accounting", "payments")


def _proven(step: Step, raw: bytes) -> Outcome:
    try:
        shown = _as_ours(raw, step)
    except (ValueError, ArithmeticError) as error:
        return Uncertain(f"ServiceTitan took the payment and shows it in a way that cannot be read: {error}.")
    if (shown.party.id, shown.amount) != (step.party_id, step.total):
        return Uncertain(f"ServiceTitan shows payment {shown.id} over {shown.amount} of customer {shown.party.id}.")
    return Done(shown.id, shown, raw)


def _as_ours(raw: bytes, step: Step) -> Payment:
    found = payment(understood(raw, payloads_sales.Payment))
    return msgspec.structs.replace(found, reference=step.reference, ours=True)


async def find(session: Session, step: Step) -> Sequence[Document]:
    """The customer's payments of about that day whose memo ends with our reference. Raises transport.errors."""
    client, number, found = Client(session), 0, list[Document]()
    day = step.date or session.clock.now().date()
    asked = (
        ("customerId", step.party_id),
        ("paidOnAfter", (day - _DAY).isoformat()),
        ("paidOnBefore", (day + 2 * _DAY).isoformat()),
        ("sort", "+Id"),
        ("pageSize", str(_PAGE)),
    )
    while True:
        number += 1
        page = await client.noted_page(resources.PAYMENTS, (*asked, ("page", str(number))))
        found += [_as_ours(raw, step) for raw in page.rows if bears(_memo(raw), step.reference)]
        if not page.more or not page.rows:
            return found


def _memo(raw: bytes) -> str | None:
    try:
        return msgspec.json.decode(raw, type=_Noted).memo
    except (msgspec.DecodeError, UnicodeDecodeError):  # a row of another making; ours can be read
        return None
