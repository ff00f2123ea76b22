"""A record's whole life: every version, what was decided, sent and answered, and who did what when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.audit import Entry, timeline
from ml_connector.canonical.numbers import number_key
from ml_connector.connectors.writing import Step
from ml_connector.errors import BadInput, NotFound
from ml_connector.integrations.decisions import Waiting
from ml_connector.sealing import Sealer
from ml_connector.service.awaiting import awaiting
from ml_connector.service.clearing.report import deposit_of
from ml_connector.service.clearing.shapes import ClearedDeposit
from ml_connector.service.desk import Desk, Reading, made
from ml_connector.service.doubles import Double, doubles_of
from ml_connector.service.exchanges import Exchange, exchanges_of
from ml_connector.service.finding import opened_document, party_name
from ml_connector.service.following import with_its_own
from ml_connector.service.roles import READERS
from ml_connector.service.standing import standing_of
from ml_connector.service.tallies import in_currency, opened_wait, title_of
from ml_connector.service.tracking import TrackedBill, tracking_of
from ml_connector.sync import plan
from ml_connector.sync.release import holds
from ml_connector.sync.states import IntentState, State

_step = msgspec.json.Decoder(Step)


@dataclass(frozen=True, slots=True)
class Version:
    """One version as it was read, and what became of it."""

    version_id: int
    sequence: int
    run_id: int
    read_at: datetime
    stamp: str
    number: str
    date: Any
    amount: Decimal
    currency: str
    state: str
    why: str
    changed_at: datetime
    document: Any
    waits: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the preview shows, and who approved it."""

    version_id: int
    planned_at: datetime
    approved_at: datetime | None
    approved_by: str | None
    decision: Any


@dataclass(frozen=True, slots=True)
class Intent:
    """One step that was committed before it was sent: exactly these bytes, and why it was not done if it was not."""

    intent_id: int
    version_id: int
    step: int
    entity: str
    action: str
    state: str
    made_at: datetime
    settled_at: datetime | None
    target_id: str | None
    body: Any
    why: str


@dataclass(frozen=True, slots=True)
class Link:
    """That document here is this document there.

    ``status``: where it stands there as last read, in the target's own word; ``standing`` in the word of ``status``'s
    table where that is not posted. ``trouble``: what is wrong with it there, in a sentence, ``action`` who does what about
    it. All are empty for what has no state.
    """

    target_entity: str
    target_id: str
    origin: str
    made_at: datetime
    status: str = ""
    trouble: str = ""
    action: str = ""
    standing: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """Everything that is known of one record. ``released`` is what a person let go on, as far as it still holds.

    ``doubles``: its documents at the target, where it has more than one. ``tracking``: of a document that is only tracked,
    what it was matched with; ``deposit``: of a bank deposit, what became of its payments.
    """

    record_id: int
    integration: str
    flow: str
    source_id: str
    reference: str
    party: str
    released: tuple[str, ...]
    versions: tuple[Version, ...]
    plan: Plan | None
    intents: tuple[Intent, ...]
    link: Link | None
    exchanges: tuple[Exchange, ...]
    timeline: tuple[Entry, ...]
    doubles: tuple[Double, ...] = ()
    tracking: TrackedBill | None = None
    deposit: ClearedDeposit | None = None


async def find_record(desk: Desk, wanted: str) -> int:
    """The record meant by ``#12`` or 12, a source id, a document number or a ledger id. Raises NotFound, BadInput."""
    desk.require(*READERS)
    text = wanted.strip()
    exact = text.removeprefix("#")
    record_id = int(exact) if exact.isdecimal() and len(exact) < 19 else 0
    async with desk.looking() as reading:
        if text.startswith("#"):
            rows = await reading.all(f"{_FIND} and r.record_id = %s", desk.tenant_id, record_id)
        else:
            rows = await reading.all(
                f"""{_FIND} and (r.record_id = %s or r.source_id = %s or r.reference = %s or l.target_id = %s
                    or d.number_key = nullif(%s, ''))
                and (f.name <> all(%s::text[]) or r.reference = %s) order by r.record_id limit 9""",
                desk.tenant_id, record_id, text, text, text, number_key(text), _followers(desk), text,
            )  # fmt: skip
    rows = [row for row in rows if row[5] not in _NOT_OF_THE_KIND] or rows
    if len(rows) == 1:
        return int(rows[0][0])
    if not rows:
        raise NotFound(
            f"There is no record {wanted!r}: give a document's number, its id in the source, or #<record>. "
            "'ml-connector records NAME' finds records by a name."
        )
    shown = ", ".join(f"#{row[0]} ({_told(desk, row)})" for row in rows)
    raise BadInput(f"{wanted!r} could be several records: {shown}. Say which by its #number, as in '#{rows[0][0]}'.")


#: Why a contact is passed over by the flow of a role that it does not have; it is meant only where there is no other.
_NOT_OF_THE_KIND = ("contact_of_another_role", "contact_without_documents")
_FIND = """
    select r.record_id, f.name, r.source_id, d.number, s.state, s.reason, i.kind
    from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join integration i on i.tenant_id = f.tenant_id and i.integration_id = f.integration_id
    join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
    left join link l on l.tenant_id = r.tenant_id and l.integration_id = f.integration_id and l.entity = f.name
         and l.source_id = r.source_id
    where r.tenant_id = %s"""


def _told(desk: Desk, row: Sequence[Any]) -> str:
    """A record among several that may be meant; parties have no number, but one way of two."""
    _, flow, source_id, number, state, _, kind = row
    what = f"number {number}" if number else desk.runtime.integrations[kind].flow(flow).title
    return f"{flow} {source_id}, {what}, {State(state).word}"


def _followers(desk: Desk) -> list[str]:
    """Flows whose documents are another flow's; a number means the record of the flow they follow."""
    return [flow.name for kind in desk.runtime.integrations.values() for flow in kind.flows if flow.follows]


async def explain(desk: Desk, wanted: str) -> Life:
    """The whole life of a record. Raises NotFound, and BadInput when several are meant."""
    record_id = await find_record(desk, wanted)
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        head = await reading.one(_HEAD, desk.tenant_id, record_id)
        assert head is not None
        versions = await _versions(reading, sealer, record_id)
        newest = versions[-1]
        if later := (await awaiting(reading, sealer, desk.clock.now(), [newest.version_id])).get(newest.version_id):
            versions = (*versions[:-1], replace(newest, why=later))
        story = tuple(await timeline(reading.connection, desk.tenant_id, record_id, sealer))
        if newest.state == State.SKIPPED.word:
            versions = (*versions[:-1], replace(newest, why=_passed_over(newest, story)))
        intents, link = await _intents(reading, sealer, record_id), await _link(desk, reading, record_id, head)
        versions = (*versions[:-1], _voided(versions[-1], intents, link))
        return made(
            Life, record_id, *head[:4], party_name(opened_document(sealer, head[4], head[5])),
            await _released(reading, record_id, newest.version_id),
            versions, await _plan(reading, sealer, newest.version_id), intents,
            link, await exchanges_of(reading, sealer, record_id),
            story, await doubles_of(reading, sealer, record_id), await tracking_of(desk, reading, sealer, record_id),
            await deposit_of(desk, reading, sealer, record_id),
        )  # fmt: skip


def _voided(version: Version, intents: Sequence[Intent], link: Link | None) -> Version:
    """A version that is posted in that what was made of the record there was made void, with that as the reason."""
    void = link is not None and any(
        (one.version_id, one.action, one.state, one.target_id) == (version.version_id, "void", "done", link.target_id)
        for one in intents
    )
    return replace(version, why="what was made of it there was voided") if void and not version.why else version


def _passed_over(version: Version, story: Sequence[Entry]) -> str:
    """Why a rule passed a version over, with what it says of this very document where that was the last thing done."""
    last = [one for one in story if one.version_id == version.version_id][-1:]
    told = [
        str(one.details["sentence"]).rstrip(".")
        for one in last
        if one.kind == "skipped" and one.details.get("sentence")
    ]
    return f"{version.why} ({told[0]})" if told else version.why


_HEAD = """
    select i.kind, f.name, r.source_id, r.reference, d.content_hash, d.canonical
    from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join integration i on i.tenant_id = f.tenant_id and i.integration_id = f.integration_id
    join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
    where r.tenant_id = %s and r.record_id = %s"""
_RELEASED = "select code, version_id from release where tenant_id = %s and record_id = %s order by at"


async def _released(reading: Reading, record_id: int, version_id: int) -> tuple[str, ...]:
    """What a person has let go on, as far as it holds for the newest version."""
    rows = await reading.all(_RELEASED, reading.tenant_id, record_id)
    return tuple(code for code, released in rows if holds(code, released, version_id))


_VERSIONS = """
    select d.version_id, d.sequence, d.run_id, d.read_at, d.stamp, d.number, d.document_date, d.amount, d.currency,
           s.state, s.reason, s.changed_at, d.content_hash, d.canonical
    from document d join version_state s on s.tenant_id = d.tenant_id and s.version_id = d.version_id
    where d.tenant_id = %s and d.record_id = %s order by d.sequence"""


async def _versions(reading: Reading, sealer: Sealer, record_id: int) -> tuple[Version, ...]:
    rows = await reading.all(_VERSIONS, reading.tenant_id, record_id)
    waits: dict[int, list[Waiting]] = {}
    for flow_id, version_id, detail in await reading.all(
        """select flow_id, version_id, detail from wait
        where tenant_id = %s and version_id = any(%s::bigint[]) order by position""",
        reading.tenant_id, [row[0] for row in rows],
    ):  # fmt: skip
        one = await with_its_own(reading, sealer, flow_id, opened_wait(sealer, detail))
        waits.setdefault(version_id, []).append(one)
    return tuple(
        made(
            Version, *row[:7], in_currency(row[7], row[8]), row[8], State(row[9]).word,
            title_of(row[10]) if row[10] else "",
            row[11], msgspec.to_builtins(opened_document(sealer, row[12], row[13])), tuple(waits.get(row[0], ())),
        )
        for row in rows
    )  # fmt: skip


async def _plan(reading: Reading, sealer: Sealer, version_id: int) -> Plan | None:
    row = await reading.one(
        """select version_id, planned_at, approved_at, approved_by, body from plan
        where tenant_id = %s and version_id = %s""",
        reading.tenant_id, version_id,
    )  # fmt: skip
    return made(Plan, *row[:4], shown_decision(sealer.open(b"plan", row[4]))) if row else None


def shown_decision(body: bytes) -> Any:
    """A stored plan, its payloads readable."""
    shown = msgspec.to_builtins(plan.decode(body))
    for step, raw in zip(shown.get("steps", ()), getattr(plan.decode(body), "steps", ()), strict=False):
        step["body"] = readable(raw.body)
    return shown


async def _intents(reading: Reading, sealer: Sealer, record_id: int) -> tuple[Intent, ...]:
    rows = await reading.all(
        """select intent_id, version_id, step, entity, action, state, made_at, settled_at, target_id, payload, why
        from intent where tenant_id = %s and record_id = %s order by intent_id""",
        reading.tenant_id, record_id,
    )  # fmt: skip
    return tuple(
        made(
            Intent, *row[:5], IntentState(row[5]).name.lower(), *row[6:9],
            readable(_step.decode(sealer.open(b"intent", row[9])).body),
            sealer.open(b"why", row[10]).decode() if row[10] else "",
        )
        for row in rows
    )  # fmt: skip


_LINK = """
    select {shown}, l.origin, l.made_at from record r
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join link l on l.tenant_id = r.tenant_id and l.integration_id = f.integration_id and l.entity = {flow}
         and {found} = r.source_id
    where r.tenant_id = %s and r.record_id = %s"""
_FORWARD = _LINK.format(shown="l.target_entity, l.target_id", flow="f.name", found="l.source_id")
_BACK = _LINK.format(shown="l.entity, l.source_id", flow="%s", found="l.target_id")


async def _link(desk: Desk, reading: Reading, record_id: int, head: Sequence[Any]) -> Link | None:
    """Its counterpart; of a flow that mirrors another the link is that one's."""
    kind, flow, _, _, content_hash, canonical = head
    mirrored = desk.runtime.integrations[kind].flow(flow).mirrors
    query, first = (_BACK, (mirrored,)) if mirrored else (_FORWARD, ())
    row = await reading.one(query, *first, reading.tenant_id, record_id)
    if row is None or mirrored:
        return made(Link, *row) if row else None
    sealer = await desk.sealer()
    there = await standing_of(
        desk, reading, sealer, record_id, row[:2], opened_document(sealer, content_hash, canonical)
    )
    return made(Link, *row, *there)


def readable(body: bytes) -> Any:
    """A payload for reading: JSON as JSON, with its numbers as the texts that were sent; else the text itself."""
    try:
        return json.loads(body, parse_float=str)
    except ValueError:
        return body.decode("utf-8", "replace")
