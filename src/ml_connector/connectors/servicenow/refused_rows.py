"""Rows that are refused for what the instance lacks: not the record is wrong, and it need not be replayed.

An instance drops a value whose column it does not know without a word, and then misses the field; without the ERP source
nothing that belongs to it is found. Between two preflights a row that is refused is what shows it, so that is looked at
before the record is blamed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.servicenow.errors import EMPTY, UNFOUND
from ml_connector.connectors.servicenow.preflight import erp_source
from ml_connector.connectors.servicenow.preflight_columns import columns
from ml_connector.connectors.servicenow.profiles import profile_of
from ml_connector.connectors.servicenow.rows import StagedRow
from ml_connector.connectors.servicenow.send import PERSON_WAIT, Result
from ml_connector.connectors.writing import Later, Rejected
from ml_connector.transport.errors import ForbiddenAddress, LeaseLost, TransportError

_Key = tuple[str, str]  # kind of the row, reason of its refusal


async def explained(session: Session, rows: Sequence[StagedRow], results: Sequence[Result]) -> list[Result]:
    """The results; of rows whose refusal comes of what the instance lacks, that they wait until it is mended.

    Raises LeaseLost, ForbiddenAddress. Where the instance cannot be looked at, refusals stand as they are.
    """
    keys = [_key(row, one) for row, one in zip(rows, results, strict=True)]
    lacking: dict[_Key, Finding] = {}
    try:
        for key in dict.fromkeys(one for one in keys if one is not None):
            lacking |= await _lacking(session, key)
    except (LeaseLost, ForbiddenAddress):
        raise
    except TransportError:
        lacking.clear()
    return [
        _told(row, lacking[key]) if key in lacking else one
        for row, one, key in zip(rows, results, keys, strict=True)
    ]  # fmt: skip


def _key(row: StagedRow, one: Result) -> _Key | None:
    known = isinstance(one, Rejected) and one.reason in (EMPTY, *UNFOUND)
    return (row.kind, one.reason) if known and isinstance(one, Rejected) else None


async def _lacking(session: Session, key: _Key) -> Mapping[_Key, Finding]:
    kind, reason = key
    if reason == EMPTY:
        _, _, findings = await columns(session, {kind: profile_of(session.settings).staging[kind]})
    else:
        findings = await erp_source(session)
    missing = [one for one in findings if one.verdict is Verdict.MISSING]
    return {key: missing[0]} if missing else {}


def _told(row: StagedRow, finding: Finding) -> Later:
    sentence = f"ServiceNow refused {row.name}: {finding.sentence} {finding.action}"
    return Later(sentence, PERSON_WAIT, forbidden=True, about=row.name)
