"""Choosing records by what people know of them: number, name, state, date, run."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.documents import party_of
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key, number_key
from ml_connector.errors import BadInput, NotFound
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.posted import AWAITING, DRAFTS, STOPPED, STOPPED_THERE, STOPS, WAITS_THERE, all_staged_flows
from ml_connector.sync.states import IN_FLIGHT, State

OPEN = "open"  # everything that is in flight


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records; an empty field does not filter.

    ``text`` is part of a number, a source or ledger id, or part of a party's name; ``party`` is part of its name, or its
    id at the source. ``since`` and ``until`` are document
    dates, both included. ``reason`` is the code of a wait or skip.
    """

    integration_id: int = 0
    flow: str = ""
    state: str = ""
    reason: str = ""
    number: str = ""
    text: str = ""
    party: str = ""
    run_id: int = 0
    record_ids: tuple[int, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None


def told(chosen: Filter) -> dict[str, str]:
    """The filter in words, for the trail; what does not filter is left out."""
    named = {field.name: getattr(chosen, field.name) for field in fields(chosen)}
    return {name: str(value) for name, value in named.items() if value and name != "record_ids"}


@dataclass(slots=True)
class Conditions:
    """SQL conditions on record r, its newest document d, state s, flow f and link l, with their values."""

    parts: list[str]
    values: list[Any]

    def add(self, part: str, *values: Any) -> None:
        """Add one condition."""
        self.parts.append(part)
        self.values.extend(values)

    @property
    def sql(self) -> str:
        """All of them."""
        return " and ".join(self.parts)


#: The newest version of every record, with its flow and link.
RECORDS = """
    from record r
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
    left join link l on l.tenant_id = r.tenant_id and l.integration_id = f.integration_id and l.entity = f.name
         and l.source_id = r.source_id"""


async def conditions(desk: Desk, reading: Reading, sealer: Sealer, chosen: Filter) -> Conditions:
    """The filter in SQL. Raises BadInput for a state or range that is none, NotFound for a flow or a run."""
    _refuse_backwards(chosen)
    found = Conditions(["r.tenant_id = %s"], [desk.tenant_id])
    if chosen.integration_id:
        found.add("f.integration_id = %s", chosen.integration_id)
    if chosen.flow:
        _require_flow(desk, chosen.flow)
        found.add("f.name = %s", chosen.flow)
    if chosen.state:
        await _stands(desk, reading, chosen.state, found)
    if chosen.run_id:
        await _require_run(reading, chosen.run_id)
        found.add("s.run_id = %s", chosen.run_id)
    if chosen.record_ids:
        found.add("r.record_id = any(%s::bigint[])", list(chosen.record_ids))
    if chosen.number:
        found.add("d.number_key = %s", number_key(chosen.number))
    if chosen.since:
        found.add("d.document_date >= %s", chosen.since)
    if chosen.until:
        found.add("d.document_date <= %s", chosen.until)
    if chosen.reason:
        found.add(
            """(s.reason = %s or exists (select 1 from wait w where w.tenant_id = s.tenant_id
                and w.version_id = s.version_id and w.code = %s))""",
            chosen.reason, chosen.reason,
        )  # fmt: skip
    if chosen.party:
        parties = [chosen.party, *await _parties_named(desk, reading, sealer, chosen.party)]
        found.add(
            "(d.party_id = any(%s::text[]) or f.name = any(%s::text[]) and r.source_id = any(%s::text[]))",
            parties, _party_flows(desk), parties,
        )  # fmt: skip
    if chosen.text:
        await _text(desk, reading, sealer, chosen.text, found)
    return found


def _refuse_backwards(chosen: Filter) -> None:
    if chosen.since and chosen.until and chosen.since > chosen.until:
        raise BadInput(
            f"No document is dated from {chosen.since} to {chosen.until}: the first day is after the last; turn them round."
        )


async def _require_run(reading: Reading, run_id: int) -> None:
    row = await reading.one("select kind from run where tenant_id = %s and run_id = %s", reading.tenant_id, run_id)
    if row is None:
        raise NotFound(f"There is no run {run_id}: 'ml-connector explain RECORD --json' names the run of each version.")
    if row[0] == "replay":
        raise BadInput(f"Run {run_id} is a replay, which reads nothing: name the run that read the records.")


def _require_flow(desk: Desk, name: str) -> None:
    names = list(dict.fromkeys(flow.name for kind in desk.runtime.integrations.values() for flow in kind.flows))
    if name not in names:
        raise NotFound(f"There is no flow {name!r}; there are {', '.join(names)}.")


def state_named(word: str) -> State:
    """The state of that word. Raises BadInput listing them."""
    for state in State:
        if state.word == word.strip().lower():
            return state
    known = [*(state.word for state in State), AWAITING, STOPPED, OPEN]
    raise BadInput(f"{word!r} is no state of a record; the states are {', '.join(known)}.")


async def _stands(desk: Desk, reading: Reading, wanted: str, found: Conditions) -> None:
    """Only records of a state, in the words of ``status``: posted is what neither awaits approval nor was stopped there."""
    asked = wanted.strip().lower()
    if asked == OPEN:
        found.add("s.state = any(%s::smallint[])", [state.value for state in IN_FLIGHT])
        return
    state = State.POSTED if asked in (AWAITING, STOPPED) else state_named(wanted)
    found.add("s.state = %s", state.value)
    if state is not State.POSTED:
        return
    staged = await all_staged_flows(desk, reading)
    if asked == AWAITING:
        found.add(WAITS_THERE, DRAFTS)
    elif asked == STOPPED:
        found.add(STOPPED_THERE, STOPS, staged)
    else:
        found.add(f"not {WAITS_THERE} and not {STOPPED_THERE}", DRAFTS, STOPS, staged)


async def _text(desk: Desk, reading: Reading, sealer: Sealer, text: str, found: Conditions) -> None:
    parties = await _parties_named(desk, reading, sealer, text)
    found.add(
        """(strpos(lower(d.number), lower(%s)) > 0 or r.source_id = %s or l.target_id = %s or r.reference = %s
            or d.party_id = any(%s::text[]) or (f.name = any(%s::text[]) and r.source_id = any(%s::text[])))""",
        text, text, text, text, parties, _party_flows(desk), parties,
    )  # fmt: skip


def _party_flows(desk: Desk) -> list[str]:
    """Flows whose documents are parties."""
    return [
        flow.name
        for kind in desk.runtime.integrations.values()
        for flow in kind.flows
        if not (flow.dated or flow.follows)
    ]


async def _parties_named(desk: Desk, reading: Reading, sealer: Sealer, text: str) -> list[str]:
    """Source ids of parties whose name contains the text. Names are sealed, so the parties are opened one by one."""
    rows = await reading.all(
        """select r.source_id, d.content_hash, d.canonical from record r
        join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
        where r.tenant_id = %s and f.name = any(%s::text[])""",
        desk.tenant_id, _party_flows(desk),
    )  # fmt: skip
    wanted = name_key(text)
    return [
        source_id
        for source_id, content_hash, canonical in rows
        if isinstance(party := opened_document(sealer, content_hash, canonical), Party)
        and wanted in name_key(party.name)
    ]


def opened_document(sealer: Sealer, content_hash: bytes, canonical: bytes) -> documents.Document:
    """A stored version's canonical document."""
    return documents.decode(sealer.open(b"canonical " + content_hash, canonical))


def party_name(document: documents.Document) -> str:
    """Whose document it is, as people say it; of a party its own name."""
    party = party_of(document)
    return party.name or party.id if party is not None else str(getattr(document, "name", ""))
