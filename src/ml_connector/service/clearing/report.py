"""``clearing``: the report, one deposit as ``explain`` shows it, and what ``status`` tells of deposits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from ml_connector.canonical.sales import Payment
from ml_connector.errors import BadInput
from ml_connector.integrations.base import Clearing, IntegrationType
from ml_connector.sealing import Sealer
from ml_connector.service.clearing import sums, words
from ml_connector.service.clearing.facts import facts
from ml_connector.service.clearing.shapes import ClearedDeposit, ClearingReport
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.finding import opened_document
from ml_connector.service.integrating import FlowLine, Integration, integration_named, integrations, integrations_in
from ml_connector.service.roles import READERS
from ml_connector.service.tallies import Tally, counted
from ml_connector.sync.states import State


async def clearing(
    desk: Desk, wanted: str = "", *, everything: bool = False, balances: Mapping[str, Decimal] | None = None
) -> ClearingReport:
    """The clearing accounts of an integration, by kind or number; without one, of the only one that reads bank deposits.

    ``everything``: all deposits and not only those to be looked at. ``balances``: what the ledger says that accounts, by
    number, name or id, stand at. Raises NotFound, BadInput.
    """
    desk.require(*READERS)
    integration = await _chosen(desk, wanted)
    rules = _rules(desk, integration)
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        today = await _today(desk, reading)
        known = await facts(reading, sealer, integration, _kind(desk, integration), desk.clock.now())
    deposits = sorted((sums.cleared(one, known) for one in known.deposits), key=sums.by_date)
    found = sums.accounts(known, deposits, today)
    sums.compare(found, balances or {}, deposits, known.kind.target_title)
    for account in found.values():
        account.sentences = (*words.sentences(account), *account.sentences)
    read = Tally()
    for one in deposits:
        read.add(1, one.currency, one.gross)
    return ClearingReport(
        today, integration.title, integration.flow(rules.deposits).mode, known.problem,
        tuple(sorted(found.values(), key=lambda one: (not one.id, one.label))),
        tuple(one for one in deposits if everything or not one.good), read, "" if balances else rules.balances,
    )  # fmt: skip


def balances_of(words: Iterable[str]) -> dict[str, Decimal]:
    """What a person says that accounts stand at, of words such as ``1090=1250.00``. Raises BadInput."""
    found: dict[str, Decimal] = {}
    for word in words:
        account, _, text = word.rpartition("=")
        try:
            found[account] = Decimal(text.replace(",", ""))
        except InvalidOperation:
            account = ""
        if not account or not found[account].is_finite():
            raise BadInput(
                f"The balance {word!r} is none such as 1090=1250.00: an account's number or name, and an amount."
            )
    return found


async def _chosen(desk: Desk, wanted: str) -> Integration:
    if not wanted:
        reads = [one for one in await integrations(desk) if _kind(desk, one).clearing]
        wanted = str(reads[0].integration_id) if len(reads) == 1 else ""
    return await integration_named(desk, wanted)


def _kind(desk: Desk, integration: Integration) -> IntegrationType:
    return desk.runtime.integrations[integration.kind]


def _rules(desk: Desk, integration: Integration) -> Clearing:
    rules = _kind(desk, integration).clearing
    if rules is None:
        raise BadInput(f"{integration.title} reads no bank deposits, so there are no clearing accounts to show.")
    return rules


async def _today(desk: Desk, reading: Reading) -> dt.date:
    row = await reading.one("select zone from tenant where tenant_id = %s", desk.tenant_id)
    assert row is not None
    return desk.clock.now().astimezone(ZoneInfo(row[0])).date()


# --- one record, and what status tells ---------------------------------------------------------------------------


async def deposit_of(desk: Desk, reading: Reading, sealer: Sealer, record_id: int) -> ClearedDeposit | None:
    """A record as a bank deposit, in an open transaction; None where it is none, or is passed over."""
    row = await reading.one(_OF_RECORD, reading.tenant_id, record_id)
    assert row is not None
    integration_id, kind = row[0], desk.runtime.integrations[row[1]]
    if kind.clearing is None or kind.clearing.deposits != row[2]:
        return None
    [integration] = [one for one in await integrations_in(desk, reading) if one.integration_id == integration_id]
    known = await facts(reading, sealer, integration, kind, desk.clock.now())
    return next((sums.cleared(one, known) for one in known.deposits if one.record_id == record_id), None)


_OF_RECORD = """
    select f.integration_id, i.kind, f.name
    from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join integration i on i.tenant_id = f.tenant_id and i.integration_id = f.integration_id
    where r.tenant_id = %s and r.record_id = %s"""
_FOUND = """
    select finding, count(*) from tracking where tenant_id = %s and flow_id = %s group by finding"""
_KEPT = """
    select d.content_hash, d.canonical, d.currency from version_state s
    join document d on d.tenant_id = s.tenant_id and d.version_id = s.version_id
    join record r on r.tenant_id = s.tenant_id and r.version_id = s.version_id
    where s.tenant_id = %s and s.flow_id = %s and s.state = any(%s::smallint[]) and not exists (
        select 1 from link l where l.tenant_id = r.tenant_id and l.integration_id = %s and l.entity = %s
        and l.source_id = r.source_id)"""


async def attention(desk: Desk, reading: Reading, sealer: Sealer, integration: Integration) -> list[str]:
    """What is wrong with the bank deposits of an integration, a sentence each."""
    rules = _kind(desk, integration).clearing
    if rules is None or integration.flow(rules.deposits).mode == "off":
        return []
    flow, told = integration.flow(rules.deposits), []
    rows = await reading.all(_FOUND, reading.tenant_id, flow.flow_id)
    if untied := sum(count for finding, count in rows if not sums.is_good(finding)):
        told.append(f"{flow.name}: {counted(untied, 'does', 'do')} not tie out, see 'ml-connector clearing'")
    kept = await _kept(reading, sealer, integration, integration.flow(rules.payments))
    if kept.count:
        many = counted(kept.count, "payment is in a bank deposit", "payments are in bank deposits")
        worth = ", ".join(f"{amount:,} {currency}" for currency, amount in sorted(kept.sums.items()))
        told.append(f"{flow.name}: {many} and not in the ledger ({worth}), see 'ml-connector clearing'")
    return told


async def _kept(reading: Reading, sealer: Sealer, integration: Integration, flow: FlowLine) -> Tally:
    """Payments that wait for a person, or were refused, and name a bank deposit."""
    found = Tally()
    states = [State.HELD.value, State.REJECTED.value]
    given = (reading.tenant_id, flow.flow_id, states, integration.integration_id, flow.name)
    for digest, body, currency in await reading.all(_KEPT, *given):
        payment = opened_document(sealer, digest, body)
        if isinstance(payment, Payment) and payment.deposit.id:
            found.add(1, currency, payment.amount)
    return found
