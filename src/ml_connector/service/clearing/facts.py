"""What is known of bank deposits, of the payments in them, and of the clearing accounts that payments are booked on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Account
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Deposit, Payment
from ml_connector.integrations.base import Clearing, IntegrationType
from ml_connector.integrations.tracked import Track
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Reading
from ml_connector.service.finding import opened_document
from ml_connector.service.integrating import FlowLine, Integration
from ml_connector.service.mapping.rows import EVER, Row, rows_in
from ml_connector.service.tallies import opened_wait, title_of
from ml_connector.sync.directory import entry_name
from ml_connector.sync.refused import REFUSED, why_of
from ml_connector.sync.states import IN_FLIGHT, State
from ml_connector.sync.tracked import opened

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Known:
    """A payment of the source. ``amount`` in ``currency``, negative for money given back.

    ``booked``: it stands in the ledger, on ``account`` (an id; empty where no money moves, or nobody has said where it
    goes); else it is meant for it, and ``why`` and ``action`` tell what keeps it. ``deposit`` is the one it names itself.
    """

    id: str
    record_id: int
    amount: Decimal
    currency: str
    date: dt.date | None
    number: str
    account: str
    booked: bool
    active: bool
    method: str
    deposit: Ref
    stamp: str = ""
    why: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """A bank deposit as it was read, and whether it adds up. ``currency`` is empty where it has several."""

    record_id: int
    deposit: Deposit
    track: Track


@dataclass(frozen=True, slots=True)
class Types:
    """The mapping table of payment types: which account of the ledger a payment's money goes to."""

    rules: Clearing
    rows: Sequence[Row]

    def account(self, method: Ref, on: dt.date | None) -> str:
        """The account's id on a day; empty where it is no account, or nobody has said."""
        key, day = self.rules.key(method), on or EVER
        valid = (row for row in self.rows if row.key == key and row.valid_from <= day <= row.valid_until)
        return next((self.rules.account(row.value) for row in valid), "")

    def of_account(self) -> dict[str, list[str]]:
        """Account ids with the payment types that go there at some time."""
        found: dict[str, list[str]] = {}
        for row in self.rows:
            if (account := self.rules.account(row.value)) and row.key not in found.setdefault(account, []):
                found[account].append(row.key)
        return found


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a report is made of, of an integration of ``kind``.

    ``problem`` says why deposits are not read, where the source refuses them.
    """

    kind: IntegrationType
    types: Types
    accounts: Mapping[str, Account]
    payments: Mapping[str, Known]
    deposits: Sequence[Taken]
    names: Mapping[str, str] = field(default_factory=dict)  # of payment types
    problem: str = ""
    naming: Mapping[str, Sequence[Known]] = field(default_factory=dict)  # payments by the deposit that they name


async def facts(
    reading: Reading, sealer: Sealer, integration: Integration, kind: IntegrationType, now: dt.datetime
) -> Facts:
    """From one open transaction, of an integration that reads bank deposits."""
    rules = kind.clearing
    assert rules is not None
    types = Types(rules, await rows_in(reading, integration, rules.table))
    flow, entity = integration.flow(rules.deposits), kind.table(rules.table).target_entity
    methods: dict[str, str] = {}
    payments = await _payments(reading, sealer, integration, types, methods)
    return Facts(
        kind, types, await _accounts(reading, sealer, flow, entity, types), payments,
        await _deposits(reading, sealer, flow), methods, await _problem(reading, flow, now), _naming(payments.values()),
    )  # fmt: skip


def _naming(payments: Iterable[Known]) -> dict[str, list[Known]]:
    found: dict[str, list[Known]] = {}
    for one in payments:
        if one.deposit.id:
            found.setdefault(one.deposit.id, []).append(one)
    return found


async def _accounts(reading: Reading, sealer: Sealer, flow: FlowLine, entity: str, types: Types) -> dict[str, Account]:
    """The ledger's accounts that payment types go to."""
    rows = await reading.all(
        """select object_id, body from directory
        where tenant_id = %s and connection_id = %s and entity = %s and object_id = any(%s::text[])""",
        reading.tenant_id, flow.target_id, entity, sorted(types.of_account()),
    )  # fmt: skip
    found = (documents.decode(sealer.open(entry_name(entity, id), body)) for id, body in rows)
    return {one.id: one for one in found if isinstance(one, Account)}


_PAYMENTS = """
    select r.record_id, r.source_id, s.state, s.reason, d.currency, d.content_hash, d.canonical, w.detail,
           l.target_entity, e.object_id, e.body, e.state = 'gone'
    from record r
    join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
    left join wait w on w.tenant_id = r.tenant_id and w.version_id = r.version_id and w.position = 0
    left join link l on l.tenant_id = r.tenant_id and l.integration_id = %s and l.entity = %s
         and l.source_id = r.source_id
    left join directory e on e.tenant_id = r.tenant_id and e.connection_id = %s and e.entity = l.target_entity
         and e.object_id = l.target_id
    where r.tenant_id = %s and r.flow_id = %s and r.record_id > %s order by r.record_id limit %s"""


async def _payments(
    reading: Reading, sealer: Sealer, integration: Integration, types: Types, methods: dict[str, str]
) -> dict[str, Known]:
    """By the source's id. ``methods`` takes in what payment types are called."""
    flow = integration.flow(types.rules.payments)
    given = (integration.integration_id, flow.name, flow.target_id, reading.tenant_id, flow.flow_id)
    found: dict[str, Known] = {}
    after = 0
    while rows := await reading.all(_PAYMENTS, *given, after, _AT_ONCE):
        after = rows[-1][0]
        for record_id, id, state, reason, currency, digest, body, wait, entity, there_id, there, gone in rows:
            payment = opened_document(sealer, digest, body)
            assert isinstance(payment, Payment)
            methods.setdefault(types.rules.key(payment.method), payment.method.name)
            shown = documents.decode(sealer.open(entry_name(entity, there_id), there)) if there is not None else None
            booked = entity is not None and not gone and bool(getattr(shown, "active", True))
            why, action = ("", "") if booked else _why(sealer, State(state), reason, wait)
            stated = shown.currency if isinstance(shown, Payment) else ""
            found[id] = Known(
                id, record_id, payment.amount, stated or currency, payment.date, payment.number,
                _booked_on(payment, entity or "", shown if booked else None, types), booked, payment.active,
                payment.method.name or types.rules.key(payment.method), payment.deposit, payment.stamp, why, action,
            )  # fmt: skip
    return found


def _booked_on(payment: Payment, entity: str, shown: documents.Document | None, types: Types) -> str:
    """The account the ledger shows it on; where it does not show one, the account that its type goes to."""
    if entity and entity not in types.rules.money:
        return ""
    there = shown.bank_account.id if isinstance(shown, Payment) else ""
    return there or types.account(payment.method, payment.date)


def _why(sealer: Sealer, state: State, reason: str, wait: bytes | None) -> tuple[str, str]:
    """What keeps a payment out of the ledger, and what to do."""
    if wait is not None:
        held = opened_wait(sealer, wait)
        return held.sentence, held.action
    if state in IN_FLIGHT:
        return "It is on its way.", "Nothing to do."
    return f"It was {state.word}: {title_of(reason)}." if reason else f"It is {state.word}.", ""


_DEPOSITS = """
    select t.record_id, d.content_hash, d.canonical, t.detail
    from tracking t join document d on d.tenant_id = t.tenant_id and d.version_id = t.version_id
    where t.tenant_id = %s and t.flow_id = %s and t.record_id > %s order by t.record_id limit %s"""


async def _deposits(reading: Reading, sealer: Sealer, flow: FlowLine) -> list[Taken]:
    """Those that are in force, from the flow's start on, as they were last looked at."""
    found: list[Taken] = []
    after = 0
    while rows := await reading.all(_DEPOSITS, reading.tenant_id, flow.flow_id, after, _AT_ONCE):
        after = rows[-1][0]
        for record_id, digest, body, detail in rows:
            deposit = opened_document(sealer, digest, body)
            assert isinstance(deposit, Deposit)
            found.append(Taken(record_id, deposit, opened(sealer.open(b"tracking", detail))))
    return found


async def _problem(reading: Reading, flow: FlowLine, now: dt.datetime) -> str:
    """Why the source does not let this flow read, empty where it does."""
    row = await reading.one(
        "select cursor from feed where tenant_id = %s and connection_id = %s and name = %s and moved_at > %s",
        reading.tenant_id, flow.source_id, f"{REFUSED}{flow.flow_id}", now,
    )  # fmt: skip
    return why_of(bytes(row[0])).sentence if row is not None else ""
