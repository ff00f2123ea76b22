"""Looking at the real tenant: who it is, and what a connection lacks, each in a sentence with who must change it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors import rights
from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.servicetitan import errors, payloads, resources, scopes
from ml_connector.connectors.servicetitan.client import Client, Resource
from ml_connector.connectors.servicetitan.limits import CALLS_A_SECOND, vendor_time, wait
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.translate import text, understood_or_none
from ml_connector.connectors.servicetitan.translate_bills import HIDDEN_BY_MODULE
from ml_connector.connectors.servicetitan.walks import Walk
from ml_connector.errors import BadInput, ConnectorError
from ml_connector.transport.errors import AnswerLost, NotPermitted, NotSent, Reconnect
from ml_connector.transport.messages import Answer

MOST_SKEW = 120.0  # seconds; tokens are refreshed this long before they expire
_ONE_ROW = (("page", "1"), ("pageSize", "1"))


async def organisation(session: Session) -> Organisation:
    """The tenant. Name and currency come from its business units, which ServiceTitan has in place of an organisation.

    Currency: the setting, else the one that all active business units which state any agree on, else empty. The zone
    is not told. Raises Reconnect naming application key, tenant or scope.
    """
    client, settings = Client(session), Settings.of(session.settings)
    try:
        listing = await Walk(client, resources.BUSINESS_UNITS, settings.page_size).settled()
    except errors.Withdrawn as error:  # connecting again would not bring the list back
        raise errors.Outage(error.sentence) from error
    except NotPermitted as error:  # without them there is no currency, so nothing can be done at all
        raise Reconnect(error.sentence) from error
    units = [unit for unit in map(_unit, listing.rows) if unit is not None]
    names = [text(unit.tenant.name) for unit in units if unit.tenant and unit.tenant.name]
    currencies = {text(unit.currency).upper() for unit in units if unit.active and unit.currency}
    return Organisation(
        id=client.tenant,
        name=names[0] if names else f"ServiceTitan tenant {client.tenant}",
        currency=settings.currency or (currencies.pop() if len(currencies) == 1 else ""),
        sandbox=session.settings.get("environment") == "integration",
    )


def _unit(row: bytes) -> payloads.BusinessUnit | None:
    return understood_or_none(row, payloads.BusinessUnit)


async def check(session: Session, entities: Sequence[str]) -> Sequence[Finding]:
    """One finding for each thing looked at. Raises BadInput for an entity that cannot be read here."""
    client = Client(session)
    unknown = [one for one in entities if one not in resources.CHECKED]
    if unknown:
        raise BadInput(f"ServiceTitan has no entity {unknown[0]!r} to read.")
    first = await _ask(client, resources.BUSINESS_UNITS)
    if isinstance(first, Finding):
        return [first]
    findings = [_credentials(first, client.tenant), _clock(session, first), _limits(first)]
    if first.status == 401 or errors.is_wrong_tenant(first):
        return findings
    wanted = dict.fromkeys((resources.BUSINESS_UNITS, *(one for name in entities for one in resources.CHECKED[name])))
    findings += [await _right(client, resource, first) for resource in wanted]
    findings += _other_rights(session, {resource.scope for resource in wanted})
    return [*findings, await _ap_bills(client)] if "bills" in entities else findings


def _other_rights(session: Session, asked: Collection[str]) -> list[Finding]:
    """The rights that no reading above has proven, those to write among them, by the token's claim alone."""
    others = [scope for scope in scopes.SCOPES if scope.name not in asked]
    if session.scopes:
        return rights.findings(others, granted=session.scopes.__contains__, needed=(), remedy=remedy)
    said = "ServiceTitan's token does not tell which rights it carries: a right to write shows when it is used."
    return [Finding("rights", Verdict.WARNING, said, "")]


async def _ask(client: Client, resource: Resource) -> Answer | Finding:
    """One row of a list, or the finding that it could not be asked at all. Raises NotSent and AnswerLost."""
    try:
        return await client.ask(resource, _ONE_ROW)
    except (NotSent, AnswerLost):
        raise
    except ConnectorError as error:
        return Finding(
            resource.path, Verdict.MISSING, error.sentence, "Correct what the sentence names, and check again."
        )


def _credentials(answer: Answer, tenant: str) -> Finding:
    if answer.status == 401 or errors.is_wrong_tenant(answer):
        said = errors.rights(answer, tenant, "")
        return Finding("credentials", Verdict.MISSING, said, "The tenant's administrator connects again.")
    if answer.status not in (200, 403):  # a 403 for want of a scope comes after key and tenant were accepted
        said = f"ServiceTitan answered with {answer.status}: {errors.problem(answer)}."
        return Finding("credentials", Verdict.WARNING, said, "Check again later.")
    return Finding("credentials", Verdict.GOOD, f"Token, application key and tenant {tenant} are accepted.")


def _clock(session: Session, answer: Answer) -> Finding:
    if "date" not in answer.headers:
        return Finding("clock", Verdict.WARNING, "ServiceTitan's answer carries no time; the clocks were not compared.")
    skew = abs((answer.at - vendor_time(answer)).total_seconds())
    if skew <= MOST_SKEW:
        return Finding("clock", Verdict.GOOD, f"This machine's clock agrees with ServiceTitan's within {skew:.0f} s.")
    said = f"This machine's clock differs from ServiceTitan's by {skew:.0f} seconds."
    return Finding("clock", Verdict.WARNING, said, "The operator corrects the machine's clock (NTP).")


def _limits(answer: Answer) -> Finding:
    if wait(answer) is not None:
        said = "ServiceTitan says too many calls: something else uses this application key for this tenant."
        return Finding("limits", Verdict.WARNING, said, "Give this connection an application of its own.")
    return Finding("limits", Verdict.GOOD, f"{CALLS_A_SECOND} calls a second for this application and tenant.")


async def _right(client: Client, resource: Resource, first: Answer) -> Finding:
    """By the token's claim and by a call, since a claim may name a right the tenant does not have."""
    subject = f"right {resource.scope}"
    claimed = client.session.scopes
    if claimed and resource.scope not in claimed:
        return Finding(
            subject,
            Verdict.MISSING,
            f"The token lacks {resource.scope}, needed for {resource.path}.",
            remedy(resource.scope),
        )
    answer = first if resource is resources.BUSINESS_UNITS else await _ask(client, resource)
    if isinstance(answer, Finding):
        return answer
    if answer.status == 200:
        return Finding(subject, Verdict.GOOD, f"{_what(resource)} can be read.")
    if answer.status in (401, 403):
        return Finding(
            subject, Verdict.MISSING, errors.rights(answer, client.tenant, resource.scope), remedy(resource.scope)
        )
    said = f"ServiceTitan answered {_what(resource)} with {answer.status}: {errors.problem(answer)}."
    return Finding(subject, Verdict.WARNING, said, "Check again later; if it stays, ask ServiceTitan's support.")


def _what(resource: Resource) -> str:
    kinds = [value for name, value in resource.always if name == "billType"]
    return f"{resource.path} ({kinds[0]})" if kinds else resource.path


def remedy(scope: str) -> str:
    """Who adds a right that is missing, and when it shows."""
    return (
        f"The owner of the application adds {scope} in the developer portal; then the tenant's administrator accepts the "
        "new version under Settings, Integrations, API Application Access. It shows with the next token, within 15 "
        "minutes; nobody has to connect again."
    )


async def _ap_bills(client: Client) -> Finding:
    """By a call: a tenant whose module is closed is refused in spite of the right."""
    subject, resource = "expense lines", resources.AP_BILLS[resources.PROCUREMENT]
    if resource.scope not in client.session.scopes:
        said = f"Without {resource.scope} expense lines and status of bills are hidden: bills with expenses are held."
        return Finding(subject, Verdict.WARNING, said, remedy(resource.scope))
    answer = await _ask(client, resource)
    if isinstance(answer, Finding):
        return answer
    if answer.status == 200:
        return Finding(subject, Verdict.GOOD, "AP bills can be read: expense lines and status are visible.")
    if answer.status in (403, 404):
        return Finding(subject, Verdict.WARNING, HIDDEN_BY_MODULE, "")
    said = f"ServiceTitan answered {resource.path} with {answer.status}: {errors.problem(answer)}."
    return Finding(subject, Verdict.WARNING, said, "Check again later; if it stays, ask ServiceTitan's support.")
