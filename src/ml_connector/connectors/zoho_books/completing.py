"""What has to be read just before a step is sent, because only Zoho knows it: what a change would drop, a currency's id.

A change replaces a contact's persons and address and a document's lines whole (FACTS 6, nested arrays). So what is there is
read, once: of persons ours is laid over the first, further ones over those that we have added, and all go along with their
ids as they stand; of lines and address see ``beside``. That is the exception which ``writing.Step`` names.
A document names its currency by an id of the organisation's own. Its rate is never looked at: where Zoho keeps it by itself
the list shows 0 (FACTS 6.9).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from ml_connector.canonical.money import plain
from ml_connector.connectors import json_fields
from ml_connector.connectors.json_fields import Fields, Unreadable, amount, children, text
from ml_connector.connectors.writing import AFTER_UNREAD, STATUS_REFUSED, Action, Rejected, Step, Unread
from ml_connector.connectors.zoho_books import beside
from ml_connector.connectors.zoho_books.client import Books
from ml_connector.connectors.zoho_books.compose_parties import ACTIVE, PRIMARY
from ml_connector.connectors.zoho_books.errors import ABSENT, Incomplete, Refusal, rejected
from ml_connector.connectors.zoho_books.lines import CURRENCY
from ml_connector.connectors.zoho_books.requests import body_of, status_of
from ml_connector.connectors.zoho_books.resources import RESOURCES
from ml_connector.transport.errors import NotJson, NotPermitted

_PERSONS, _DEPARTMENT = "contact_persons", "department"
_OPEN = {
    "outstanding_receivable_amount": "receivable", "outstanding_payable_amount": "payable",
    "unused_credits_receivable_amount": "unused credits", "unused_credits_payable_amount": "unused vendor credits",
}  # fmt: skip
_CURRENCIES = "/settings/currencies"
# What a person is written with; whether one may use the portal is left to Zoho.
_WRITABLE = ("contact_person_id", "salutation", "first_name", "last_name", "email", "phone", "mobile", "designation",
             "department", "skype")  # fmt: skip


async def completed(books: Books, step: Step) -> Step | Rejected | Unread:
    """The step as it can be sent, or why it cannot. Raises what reading raises; then nothing was sent."""
    if step.action is Action.SET_STATUS:
        return await _with_nothing_open(books, step)
    if step.action is Action.UPDATE and (_PERSONS in body_of(step) or beside.concerns(step.entity, body_of(step))):
        found = await _with_what_is_there(books, step)
        if not isinstance(found, Step):
            return found
        step = found
    return await _with_currency(books, step) if text(body_of(step), CURRENCY) else step


async def _with_what_is_there(books: Books, step: Step) -> Step | Rejected | Unread:
    return await _with(books, step, lambda shown: _added(step, shown))


async def _with(books: Books, step: Step, finish: Callable[[Fields], Step | Rejected]) -> Step | Rejected | Unread:
    """The step as ``finish`` makes it of what is there. An odd answer concerns this document alone: others go on."""
    resource = RESOURCES[step.entity]
    try:
        reply = await books.get(f"{resource.path}/{step.target_id}")
        if not reply.raw(resource.singular):
            raise Incomplete(reply.answer.status, f"the {resource.singular}")
        return finish(reply.object(resource.singular))
    except NotPermitted:
        raise
    except Refusal as refusal:
        return _gone(step, refusal) if refusal.absent else _unread(step, refusal.sentence)
    except NotJson as error:
        return _unread(step, error.sentence)
    except Unreadable as error:
        return _unread(step, str(error))


def _added(step: Step, shown: Fields) -> Step | Rejected:
    """The step with what is there. Raises Unreadable."""
    body = body_of(step)
    if step.entity != "parties":
        return replace(step, body=json_fields.encode(beside.document(step.entity, body, shown)))
    whole = beside.contact(body, shown) if beside.ADDRESS in body else body
    if _PERSONS in body:
        persons = merged(shown, children(body, _PERSONS))
        if not any(one.get(PRIMARY) for one in persons):
            return _without_first(step)
        whole = {**whole, _PERSONS: persons}
    return replace(step, body=json_fields.encode(whole))


def _without_first(step: Step) -> Rejected:
    return Rejected(
        str(step.target_id),
        f"The contact {step.target_id} of Zoho Books has no primary contact person any more; a further one would be it.",
        "Give it a primary contact person in Zoho Books, then replay the record.",
        "rejected",
    )


def _unread(step: Step, said: str) -> Unread:
    told = f"document {step.target_id} could not be read just before its change: {said.rstrip('.')}; it is tried again"
    return Unread(told, AFTER_UNREAD, said=said)


def _gone(step: Step, refusal: Refusal) -> Rejected:
    if step.entity != "parties":
        return rejected(ABSENT, refusal.message, b"")
    return Rejected(
        str(refusal.code),
        f"Zoho Books has no contact {step.target_id} any more.",
        "See whether it was merged or deleted there, and link the record with the contact that stands for it.",
        "not_found",
    )


async def _with_nothing_open(books: Books, step: Step) -> Step | Rejected | Unread:
    """Nobody with anything open is made inactive; whether Zoho refuses that by itself is published nowhere."""
    return step if status_of(step) == ACTIVE else await _with(books, step, lambda shown: _settled(step, shown))


def _settled(step: Step, contact: Fields) -> Step | Rejected:
    open_ = [f"{words} {plain(found)} {text(contact, 'currency_code')}".rstrip()
             for name, words in _OPEN.items() if (found := amount(contact, name))]  # fmt: skip
    if not open_:
        return step
    said = f"Zoho Books shows something open on the contact: {', '.join(open_)}."
    return Rejected("open", said, "Settle it there.", STATUS_REFUSED)


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
