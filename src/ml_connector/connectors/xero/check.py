"""The connection's check: it calls the real system and says for every thing looked at how it is and what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors import json_fields, rights
from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Verdict, clock
from ml_connector.connectors.xero import limits, organisation, scopes
from ml_connector.connectors.xero.client import ORGANISATION, Books, Reply
from ml_connector.connectors.xero.errors import Refusal
from ml_connector.connectors.xero.limits import TIERS, whole
from ml_connector.connectors.xero.read import categories
from ml_connector.connectors.xero.resources import RESOURCES, SHORT, fields_of
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotJson, NotPermitted, Reconnect

# What Xero's list of permitted actions must allow before an entity can be written.
_ACTIONS = {
    "invoices": ("CreateApprovedInvoice", "CreateDraftInvoice"),
    "payments": ("CreateInvoicePayment",),
    "purchase_orders": ("CreateApprovedPurchaseOrder", "CreateDraftPurchaseOrder"),
}
_LISTS = {"accounts": "/Accounts", "tax_codes": "/TaxRates"}


async def check(session: Session, entities: Sequence[str]) -> Sequence[Finding]:
    """Findings for ``entities``; the first one alone when the grant does not work. Raises NotSent and AnswerLost."""
    books = Books(session)
    try:
        if not books.custom:
            await organisation.connections(session)
        first = await books.get(ORGANISATION)
    except (Reconnect, NotPermitted, Refusal) as error:
        action = (
            f"Connect again, choose the organisation at Xero, and allow all that is asked ({scopes.SETTINGS} included)."
        )
        return [Finding("consent", Verdict.MISSING, error.sentence, action)]
    findings = [Finding("consent", Verdict.GOOD, "Xero accepts the connection's token.")]
    findings += [
        await _organisation(session, first),
        clock(session.clock.now(), first.vendor_time(), "Xero", "Xero"),
        _day(session, first),
        _minute(first),
    ]
    findings += _rights(session, entities)
    findings += [finding async for finding in _lists(books)]
    for entity in entities:
        findings += [finding async for finding in _entity(books, entity)]
    findings += [finding async for finding in _permitted(books, entities)]
    return findings


async def _organisation(session: Session, first: Reply) -> Finding:
    row = organisation.single(first)
    try:
        mine = await _mine(session, first)
    except BadInput as error:
        return Finding("organisation", Verdict.MISSING, error.sentence, "Connect again and choose this organisation.")
    if why := organisation.unreachable(row):
        action = "Renew the organisation's plan in Xero, or connect another organisation."
        return Finding("organisation", Verdict.MISSING, why, action)
    closed = f", closed through {mine.locked_through.isoformat()}" if mine.locked_through else ""
    demo = ", a demo company" if mine.sandbox else ""
    return Finding(
        "organisation",
        Verdict.GOOD,
        f"{mine.name} ({session.organisation or mine.id}), {mine.currency}, {mine.edition}, plan {mine.plan or 'unknown'}"
        f"{demo}{closed}.",
    )


async def _mine(session: Session, first: Reply) -> Organisation:
    """The connected organisation; raises BadInput when people have disconnected it."""
    found = organisation.translated(organisation.single(first))
    if Books(session).custom or not session.organisation:
        return found
    known = await organisation.connections(session)
    if session.organisation not in [id_ for id_, _ in known]:
        names = ", ".join(f"{name} ({id_})" for id_, name in known) or "none"
        raise BadInput(f"The consent does not reach organisation {session.organisation}; it reaches: {names}.")
    return found


def _day(session: Session, reply: Reply) -> Finding:
    left = limits.day_left(reply.answer.headers)
    most = TIERS.get(session.settings.get("tier", ""), TIERS["core"])
    if left is None:
        return Finding("calls today", Verdict.WARNING, "Xero did not say how many calls are left today.")
    low = left * 10 < most
    return Finding(
        "calls today",
        Verdict.WARNING if low else Verdict.GOOD,
        f"{left} of {most} calls are left today for this organisation.",
        "Wait until Xero counts anew, or take a larger tier for the app; which tier it has is told us by "
        "'ml-connector settings --connection xero --set tier=starter'."
        if low
        else "",
    )


def _minute(reply: Reply) -> Finding:
    left = whole(reply.answer.headers.get("x-minlimit-remaining", ""))
    app = whole(reply.answer.headers.get("x-appminlimit-remaining", ""))
    if left is None:
        return Finding("calls a minute", Verdict.WARNING, "Xero did not say how many calls are left this minute.")
    shared = f", {app} for the whole app" if app is not None else ""
    return Finding("calls a minute", Verdict.GOOD, f"{left} of {limits.PER_MINUTE} calls are left this minute{shared}.")


def _rights(session: Session, entities: Sequence[str]) -> list[Finding]:
    """What the consent covers, as far as Xero told with the token. What only names a person no flow needs."""
    if session.scopes:
        return rights.findings(
            [one for one in scopes.SCOPES if one.name.startswith("accounting.")],
            granted=lambda name: scopes.granted(name, session.scopes),
            needed=scopes.needed(entities),
            remedy=_remedy,
        )
    said = "Xero did not tell with the token which rights it grants: a lacking right shows when it is used."
    return [Finding("rights", Verdict.WARNING, said)]


def _remedy(right: str) -> str:
    return (
        f"Connect again and allow all that is asked; the app must be given {right} at developer.xero.com first, and a custom "
        "connection is authorised anew there."
    )


async def _lists(books: Books) -> AsyncIterator[Finding]:
    """The lists that mapping tables name."""
    for subject, path in _LISTS.items():
        try:
            reply = await books.get(path)
            count = len(reply.rows(RESOURCES[subject].plural))
        except (Reconnect, NotPermitted, Refusal, NotJson) as error:
            yield Finding(subject, Verdict.MISSING, error.sentence, f"Consent to {scopes.SETTINGS}.")
            continue
        yield Finding(subject, Verdict.GOOD, f"{count} {subject.replace('_', ' ')} can be read.")
    yield await _tracking(books)


async def _tracking(books: Books) -> Finding:
    try:
        found = [fields_of(raw) for raw in await categories(books)]
    except (Reconnect, NotPermitted, Refusal, NotJson) as error:
        return Finding("tracking", Verdict.MISSING, error.sentence, f"Consent to {scopes.SETTINGS}.")
    live = [json_fields.text(one, "Name") for one in found if json_fields.text(one, "Status") in ("ACTIVE", "")]
    if live:
        return Finding("tracking", Verdict.GOOD, f"Active tracking categories: {', '.join(live)}.")
    return Finding(
        "tracking",
        Verdict.WARNING,
        "The organisation has no active tracking category.",
        "Create one in Xero if business units are to stand on lines; else leave their mapping empty.",
    )


async def _entity(books: Books, entity: str) -> AsyncIterator[Finding]:
    """The right to read an entity."""
    resource = RESOURCES.get(entity)
    if resource is None or entity in SHORT:
        return
    wanted = ", ".join(sorted(scopes.needed([entity])))
    try:
        await books.get(resource.path, *resource.query, ("page", "1"), ("pageSize", "1"))
    except (Reconnect, NotPermitted) as error:
        yield Finding(entity, Verdict.MISSING, error.sentence, f"Connect again and consent to {wanted}.")
    except (Refusal, NotJson) as error:
        yield Finding(entity, Verdict.WARNING, error.sentence)
    else:
        yield Finding(entity, Verdict.GOOD, f"{entity.replace('_', ' ')} can be read.")


async def _permitted(books: Books, entities: Sequence[str]) -> AsyncIterator[Finding]:
    """What the organisation's plan and the consenting user's role allow, by Xero's own list."""
    wanted = {name: entity for entity in entities for name in _ACTIONS.get(entity, ())}
    if not wanted:
        return
    try:
        reply = await books.get(f"{ORGANISATION}/Actions")
        rows = [json_fields.decode(raw) for raw in reply.rows("Actions")]
    except (Reconnect, NotPermitted, Refusal, NotJson) as error:
        yield Finding("permissions", Verdict.WARNING, f"Xero does not tell what is permitted: {error.sentence}")
        return
    allowed = {json_fields.text(row, "Name") for row in rows if json_fields.text(row, "Status") == "ALLOWED"}
    for name in sorted(wanted.keys() - allowed):
        yield Finding(
            f"permission {name}",
            Verdict.MISSING,
            f"Xero does not permit {name} to this connection, which {wanted[name].replace('_', ' ')} need.",
            "Give the user who consented a role that may do it, or a plan that has it; then connect again.",
        )
    if wanted.keys() <= allowed:
        yield Finding("permissions", Verdict.GOOD, "Xero permits all that the flows do.")
