"""ANSWERED: whether a step's answer shows its party as it was filed, but for what the step itself has set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Party
from ml_connector.sync.content import as_listed
from ml_connector.sync.directory import entry_name
from ml_connector.sync.lane import LaneTransaction


async def changed_by_us_alone(
    transaction: LaneTransaction, entity: str, answers: Mapping[str, tuple[Party, Sequence[str]]]
) -> set[str]:
    """Ids of the parties that nobody else has changed since they were filed.

    ``answers``: by id what the target shows after a step, with the names of the fields that were sent. Call it before they
    are filed.
    """
    if not answers:
        return set()
    lane = transaction.lane
    rows = await transaction.all(
        """select object_id, body from directory
        where tenant_id = %b and connection_id = %b and entity = %b and object_id = any(%b::text[])""",
        lane.tenant_id, lane.connection_id, entity, list(answers),
    )  # fmt: skip
    filed = {id_: documents.decode(lane.sealer.open(entry_name(entity, id_), body)) for id_, body in rows if body}
    return {id_ for id_, one in filed.items() if isinstance(one, Party) and _is_ours(one, *answers[id_])}


def _is_ours(filed: Party, answer: Party, sent: Sequence[str]) -> bool:
    ours: dict[str, Any] = {name: getattr(answer, name) for name in sent}
    expected = msgspec.structs.replace(filed, **ours)
    in_full = filed.in_full and answer.in_full
    return as_listed(expected) == as_listed(answer) and (not in_full or expected.address == answer.address)
