"""Documents of a contact that is gone in the ledger, deleted or merged into another: none of them goes, and each goes on

by itself once its party is linked anew or the contact is there again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml_connector.canonical import documents
from ml_connector.connectors.writing import Action, Later, Outcome, PartyUnread, Rejected, Step
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Decision, Hold, Waiting, Write, waiting
from ml_connector.integrations.drafts import followed
from ml_connector.integrations.recoding import Recode
from ml_connector.integrations.views import View, step_key
from ml_connector.integrations.ways import LEDGERS
from ml_connector.sync.coming import makes_parties
from ml_connector.sync.contact_unread import asked_now, what_is_wrong
from ml_connector.sync.directory import entry_name
from ml_connector.sync.flows import Flow
from ml_connector.sync.gone import file_gone
from ml_connector.sync.intents import Intended
from ml_connector.sync.items import Item
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.standing import read_there

PARTIES = "parties"
_ALSO = "It also goes on by itself when the contact is shown there again."


def leans(step: Step, flow: FlowType) -> bool:
    """Whether a step cannot be without its party: it makes or changes a ledger's document on that one's contact."""
    writes = step.action in (Action.CREATE, Action.UPDATE) and step.entity != PARTIES
    return writes and bool(step.party_id) and flow.target_vendor in LEDGERS


# --- a refusal as the first sign ---------------------------------------------------------------------------------------


async def refused_on_gone(lane: Lane, refused: Sequence[tuple[Intended, Rejected]]) -> dict[int, Outcome]:
    """Of refused steps, those whose contact is not there any more are planned again; where it cannot be read, they wait.

    What the ledger's code says may be many things (``Connector.gone_codes``), so the contact is asked for by its id.
    Raises transport.errors, LeaseLost.
    """
    concerned = [(one, outcome) for one, outcome in refused if _may_be_gone(lane, one, outcome)]
    asked = {one.intent_id: one.step.party_id for one, _ in concerned}
    if not asked:
        return {}
    wanted = set(asked.values())
    first = await read_there(lane, PARTIES, wanted, [])
    left = wanted - first.shown.keys()
    again = await read_there(lane, PARTIES, left, []) if left else first  # one answer alone may be a hiccup
    gone = first.absent(left) & again.absent(left)
    await file_gone(lane, PARTIES, gone)
    unread = left - again.shown.keys() - gone
    if unread:
        await asked_now(lane, unread)
    told = "contact {} is not there any more; it is planned again"
    moved: dict[int, Outcome] = {id_: Later(told.format(party)) for id_, party in asked.items() if party in gone}
    return moved | {
        one.intent_id: _unread(outcome, one.step.party_id, what_is_wrong(one.step.party_id, first, again))
        for one, outcome in concerned
        if one.step.party_id in unread
    }


def _unread(outcome: Rejected, party: str, said: str) -> PartyUnread:
    return PartyUnread(
        outcome.code,
        outcome.sentence,
        outcome.action,
        outcome.reason,
        outcome.acts,
        outcome.raw,
        party_id=party,
        said=said,
    )


def _may_be_gone(lane: Lane, one: Intended, outcome: Rejected) -> bool:
    # A recoding that is refused is told to who asked for it, and what was posted stays as it is.
    return outcome.code in lane.connector.gone_codes and one.item.recoding is None and leans(one.step, one.flow.type)


# --- planning ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Gone:
    """A contact as the ledger showed it last."""

    id: str
    name: str


async def held_on_gone(
    transaction: LaneTransaction, flow: Flow, items: Sequence[Item], views: Sequence[View],
    decisions: Sequence[Decision],
) -> list[Decision]:  # fmt: skip
    """The decisions; what would go on a contact that is gone is held, and what is held for something else tells it first."""
    parties = [
        _party(flow, item, view, one) for item, view, one in zip(items, views, decisions, strict=True)
    ]  # fmt: skip
    gone = await _gone(transaction, flow, sorted({one for one in parties if one}))
    return [
        _held(flow, view, decision, gone[party]) if party in gone else decision
        for party, view, decision in zip(parties, views, decisions, strict=True)
    ]


def _party(flow: Flow, item: Item, view: View, decision: Decision) -> str:
    """The contact that what is left of a plan needs; of a new document that is held, the one its party is linked with."""
    if flow.type.target_vendor not in LEDGERS or isinstance(decision, Recode):
        return ""
    if isinstance(decision, Write):
        left = (one for one in decision.steps if step_key(one) not in view.done)
        return next((one.party_id for one in left if leans(one, flow.type)), "")
    if not isinstance(decision, Hold) or view.link is not None:
        return ""
    first = next(iter(flow.type.needs_links(item.document, flow.settings)), None)
    named = first is not None and makes_parties(flow.integration.flow(first[0]))
    return followed(view.links.get(first, ""), view.ledger.parties) if named and first is not None else ""


async def _gone(transaction: LaneTransaction, flow: Flow, ids: Sequence[str]) -> Mapping[str, _Gone]:
    if not ids:
        return {}
    rows = await transaction.all(
        """select object_id, body from directory where tenant_id = %b and connection_id = %b and entity = %b
           and object_id = any(%b::text[]) and state = 'gone'""",
        transaction.lane.tenant_id, flow.target_id, PARTIES, list(ids),
    )  # fmt: skip
    unseal = transaction.lane.sealer.open
    shown = {id_: documents.decode(unseal(entry_name(PARTIES, id_), body)) for id_, body in rows}
    return {id_: _Gone(id_, str(getattr(one, "name", ""))) for id_, one in shown.items()}


def _held(flow: Flow, view: View, decision: Decision, gone: _Gone) -> Hold:
    """It waits for whoever is linked with that contact, and for the contact itself."""
    told = {"contact": f"'{gone.name}' ({gone.id})" if gone.name else gone.id}
    linked = [pair for pair, target in view.links.items() if target == gone.id and _is_party(flow, pair[0])]
    waits = [waiting("contact_gone", "link", f"{name}:{id_}", **told) for name, id_ in sorted(linked)]
    there = f"{PARTIES}:{gone.id}"
    waits.append(
        Waiting("contact_gone", "fact", there, _ALSO, "") if waits else waiting("contact_gone", "fact", there, **told)
    )
    if isinstance(decision, Hold):
        return Hold((*waits, *decision.waits), decision.asks_for)
    return Hold(tuple(waits))


def _is_party(flow: Flow, name: str) -> bool:
    return makes_parties(flow.integration.flow(name))
