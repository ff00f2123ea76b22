"""Whether the account's API takes payments and journal entries from outside: a right, a call that may be gone, and a list.

``POST payments`` stands in one published document and not in the later ones, so it is probed and never assumed: an empty
body is refused with 400 where the call exists, since required fields are missing, and with the gateway's own 404 where
it does not. The setting ``probe_by_empty_body`` says whether that is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Preflight, Verdict
from ml_connector.connectors.servicetitan import check, errors, resources, write_journal, write_payments
from ml_connector.connectors.servicetitan.client import Client, Resource
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.transport.messages import Answer, Request

_NOBODY = "ml-connector asks whether this filter is obeyed"  # no document is named so


class _Rows(msgspec.Struct):
    data: list[msgspec.Raw]


@dataclass(frozen=True, slots=True)
class _Offer:
    """What may be created: in words, where, by which right, and the list in which it is found again."""

    words: str
    path: str
    right: str
    listed: Resource
    otherwise: str
    known_by: str = ""  # the filter by which it is found again


def _offers(client: Client) -> dict[str, _Offer]:
    return {
        "payments": _Offer(
            "payments of customers", write_payments.path(client), write_payments.RIGHT, resources.PAYMENTS,
            "Enter the ledger's payments in ServiceTitan by hand, and turn the flow off.",
        ),
        "journal_entries": _Offer(
            "journal entries", write_journal.path(client), write_journal.RIGHT, resources.JOURNAL_ENTRIES,
            "Enter the ledger's expenses in ServiceTitan by hand, and turn the flow off.", "name",
        ),
    }  # fmt: skip


async def preflight(session: Session, entities: Sequence[str]) -> Preflight:
    """What this account offers of ``entities``; nothing for those that every account takes. Raises transport.errors."""
    client, settings = Client(session), Settings.of(session.settings)
    offers = _offers(client)
    found: list[Finding] = []
    for entity in entities:
        if entity in offers:
            found += await _looked_at(client, settings, offers[entity])
    return Preflight(tuple(found))


async def _looked_at(client: Client, settings: Settings, offer: _Offer) -> list[Finding]:
    granted = client.session.scopes
    if granted and offer.right not in granted:
        said = f"The token lacks {offer.right}, so no {offer.words} can be created in ServiceTitan."
        return [Finding(offer.words, Verdict.MISSING, said, check.remedy(offer.right))]
    return [await _creating(client, settings, offer), await _finding(client, offer)]


async def _creating(client: Client, settings: Settings, offer: _Offer) -> Finding:
    if not settings.probes:
        said = (
            f"Whether ServiceTitan takes {offer.words} was not asked (setting probe_by_empty_body); the first shows it."
        )
        return Finding(offer.words, Verdict.WARNING, said)
    answer = await client.session.send(Request("POST", offer.path, body=b"{}"))
    return _said_of_probe(client, offer, answer)


def _said_of_probe(client: Client, offer: _Offer, answer: Answer) -> Finding:
    """What an answer to an empty body tells. Raises Reconnect, Throttled and Outage."""
    if answer.status == 400:
        return Finding(offer.words, Verdict.GOOD, f"ServiceTitan takes {offer.words} from outside.")
    if errors.is_withdrawn(answer):
        said = f"ServiceTitan's API offers this account no call that creates {offer.words} (any more)."
        return Finding(offer.words, Verdict.MISSING, said, f"Ask ServiceTitan's support for it. {offer.otherwise}")
    if answer.status == 403 and not errors.is_wrong_tenant(answer):
        said = errors.rights(answer, client.tenant, offer.right)
        return Finding(offer.words, Verdict.MISSING, said, check.remedy(offer.right))
    if answer.status in (401, 403, 429) or answer.status >= 500:
        errors.refuse(answer, what=offer.words, tenant=client.tenant, scope=offer.right)
    said = f"ServiceTitan answered an empty request for {offer.words} with {answer.status}: {errors.problem(answer)}."
    action = "Look in ServiceTitan whether something empty was made, and set probe_by_empty_body to no."
    return Finding(offer.words, Verdict.MISSING, said, action if answer.status < 300 else offer.otherwise)


async def _finding(client: Client, offer: _Offer) -> Finding:
    """Whether what was made can be found again, without which an answer that was lost would be sent twice."""
    subject, scope = f"{offer.listed.path} found again", offer.listed.scope
    filtered = ((offer.known_by, _NOBODY),) if offer.known_by else ()
    answer = await client.ask(offer.listed, (*filtered, ("page", "1"), ("pageSize", "1")))
    if answer.status == 200 and offer.known_by and _shows_any(answer):
        said = (
            f"ServiceTitan shows {offer.words} that were not asked for by the filter '{offer.known_by}', so one whose answer "
            "was lost could not be told from one that is not there."
        )
        return Finding(subject, Verdict.MISSING, said, f"Ask ServiceTitan's support. {offer.otherwise}")
    if answer.status == 200:
        return Finding(
            subject, Verdict.GOOD, f"ServiceTitan shows {offer.words} in a list, by which a lost answer is found."
        )
    if answer.status == 403 and not errors.is_wrong_tenant(answer):
        said = f"ServiceTitan shows no {offer.words}, so one whose answer was lost could be made twice: {scope} is refused."
        return Finding(subject, Verdict.MISSING, said, check.remedy(scope))
    if answer.status in (401, 403, 429) or answer.status >= 500:
        errors.refuse(answer, what=offer.listed.path, tenant=client.tenant, scope=scope)
    said = f"ServiceTitan answered the list of {offer.words} with {answer.status}: {errors.problem(answer)}."
    return Finding(subject, Verdict.MISSING, said, f"Ask ServiceTitan's support. {offer.otherwise}")


def _shows_any(answer: Answer) -> bool:
    """Whether a page has rows, or what it has cannot be told."""
    try:
        return bool(msgspec.json.decode(answer.body, type=_Rows).data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True
