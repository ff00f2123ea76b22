"""The organisation as the planner needs it: currency, zone, edition, plan, and the date the books are locked through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.json_fields import Fields, Unreadable
from ml_connector.connectors.xero import values
from ml_connector.connectors.xero.client import CONNECTIONS, ORGANISATION, Books, Reply
from ml_connector.connectors.xero.errors import Incomplete, Refusal
from ml_connector.connectors.xero.zones import zone
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotJson, NotPermitted, Reconnect

PRICE_DIGITS = 4  # with unitdp=4, which every call of ours asks for
_MONTHS = 12
_connections = msgspec.json.Decoder(list[dict[str, object]])


async def organisations(session: Session) -> Sequence[Organisation]:
    """The organisations of the grant. One that cannot be read is listed by its name alone. Raises Reconnect, BadInput."""
    books = Books(session)
    if books.custom:
        return [await _read(books)]
    named = await connections(session)
    if not named:
        raise BadInput("The consent covers no Xero organisation: connect again and choose one at Xero.")
    return [await _named(session, *one) for one in named]


async def organisation(session: Session) -> Organisation:
    """The connected one, lock date included. Raises BadInput when the answer is of another, Reconnect when it is gone."""
    found = await _read(Books(session))
    if not Books(session).custom:
        return replace(found, id=session.organisation)
    if session.organisation and found.id != session.organisation:
        raise BadInput(
            f"This custom connection now reaches {found.name} ({found.id}) in place of organisation "
            f"{session.organisation}: connect it as a new connection."
        )
    return found


async def connections(session: Session) -> list[tuple[str, str]]:
    """Tenant id and name of each organisation that people have connected; other kinds of tenants are left out."""
    answer = await Books(session).answer(CONNECTIONS)
    if answer.status != 200:
        raise Refusal("/connections", answer.status, "")
    try:
        rows = _connections.decode(answer.body)
    except msgspec.ValidationError as error:
        raise Incomplete(answer.status, "a list of connections") from error
    except msgspec.DecodeError as error:
        raise NotJson(answer.status, answer.body) from error
    found = [
        (json_fields.text(one, "tenantId"), json_fields.text(one, "tenantName"), one.get("tenantType")) for one in rows
    ]
    return [(id_, name) for id_, name, kind in found if id_ and kind == "ORGANISATION"]


async def _named(session: Session, id_: str, name: str) -> Organisation:
    try:
        return replace(await _read(Books(session, id_)), id=id_)
    except (Reconnect, NotPermitted, Refusal):
        return Organisation(id_, name, lock_known=False)


async def _read(books: Books) -> Organisation:
    row = single(await books.get(ORGANISATION))
    if why := unreachable(row):
        raise Reconnect(f"{why} Renew its plan in Xero and connect again, or connect another organisation.")
    return translated(row)


def unreachable(row: Fields) -> str:
    """Why an organisation takes nothing any more, in a sentence; its status is ACTIVE while it does."""
    status = json_fields.text(row, "OrganisationStatus")
    if status in ("ACTIVE", ""):
        return ""
    name = json_fields.text(row, "Name")
    return f"{name} is shown as {status} in Xero: its trial, demo or subscription has ended, or it is being converted."


def single(reply: Reply) -> Fields:
    """The organisation's row. Raises Incomplete."""
    rows = reply.rows("Organisations")
    row = json_fields.decode(rows[0]) if rows else None
    if not isinstance(row, dict):
        raise Incomplete(reply.answer.status, "the organisation")
    return row


def translated(row: Fields) -> Organisation:
    """A row of /Organisation. Both lock dates close all documents; the later one counts, and is itself closed."""
    try:
        locks = [day for name in ("PeriodLockDate", "EndOfYearLockDate") if (day := values.day(row, name))]
        known = True
    except Unreadable:
        locks, known = list[dt.date](), False
    return Organisation(
        id=json_fields.text(row, "OrganisationID"),
        name=json_fields.text(row, "Name"),
        currency=json_fields.text(row, "BaseCurrency"),
        zone=zone(json_fields.text(row, "Timezone")),
        country=json_fields.text(row, "CountryCode").upper(),
        edition=json_fields.text(row, "Version").upper().removesuffix("ONRAMP"),
        plan=json_fields.text(row, "Class"),
        price_digits=PRICE_DIGITS,
        rounding="line",
        fiscal_year_start_month=_first_month(json_fields.text(row, "FinancialYearEndMonth")),
        locked_through=max(locks, default=None),
        sandbox=row.get("IsDemoCompany") is True,
        lock_known=known,
    )


def _first_month(last: str) -> int:
    """The month after the last one of the fiscal year."""
    return int(last) % _MONTHS + 1 if last.isdigit() and 1 <= int(last) <= _MONTHS else 1
