"""Counts with their sums, and the causes for which documents wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, is_exact, quantum
from ml_connector.errors import Acts
from ml_connector.integrations.decisions import Waiting
from ml_connector.integrations.reasons import REASONS
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Reading

_waiting = msgspec.json.Decoder(Waiting)


@dataclass(slots=True)
class Tally:
    """How many, and how much per currency (document currency; nothing for parties, which carry no amount)."""

    count: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)

    def add(self, count: int, currency: str, amount: Decimal) -> None:
        """Add some of one currency."""
        self.count += count
        if amount != 0:
            self.sums[currency] = in_currency(self.sums.get(currency, ZERO) + amount, currency)

    def take(self, count: int, currency: str, amount: Decimal) -> None:
        """Take some of one currency away; one of which nothing is left is not named."""
        self.add(-count, currency, -amount)
        if self.sums.get(currency) == 0:
            del self.sums[currency]


@dataclass(frozen=True, slots=True)
class Cause:
    """Everything that waits for the same reason, with one example and the way out."""

    code: str
    title: str
    count: int
    sums: dict[str, Decimal]
    example: str
    action: str
    acts: str

    @property
    def person(self) -> bool:
        """Whether somebody has to do something."""
        return self.acts != Acts.NOBODY


def counted(count: int, one: str, several: str = "") -> str:
    """So many of something, in words that agree with the number: "1 record", "2,000 records".

    ``several`` where that is not ``one`` with an s, such as where a verb follows.
    """
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def in_currency(amount: Decimal, currency: str) -> Decimal:
    """An amount with its currency's digits, where that changes nothing."""
    try:
        return amount.quantize(quantum(currency)) if is_exact(amount, currency) else amount
    except ValueError:
        return amount


def tallied(rows: Iterable[tuple[str, int, str, Decimal]]) -> dict[str, Tally]:
    """Tallies by name of rows (name, count, currency, amount)."""
    found: dict[str, Tally] = {}
    for name, count, currency, amount in rows:
        found.setdefault(name, Tally()).add(count, currency, amount)
    return found


def title_of(code: str) -> str:
    """The heading of a reason; the ledger's own reasons for refusing stand under one of ours, or their code."""
    reason = REASONS.get(code)
    return reason.title if reason else f"The ledger said no: {code.replace('_', ' ')}"


def acts_of(code: str) -> str:
    """Who has to act on a reason."""
    reason = REASONS.get(code)
    return str(reason.acts if reason else Acts.BOOKKEEPER)


_CAUSES = """
    select w.flow_id, w.code, count(distinct w.version_id), d.currency, sum(d.amount)
    from (select distinct tenant_id, flow_id, code, version_id from wait
          where tenant_id = %s and flow_id = any(%s::int[])) w
    join document d on d.tenant_id = w.tenant_id and d.version_id = w.version_id
    group by w.flow_id, w.code, d.currency"""
_EXAMPLES = """
    select distinct on (flow_id, code) flow_id, code, detail from wait
    where tenant_id = %s and flow_id = any(%s::int[]) order by flow_id, code, since, version_id, position"""


async def causes_in(reading: Reading, sealer: Sealer, flow_ids: list[int]) -> dict[int, list[Cause]]:
    """By flow: everything that waits, grouped by cause, the greatest groups first."""
    tallies: dict[tuple[int, str], Tally] = {}
    for flow_id, code, count, currency, amount in await reading.all(_CAUSES, reading.tenant_id, flow_ids):
        tallies.setdefault((flow_id, code), Tally()).add(count, currency, amount)
    examples = {
        (flow_id, code): opened_wait(sealer, detail)
        for flow_id, code, detail in await reading.all(_EXAMPLES, reading.tenant_id, flow_ids)
    }
    found: dict[int, list[Cause]] = {}
    for (flow_id, code), tally in sorted(tallies.items(), key=lambda one: (-one[1].count, one[0])):
        example = examples[flow_id, code]
        found.setdefault(flow_id, []).append(
            Cause(code, title_of(code), tally.count, tally.sums, example.sentence, example.action, acts_of(code))
        )
    return found


def opened_wait(sealer: Sealer, detail: bytes) -> Waiting:
    """One stored wait."""
    return _waiting.decode(sealer.open(b"wait", detail))


def merged(sums: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """Several sums per currency as one."""
    total = Tally()
    for one in sums:
        for currency, amount in one.items():
            total.add(0, currency, amount)
    return total.sums
