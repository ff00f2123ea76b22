"""UNREAD: changes that do not leave, since what they would change cannot be read before.

Such a change is tried again by itself. What has been tried for an hour is held, so that somebody sees it; from then on it
goes once a day, and as soon as a list shows its document again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ml_connector.connectors.writing import Step
from ml_connector.integrations.decisions import Waiting, waiting
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.states import UNREAD, IntentState

TOLD_AFTER = timedelta(hours=1)  # of the clock, since the first try in a row
TRIED_AT_LEAST = 12


@dataclass(frozen=True, slots=True)
class Try:
    """A step that did not leave for that, and why."""

    record_id: int
    version_id: int
    step: Step
    why: str


async def given_up(transaction: LaneTransaction, tries: Sequence[Try]) -> dict[int, Waiting]:
    """By version: what is waited for by those that have been tried long enough. Their intents are settled already."""
    counted = await _in_a_row(transaction, tries) if tries else {}
    now = transaction.lane.clock.now()
    return {
        one.version_id: _wait(transaction, one, since)
        for one in tries
        for times, since in (counted.get(one.version_id, (0, now)),)
        if times >= TRIED_AT_LEAST and now - since >= TOLD_AFTER
    }


async def _in_a_row(transaction: LaneTransaction, tries: Sequence[Try]) -> dict[int, tuple[int, datetime]]:
    """By version: how often and since when (clock time) it did not leave for that, and nothing else became of it since."""
    rows = await transaction.all(
        """select i.version_id, count(*), min(i.made_at) from intent i
        where i.tenant_id = %b and i.record_id = any(%b::bigint[]) and i.version_id = any(%b::bigint[]) and i.unread
          and not exists (select 1 from intent o where o.tenant_id = i.tenant_id and o.record_id = i.record_id
                          and o.version_id = i.version_id and o.intent_id > i.intent_id and o.state <> %b)
        group by i.version_id""",
        transaction.lane.tenant_id, [one.record_id for one in tries], [one.version_id for one in tries],
        IntentState.WITHDRAWN.value,
    )  # fmt: skip
    return {version_id: (times, since) for version_id, times, since in rows}


def _wait(transaction: LaneTransaction, one: Try, since: datetime) -> Waiting:
    told = {
        "what": one.step.entity.replace("_", " "),
        "id": one.step.number or one.step.target_id,
        "vendor": transaction.lane.connector.title,
        "since": f"{since:%Y-%m-%d %H:%M} UTC",
        "why": one.why.rstrip("."),
    }
    return waiting("unreadable_there", "fact", f"{one.step.entity}:{one.step.target_id}", **told)


async def shown_again(transaction: LaneTransaction, entity: str, ids: Collection[str]) -> list[str]:
    """Those of the ids, which a list has just shown, that somebody waits for because they could not be read."""
    rows = await transaction.all(
        "select distinct key from wait where tenant_id = %b and kind = 'fact' and key = any(%b::text[]) and code = %b",
        transaction.lane.tenant_id, [f"{entity}:{id_}" for id_ in ids], UNREAD,
    )  # fmt: skip
    return [key.removeprefix(f"{entity}:") for (key,) in rows]
