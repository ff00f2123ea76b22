"""ANSWERED: whether a step's answer shows its party as it was filed, but for what the step itself has set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ml_connector.canonical.master_data import Party
from ml_connector.sync.content import as_listed
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.lists import filed


async def changed_by_us_alone(
    transaction: LaneTransaction, entity: str, answers: Mapping[str, tuple[Party, Sequence[str]]]
) -> set[str]:
    """Ids of the parties that nobody else has changed since they were filed.

    ``answers``: by id what the target shows after a step, with the names of the fields that were sent. Call it before they
    are filed.
    """
    if not answers:
        return set()
    entries = filed(transaction, transaction.lane.connection_id, entity, sorted(answers))
    return {id_ async for id_, one in entries if isinstance(one, Party) and _is_ours(one, *answers[id_])}


def _is_ours(known: Party, answer: Party, sent: Sequence[str]) -> bool:
    ours: dict[str, Any] = {name: getattr(answer, name) for name in sent}
    expected = msgspec.structs.replace(known, **ours)
    in_full = known.in_full and answer.in_full
    return as_listed(expected) == as_listed(answer) and (not in_full or expected.address == answer.address)
