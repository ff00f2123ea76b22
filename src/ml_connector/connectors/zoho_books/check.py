"""The connection's check: it calls the real system and says for every thing looked at how it is and what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors import json_fields, rights
from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Verdict, clock
from ml_connector.connectors.zoho_books import editions, limits, scopes
from ml_connector.connectors.zoho_books.client import ORGANISATIONS, Books, Reply
from ml_connector.connectors.zoho_books.errors import NotOffered, Refusal
from ml_connector.connectors.zoho_books.organisation import LOCK_SCOPE, organisations, transaction_lock
from ml_connector.connectors.zoho_books.read import detail
from ml_connector.connectors.zoho_books.read_dimensions import demanded_of, known_tags, projects
from ml_connector.connectors.zoho_books.resources import READABLE, RESOURCES, reference_field
from ml_connector.transport.errors import NotJson, NotPermitted, Reconnect

_ORGANISATION_SCOPE = "ZohoBooks.settings.READ"
_FIELD_ENTITIES = {
    "bills": "bill",
    "parties": "contact",
    "vendor_credits": "vendor_credit",
    "invoices": "invoice",
    "credit_notes": "creditnote",
    "payments": "customer_payment",
    "items": "item",
}
_WORDS = {"parties": "contacts", "payments": "customer payments"}  # for people, where the entity's name is another
_UNIQUE_FLAGS = ("is_unique", "unique", "is_duplicate_prevented", "prevent_duplicates")


async def check(session: Session, entities: Sequence[str]) -> Sequence[Finding]:
    """Findings for ``entities``; the first one alone when the grant does not work. Raises NotSent and AnswerLost."""
    return await _check(session, entities, written=True)


async def check_source(session: Session, entities: Sequence[str]) -> Sequence[Finding]:
    """As ``check`` without what only writing needs: rights to write, the field for our reference, the way tax is rounded."""
    return await _check(session, entities, written=False)


async def _check(session: Session, entities: Sequence[str], *, written: bool) -> Sequence[Finding]:
    books = Books(session)
    try:
        first = await books.get(ORGANISATIONS)
    except (Reconnect, Refusal) as error:
        action = f"Connect again, and consent to {_ORGANISATION_SCOPE}, as a user whose role allows it."
        return [Finding("consent", Verdict.MISSING, error.sentence, action)]
    findings = [Finding("consent", Verdict.GOOD, "Zoho Books accepts the connection's token.")]
    known = await organisations(session)
    mine = next((one for one in known if one.id == session.organisation), None)
    findings += [
        _organisation(session, known, mine),
        clock(session.clock.now(), first.vendor_time(), "Zoho Books", "Zoho"),
        _day(await _counted(books, first)),
    ]
    findings += _webhooks(mine)
    findings += [editions.told(mine, entities, session.settings)] if written and mine else []
    findings += _rights(session, scopes.needed(entities, written=written))
    for entity in entities:
        findings += [finding async for finding in _entity(books, entity, written=written)]
    findings += [await _tags(books), await _lock(session)]
    findings += [await _projects(books)] if session.settings.get("projects") == "yes" else []
    return findings


def _rights(session: Session, needed: frozenset[str]) -> list[Finding]:
    """What the consent covers, as far as Zoho told with the token."""
    if session.scopes:
        return rights.findings(
            scopes.SCOPES,
            granted=lambda name: scopes.granted(name, session.scopes),
            needed=needed,
            remedy=_remedy,
        )
    said = "Zoho Books did not tell with the token which rights it grants: a right to write shows when it is used."
    wanted = ", ".join(sorted(needed))
    action = f"If a posting is refused, connect again and consent to all of: {wanted}." if wanted else ""
    return [Finding("rights", Verdict.WARNING, said, action)]


def _set(setting: str) -> str:
    """The command that sets one of the connection's settings."""
    return f"'ml-connector settings --connection zoho-books --set {setting}'"


def _remedy(right: str) -> str:
    return (
        f"Connect again and accept all that is asked; a self-client's refresh token is made anew with {right} among its "
        "scopes. The role of the Zoho user must allow it too."
    )


def _organisation(session: Session, known: Sequence[Organisation], mine: Organisation | None) -> Finding:
    if mine:
        plan = mine.plan or "unknown"
        return Finding("organisation", Verdict.GOOD, f"{mine.name} ({mine.id}), {mine.currency}, plan {plan}.")
    names = ", ".join(f"{one.name} ({one.id})" for one in known) or "none"
    return Finding(
        "organisation",
        Verdict.MISSING,
        f"The grant does not reach organisation {session.organisation or '(none chosen)'}; it reaches: {names}.",
        "Choose one of these, or connect again as a user of the organisation.",
    )


def _webhooks(mine: Organisation | None) -> list[Finding]:
    """Only of a plan that, by Zoho's pages, has no workflow rules, which send webhooks."""
    plan = mine.plan if mine else ""
    if not any(word in plan.lower() for word in ("free", "standard")):
        return []
    said = f"The plan {plan} has no workflow rules as far as Zoho tells, so Zoho sends no webhooks."
    action = "Nothing is lost: changes are found by the schedule. To hear of them at once take the plan Professional."
    return [Finding("webhooks", Verdict.WARNING, said, action)]


async def _counted(books: Books, first: Reply) -> Mapping[str, str]:
    """The headers of a call that counts for the organisation; whether the list of organisations does is not known."""
    if limits.day_left(first.answer.headers) is not None:
        return first.answer.headers
    try:
        return (await books.page("/settings/taxes", 1)).answer.headers
    except (NotPermitted, Refusal, NotJson):
        return {}


def _day(headers: Mapping[str, str]) -> Finding:
    left, most = limits.day_left(headers), headers.get("x-rate-limit-limit", "?")
    if left is None:
        return Finding("calls today", Verdict.WARNING, "Zoho Books did not say how many calls are left today.")
    low = most.isdigit() and left * 10 < int(most)
    return Finding(
        "calls today",
        Verdict.WARNING if low else Verdict.GOOD,
        f"{left} of {most} calls are left until midnight in the organisation's zone.",
        f"Wait for midnight, or take a larger Zoho plan; a trial has 1,000 a day, and is told us by {_set('trial=yes')}."
        if low
        else "",
    )


async def _entity(books: Books, entity: str, *, written: bool) -> AsyncIterator[Finding]:
    """The right to read an entity, and for what we write the field our reference stands in."""
    resource = RESOURCES.get(entity)
    if resource is None:
        return
    wanted = ", ".join(READABLE[entity].scopes)
    try:
        reply = await books.page(resource.path, 1)
    except NotOffered as error:
        yield Finding(entity, Verdict.MISSING, error.sentence)
        return
    except NotPermitted as error:
        yield Finding(entity, Verdict.MISSING, error.sentence, f"Consent to {wanted}, as a user whose role allows it.")
        return
    except (Refusal, NotJson) as error:
        yield Finding(entity, Verdict.WARNING, error.sentence)
        return
    yield Finding(entity, Verdict.GOOD, f"{entity} can be read.")
    if not written:
        return
    if entity in _FIELD_ENTITIES:
        yield await _reference_field(books, entity, reply)
    if entity == "bills" and (rounding := await _rounding(books, reply)):
        yield rounding


async def _reference_field(books: Books, entity: str, listed: Reply) -> Finding:
    name, subject = reference_field(books.session), f"reference field of {entity}"
    if not name:
        return Finding(
            subject,
            Verdict.WARNING,
            "No custom field is set for our reference: it goes into the notes, and a document is found by number.",
            f"Create a text field that rejects duplicates in Zoho, and enter its API name: {_set('reference_field=NAME')}.",
        )
    administered = await _administered(books, entity)
    field = _named(_listed_fields(listed), name) or _named(administered or (), name)
    if field is None:
        return _no_field(entity, name, seen=administered is not None)
    flags = [field[flag] for flag in _UNIQUE_FLAGS if flag in field]
    if flags and not any(flags):
        return Finding(
            subject,
            Verdict.MISSING,
            f"The custom field {name} accepts duplicates.",
            "Turn 'prevent duplicate values' on.",
        )
    return Finding(subject, Verdict.GOOD, f"The custom field {name} exists.")


def _no_field(entity: str, name: str, *, seen: bool) -> Finding:
    """Items are made only where a flow is told to, so that theirs may stay away."""
    subject, documents = f"reference field of {entity}", _WORDS.get(entity, entity.replace("_", " "))
    action = (
        f"In Zoho's settings add a custom text field to {documents}, 'prevent duplicate values' on, API name {name}; "
        f"or set another: {_set('reference_field=NAME')}."
    )
    if seen:
        said = f"{documents.capitalize()} have no custom field with the API name {name}."
        if entity == "items":
            return Finding(subject, Verdict.WARNING, f"{said} Zoho refuses new items without it.", action)
        return Finding(subject, Verdict.MISSING, said, action)
    said = f"Zoho's API does not show here whether {documents} have the custom field {name}."
    return Finding(subject, Verdict.WARNING, said, f"Look whether it is there. {action}")


def _listed_fields(reply: Reply) -> list[json_fields.Fields]:
    return json_fields.children(reply.context, "custom_fields")


async def _administered(books: Books, entity: str) -> list[json_fields.Fields] | None:
    """The field administration; not in the published specification, so anything but a list means unknown: None."""
    try:
        reply = await books.get("/settings/fields", ("entity", _FIELD_ENTITIES[entity]))
        return [json_fields.decode(raw) for raw in reply.rows("fields")]
    except (Refusal, NotPermitted, NotJson):
        return None


def _named(fields: Sequence[json_fields.Fields], name: str) -> dict[str, Any] | None:
    """The custom field of an API name; the API calls it by several keys."""
    keys = ("api_name", "field_name", "column_name", "placeholder")
    return next((dict(f) for f in fields if any(json_fields.text(f, key) == name for key in keys)), None)


async def _rounding(books: Books, listed: Reply) -> Finding | None:
    """Whether the organisation rounds tax as the setting says; only a bill's detail tells."""
    ids = [json_fields.text(json_fields.decode(raw), "bill_id") for raw in listed.rows("bills")[:1]]
    row = await detail(books, RESOURCES["bills"], ids[0], "") if ids else None
    told = json_fields.text(json_fields.decode(row.raw), "tax_rounding") if row else ""
    if not told:
        return None
    real = "document" if told == "entity_level" else "line"
    if real == books.session.settings.get("tax_rounding", "document"):
        return Finding("tax rounding", Verdict.GOOD, f"Zoho rounds tax per {real}, as set.")
    return Finding(
        "tax rounding",
        Verdict.WARNING,
        f"Zoho rounds tax per {real}.",
        f"Totals may not tie by a cent: {_set(f'tax_rounding={real}')}.",
    )


async def _tags(books: Books) -> Finding:
    try:
        tags = await known_tags(books)
    except (NotPermitted, NotJson, Refusal) as error:
        return Finding("reporting tags", Verdict.WARNING, error.sentence)
    if tags is None:
        return Finding(
            "reporting tags",
            Verdict.WARNING,
            "The organisation's plan has no reporting tags, or they are turned off: dimensions come without them.",
            "Turn them on in Zoho's settings, take a plan that has them, or code by locations.",
        )
    live = [tag for tag in tags if tag.get("is_active") is not False and tag.get("is_draft") is not True]
    if not live:
        return Finding(
            "reporting tags",
            Verdict.WARNING,
            "The organisation has no active reporting tag.",
            "Create one if business units or cost centres are to stand on bill lines, or use locations.",
        )
    names = ", ".join(json_fields.text(tag, "tag_name") for tag in live)
    must = {json_fields.text(tag, "tag_name"): demanded_of(tag, books.session.settings)
            for tag in live if tag.get("is_mandatory") is True}  # fmt: skip
    return Finding("reporting tags", Verdict.GOOD, f"Active: {names}.{_demanded(must)}", _filled(must))


_LINES = {"": "bills and invoices, vendor credits and credit notes", "purchases": "bills and vendor credits",
          "sales": "invoices and credit notes"}  # fmt: skip


def _demanded(must: Mapping[str, str]) -> str:
    """Which tags every line needs, by the documents that they are demanded of."""
    return "".join(
        f" Mandatory on every line of {words}: {', '.join(name for name, of in must.items() if of == side)}."
        for side, words in _LINES.items()
        if side in must.values()
    )


def _filled(must: Mapping[str, str]) -> str:
    """What fills the mandatory tags: a line gets one of its business unit, and on a bill one of its job."""
    if not must:
        return ""
    way = "Map business units to options of the mandatory tag (business_unit_as=tag)."
    tell = "One that is demanded of purchases or of sales alone: name it in purchase_tags or sales_tags."
    if any(sum(of in ("", side) for of in must.values()) > 1 for side in ("purchases", "sales")):
        way += " A line gets one tag of its business unit, on bills another of its job: make the other tags optional in Zoho."
    return f"{way} {tell}"


async def _projects(books: Books) -> Finding:
    found = await projects(books)
    if found is not None:
        return Finding("projects", Verdict.GOOD, f"{len(found)} projects are read as a dimension.")
    return Finding(
        "projects",
        Verdict.WARNING,
        "Projects are to be read, and neither the plan nor the consent has them: dimensions come without them.",
        f"Consent to ZohoBooks.projects.READ, take a plan that has projects, or leave them out: {_set('projects=no')}.",
    )


async def _lock(session: Session) -> Finding:
    lock = await transaction_lock(session)
    if lock.problem:
        return Finding(
            "transaction lock",
            Verdict.WARNING,
            f"Whether purchases are locked cannot be read; the date known before stands. {lock.problem}",
            f"Consent to {LOCK_SCOPE} as a user whose role allows it, or set the day yourself: "
            "'ml-connector settings --set closed_through=2026-01-31'.",
        )
    days = (("Purchases", lock.through), ("Sales", lock.sales_through))
    if closed := [f"{what} are closed through {day.isoformat()}." for what, day in days if day]:
        return Finding("transaction lock", Verdict.GOOD, " ".join(closed))
    return Finding("transaction lock", Verdict.GOOD, "Purchases are not locked in Zoho.")
