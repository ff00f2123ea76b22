"""A recoding as it is shown: each posted document that gets another coding, sums from old to new, and what stays, and why."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.errors import NotFound
from ml_connector.integrations.coding import Coded
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading, made
from ml_connector.service.finding import RECORDS, opened_document, party_name
from ml_connector.service.previewing import AGAIN
from ml_connector.service.roles import READERS
from ml_connector.service.tallies import in_currency
from ml_connector.sync.recoding import SEALED_AS, Outcome, Told, decode
from ml_connector.sync.states import State

WAITING, ON_ITS_WAY = "waiting", "on its way"
_RECORDS = f"""
    select r.record_id, f.name, d.number, d.content_hash, d.canonical, d.document_date, d.currency, m.outcome, m.told,
           m.ended_at is null, coalesce(encode(coalesce(p.renewed_digest, p.digest), 'hex'), ''),
           s.state = {State.PLANNED.value} and p.approved_at is null or {AGAIN} {RECORDS}
    join recoded m on m.tenant_id = r.tenant_id and m.record_id = r.record_id
    left join plan p on p.tenant_id = r.tenant_id and p.version_id = r.version_id
    where m.tenant_id = %s and m.recoding_id = %s and m.outcome <> '{Outcome.SAME.value}' order by r.record_id"""


@dataclass(frozen=True, slots=True)
class RecodedDocument:
    """One posted document of a recoding, and its lines that change.

    ``outcome``: waiting (to be looked at), planned (to be approved: ``digest`` is what is approved), on its way, recoded,
    left, refused, overtaken or withdrawn. ``sentence`` and ``action``: why it is not, and what to do.
    """

    record_id: int
    flow: str
    number: str
    party: str
    date: dt.date | None
    currency: str
    outcome: str
    lines: tuple[Coded, ...] = ()
    digest: str = ""
    sentence: str = ""
    action: str = ""

    @property
    def amount(self) -> Decimal:
        """What of it changes, without tax; negative on a credit."""
        return in_currency(sum((line.amount for line in self.lines), ZERO), self.currency)


@dataclass(frozen=True, slots=True)
class RecodedPair:
    """All lines that go from one account, tracking or tax type to another: how many, and their sum without tax."""

    what: str
    was: str
    becomes: str
    currency: str
    lines: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RecodingReport:
    """A recoding and what it does, or has done. ``counts`` are by outcome; ``same``: the ledger shows it so already."""

    recoding_id: int
    integration_id: int
    integration: str
    table: str
    keys: tuple[str, ...]
    since: dt.date | None
    until: dt.date | None
    begun_by: str
    begun_at: dt.datetime
    counts: dict[str, int]
    pairs: tuple[RecodedPair, ...]
    documents: tuple[RecodedDocument, ...]

    @property
    def to_approve(self) -> tuple[RecodedDocument, ...]:
        """What waits for an approver."""
        return tuple(one for one in self.documents if one.outcome == Outcome.PLANNED)


@dataclass(frozen=True, slots=True)
class RecodingLine:
    """A recoding among others: of what, by whom, and how many of its documents have come how far."""

    recoding_id: int
    integration_id: int
    integration: str
    table: str
    keys: tuple[str, ...]
    since: dt.date | None
    until: dt.date | None
    begun_by: str
    begun_at: dt.datetime
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class RecodingList:
    """All recodings, the newest first."""

    recodings: tuple[RecodingLine, ...]


_JOBS = """
    select j.recoding_id, j.integration_id, i.kind, j.table_name, j.keys, j.since, j.until, j.begun_by, j.begun_at
    from recoding j join integration i using (tenant_id, integration_id)"""


async def recodings(desk: Desk) -> RecodingList:
    """All recodings, the newest first."""
    desk.require(*READERS)
    async with desk.looking() as reading:
        jobs = await reading.all(f"{_JOBS} where j.tenant_id = %s order by j.recoding_id desc", desk.tenant_id)
        rows = await reading.all(
            """select recoding_id, case when outcome = '' then 'waiting' else outcome end, count(*) from recoded
            where tenant_id = %s group by 1, 2""",
            desk.tenant_id,
        )  # fmt: skip
    counts: dict[int, dict[str, int]] = {}
    for recoding_id, outcome, count in rows:
        counts.setdefault(recoding_id, {})[outcome] = count
    return RecodingList(tuple(made(RecodingLine, *_head(job), counts.get(job[0], {})) for job in jobs))


async def recoding(desk: Desk, recoding_id: int = 0) -> RecodingReport:
    """One recoding, or the newest when its number is 0. Raises NotFound."""
    desk.require(*READERS)
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        job = await reading.one(
            f"{_JOBS} where j.tenant_id = %s and %s in (0, j.recoding_id) order by j.recoding_id desc limit 1",
            desk.tenant_id, recoding_id,
        )  # fmt: skip
        if job is None:
            which = f"no recoding {recoding_id}" if recoding_id else "no recoding yet"
            raise NotFound(f"There is {which}: 'ml-connector recode begin TABLE' begins one.")
        documents = await _documents(reading, sealer, job[0])
        same = await reading.one(
            "select count(*) from recoded where tenant_id = %s and recoding_id = %s and outcome = %s",
            desk.tenant_id, job[0], Outcome.SAME.value,
        )  # fmt: skip
    counts = Counter(one.outcome for one in documents)
    counts.update({Outcome.SAME.value: same[0]} if same and same[0] else {})
    return made(RecodingReport, *_head(job), dict(sorted(counts.items())), _pairs(documents), documents)


def _head(job: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*job[:4], tuple(job[4]), *job[5:])


async def _documents(reading: Reading, sealer: Sealer, recoding_id: int) -> tuple[RecodedDocument, ...]:
    rows = await reading.all(_RECORDS, reading.tenant_id, recoding_id)
    return tuple(_document(sealer, row) for row in rows)


def _document(sealer: Sealer, row: tuple[Any, ...]) -> RecodedDocument:
    record_id, flow, number, content_hash, canonical, date, currency, outcome, sealed, open_, digest, asked = row
    told = decode(sealer.open(SEALED_AS, sealed)) if sealed else Told()
    lines = tuple(_in_currency(line, currency) for line in told.lines)
    shown = (WAITING if not outcome else outcome if asked else ON_ITS_WAY) if open_ else outcome
    return RecodedDocument(
        record_id, flow, number, party_name(opened_document(sealer, content_hash, canonical)), date, currency, shown,
        lines, digest if shown == Outcome.PLANNED else "", told.sentence, told.action,
    )  # fmt: skip


def _in_currency(line: Coded, currency: str) -> Coded:
    return msgspec.structs.replace(line, amount=in_currency(line.amount, currency))


_MOVED = (Outcome.PLANNED, ON_ITS_WAY, Outcome.RECODED)


def _pairs(documents: Iterable[RecodedDocument]) -> tuple[RecodedPair, ...]:
    """Of what is to be recoded, or was."""
    count: Counter[tuple[str, str, str, str]] = Counter()
    sums: dict[tuple[str, str, str, str], Decimal] = {}
    for one in documents:
        for line in one.lines if one.outcome in _MOVED else ():
            key = (line.what, line.was, line.becomes, one.currency)
            count[key] += 1
            sums[key] = sums.get(key, ZERO) + line.amount
    return tuple(RecodedPair(*key, count[key], in_currency(sums[key], key[3])) for key in sorted(count))
