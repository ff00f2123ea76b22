"""The connection's check: it calls the real instance and says for every thing looked at how it is and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Verdict, clock
from ml_connector.connectors.servicenow import own_lists
from ml_connector.connectors.servicenow import preflight as set_up
from ml_connector.connectors.servicenow.answers import Listed, Query, listed, vendor_time
from ml_connector.connectors.servicenow.client import Instance
from ml_connector.connectors.servicenow.errors import SET_UP, Cut, Refusal
from ml_connector.connectors.servicenow.limits import whole
from ml_connector.connectors.servicenow.organisation import organisation
from ml_connector.connectors.servicenow.profiles import profile_of
from ml_connector.connectors.servicenow.query import BY_STAMP
from ml_connector.connectors.servicenow.read import RESOURCES, table_of
from ml_connector.connectors.servicenow.scopes import FINANCE, INTEGRATOR
from ml_connector.connectors.servicenow.settings import of
from ml_connector.transport.errors import NotJson, NotPermitted, Reconnect
from ml_connector.transport.messages import Answer, Request


async def check(session: Session, entities: Sequence[str]) -> Sequence[Finding]:
    """Findings for ``entities``; the first one alone when the grant does not work. Raises NotSent and AnswerLost."""
    first = Query("sys_user", "ORDERBYsys_id", ("sys_id",), limit=1)
    answer = await _first(session, first)
    if isinstance(answer, Finding):
        return [answer]
    headers = answer.headers
    findings = [Finding("grant", Verdict.GOOD, "ServiceNow accepts the connection's token.")]
    findings += [
        await _instance(session),
        clock(session.clock.now(), vendor_time(headers), "ServiceNow", "ServiceNow"),
        _rate(session, headers.get("x-ratelimit-limit", "")),
    ]
    read = profile_of(session.settings).shown
    findings += [
        await _readable(session, entity)
        if read[RESOURCES[entity].kind].columns
        else own_lists.finding(session.settings, RESOURCES[entity].kind)
        for entity in entities
        if entity in RESOURCES
    ]
    return [*findings, *await _set_up(session, entities)]


async def _set_up(session: Session, entities: Sequence[str]) -> Sequence[Finding]:
    try:
        return (await set_up.preflight(session, entities)).findings
    except (NotJson, Cut) as error:
        return [Finding("set-up", Verdict.WARNING, f"The set-up was not looked at. {error.sentence}", "Check again.")]


async def _first(session: Session, first: Query) -> Answer | Finding:
    """The first answer, or the finding that ends the check. That users may not be read says nothing of the grant."""
    try:
        answer = await session.send(Request.get(first.path, *first.parameters()))
        listed(first, answer.status, answer.body, answer.headers)
    except Refusal as error:
        if "api level" in error.detail.lower():
            return Finding("grant", Verdict.MISSING, error.sentence)
    except (Reconnect, NotPermitted, NotJson) as error:  # each says by itself who does what
        return Finding("grant", Verdict.MISSING, error.sentence)
    return answer


async def _instance(session: Session) -> Finding:
    found = await organisation(session)
    told = f"{found.name} ({found.id}), {found.currency or 'currency not told'}, zone {found.zone}."
    if found.currency:
        return Finding("instance", Verdict.GOOD, told)
    return Finding("instance", Verdict.WARNING, told, "Set the company's currency: the connection's setting currency.")


def _rate(session: Session, limit: str) -> Finding:
    told, ours = whole(limit), int(of(session.settings, "rate_per_hour"))
    if told is None:
        return Finding("calls an hour", Verdict.GOOD, f"No rate rule is told; {ours} calls an hour are made at most.")
    if told >= ours:
        return Finding(
            "calls an hour", Verdict.GOOD, f"The instance allows {told} calls an hour; {ours} are made at most."
        )
    return Finding(
        "calls an hour",
        Verdict.WARNING,
        f"The instance allows {told} calls an hour, and the setting rate_per_hour says {ours}.",
        f"Set rate_per_hour={told}, or have the ServiceNow administrator raise the rule.",
    )


async def _readable(session: Session, entity: str) -> Finding:
    """Whether an entity's rows and the columns that identify them can be seen."""
    shown = table_of(session, entity)
    role = INTEGRATOR if entity in ("bills", "vendor_payments") else FINANCE
    action = (
        f"The ServiceNow administrator gives the integration user the role {role}, or read rights on {shown.table}."
    )
    try:
        page: Listed = await Instance(session).page(Query(shown.table, BY_STAMP, shown.asked, limit=1))
    except Refusal as error:  # it says by itself what a table that is not there needs
        told = "" if error.reason == SET_UP else action
        return Finding(entity, Verdict.MISSING, error.sentence, told)
    except NotPermitted as error:
        return Finding(entity, Verdict.MISSING, error.sentence, action)
    except (NotJson, Cut) as error:
        return Finding(entity, Verdict.WARNING, error.sentence)
    if page.rows:
        return Finding(entity, Verdict.GOOD, f"{entity} can be read from {shown.table}.")
    if page.total:
        return Finding(
            entity, Verdict.WARNING,
            f"{shown.table} has {page.total} rows, and the first is hidden from the integration user.", action,
        )  # fmt: skip
    return Finding(entity, Verdict.GOOD, f"{shown.table} can be read and has no rows yet.")
