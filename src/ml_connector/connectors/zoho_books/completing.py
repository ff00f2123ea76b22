"""What has to be read just before a step is sent, because only Zoho knows it: persons of a contact, the id of a currency.

A change of a contact replaces its persons whole (FACTS 6, nested arrays). So they are read, ours is laid over the first of
them, further ones over those that we have added, and all go along with their ids as they stand: the exception that
``writing.Step`` names.
A document names its currency by an id of the organisation's own. Its rate is never looked at: where Zoho keeps it by itself
the list shows 0 (FACTS 6.9).
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ml_connector.connectors import json_fields
from ml_connector.connectors.json_fields import Fields, children, text
from ml_connector.connectors.writing import Action, Rejected, Step
from ml_connector.connectors.zoho_books.client import Books
from ml_connector.connectors.zoho_books.compose_parties import PRIMARY
from ml_connector.connectors.zoho_books.errors import Refusal
from ml_connector.connectors.zoho_books.lines import CURRENCY
from ml_connector.connectors.zoho_books.requests import body_of
from ml_connector.connectors.zoho_books.resources import RESOURCES

_PERSONS, _DEPARTMENT = "contact_persons", "department"
_CURRENCIES = "/settings/currencies"
# What a person is written with; whether one may use the portal is left to Zoho.
_WRITABLE = ("contact_person_id", "salutation", "first_name", "last_name", "email", "phone", "mobile", "designation",
             "department", "skype")  # fmt: skip


async def completed(books: Books, step: Step) -> Step | Rejected:
    """The step as it can be sent. Raises what reading raises; then nothing was sent."""
    if (step.entity, step.action) == ("parties", Action.UPDATE) and _PERSONS in body_of(step):
        found = await _with_persons(books, step)
        if isinstance(found, Rejected):
            return found
        step = found
    return await _with_currency(books, step) if text(body_of(step), CURRENCY) else step


async def _with_persons(books: Books, step: Step) -> Step | Rejected:
    try:
        reply = await books.get(f"{RESOURCES['parties'].path}/{step.target_id}")
    except Refusal as refusal:
        if not refusal.absent:
            raise
        return Rejected(
            str(refusal.code),
            f"Zoho Books has no contact {step.target_id} any more.",
            "See whether it was merged or deleted there, and link the record with the contact that stands for it.",
            "not_found",
        )
    body, contact = body_of(step), reply.object("contact")
    persons = merged(contact, children(body, _PERSONS))
    if not any(one.get(PRIMARY) for one in persons):
        return Rejected(
            str(step.target_id),
            f"The contact {step.target_id} of Zoho Books has no primary contact person any more; a further one would be it.",
            "Give it a primary contact person in Zoho Books, then replay the record.",
            "rejected",
        )
    return replace(step, body=json_fields.encode({**body, _PERSONS: persons}))


def merged(contact: Fields, ours: list[Fields]) -> list[dict[str, Any]]:
    """The contact's persons, the first with what is ours laid over it; ours alone where it has none.

    A mobile number that Zoho shows as the contact's telephone is not written as one, too. A further person of ours changes or
    takes away the one of its department alone; where there is none it is added, unless anybody has its e-mail address there.
    """
    shown = children(contact, _PERSONS)
    first = _first(contact, shown)
    own = {name: value for one in ours if one.get(PRIMARY) for name, value in one.items() if name != PRIMARY}
    if first is not None and own and not text(first, "phone") and text(first, "mobile") == own.get("phone"):
        del own["phone"]
    further = {text(one, _DEPARTMENT): dict(one) for one in ours if not one.get(PRIMARY)}
    laid: list[dict[str, Any]] = [{**own, PRIMARY: True}] if first is None and own else []
    for one in shown:
        mine = None if one is first else further.pop(text(one, _DEPARTMENT), None)
        if one is first:
            laid.append(_kept(one) | own | {PRIMARY: True})
        elif mine is None or text(mine, "email"):
            laid.append(_kept(one) | (mine or {}))
    known = {text(one, "email").casefold() for one in laid}
    return [*laid, *(one for one in further.values() if text(one, "email").casefold() not in {"", *known})]


def _first(contact: Fields, shown: list[Fields]) -> Fields | None:
    """The primary person: marked as such, or named by the contact."""
    id_ = text(contact, "primary_contact_id")
    marked = (one for one in shown if one.get(PRIMARY) is True)
    named = (one for one in shown if id_ and text(one, "contact_person_id") == id_)
    return next(marked, None) or next(named, None)


def _kept(person: Fields) -> dict[str, Any]:
    return {name: person[name] for name in _WRITABLE if person.get(name) not in (None, "")}


async def _with_currency(books: Books, step: Step) -> Step | Rejected:
    body = body_of(step)
    code = str(body.pop(CURRENCY))
    id_ = await _currency_id(books, code)
    if not id_:
        return Rejected(
            code,
            f"Zoho Books has no currency {code}.",
            "Add it in Zoho Books, Settings, Currencies, and replay the record.",
            "currency_refused",
        )
    return replace(step, body=json_fields.encode({**body, "currency_id": id_}))


async def _currency_id(books: Books, code: str) -> str:
    number, more = 1, True
    while more:
        reply = await books.page(_CURRENCIES, number)
        for raw in reply.rows("currencies"):
            row = json_fields.decode(raw)
            if isinstance(row, dict) and text(row, "currency_code") == code:
                return text(row, "currency_id")
        more, number = reply.more(), number + 1
    return ""
