"""What became of parties that both sides have: the worker's links and suggestions, and what they are worth."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.matches import matches
from ml_connector_sandbox.company.party_truth import ALONE, PartyTruth, judged

KINDS = {"customer": "customers", "vendor": "vendors"}  # of the truth, and the mapping table
WRONG = ("wrong", "bold", "shared")  # no link of these may be made by itself
_ALL = 1_000_000  # suggestions, more than there are


async def matched(desk: Desk, integration: Integration, table: str) -> dict[str, Any]:
    """Links of one mapping table of parties by source id, how many by which evidence, and what is suggested.

    ``found`` has (source id, target id, evidence, whether it is the best pair); ``seconds`` (of the machine) is what telling
    that took.
    """
    began = time.perf_counter()
    told = await matches(desk, integration, table, at_most=_ALL)
    took = time.perf_counter() - began
    async with desk.looking() as reading:
        links = await reading.all(
            "select source_id, target_id from link where tenant_id = %s and entity = %s", reading.tenant_id, table
        )
    return {
        "links": dict(links),
        "linked_by": dict(told.linked_by),
        "found": [(one.key, one.target_id, one.evidence, one.suggested) for one in told.found],
        "seconds": took,
    }


def worth(truth: Iterable[Mapping[str, Any]], found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Hold what ``matched`` told of each table against the truth of the hand-over file; by table.

    ``verdicts`` are those of ``party_truth.judged`` and ``for_nobody``: parties without a counterpart to which one is
    suggested all the same. ``not_right``: by verdict the cases of the truth that came to it.
    """
    known = [PartyTruth.of(values) for values in truth]
    return {table: _worth([one for one in known if one.kind == kind], found[table]) for kind, table in KINDS.items()}


def _worth(truth: list[PartyTruth], found: Mapping[str, Any]) -> dict[str, Any]:
    shown, best = defaultdict[str, set[str]](set), set[str]()
    for key, target_id, _, suggested in found["found"]:
        shown[key].add(target_id)
        best |= {key} if suggested else set()
    judgement = judged(truth, found["links"], shown)
    cases = {one.source_id: one.case for one in truth}
    astray = {name: getattr(judgement, name) for name in ("wrong", "bold", "missed", "unsuggested")}
    nobody = sum(one.ends == ALONE and one.source_id in best for one in truth)
    return {
        "parties": len(truth),
        "verdicts": judgement.counts() | {"for_nobody": nobody},
        "not_right": {name: dict(Counter(cases[id_] for id_ in ids)) for name, ids in astray.items() if ids},
        "linked_by": dict(found["linked_by"]),
        "suggested_by": _by_kind(found["found"]),
        "seconds": found["seconds"],
    }


def _by_kind(found: Iterable[tuple[str, str, str, bool]]) -> dict[str, int]:
    """Of the best pairs alone, the most first."""
    return dict(Counter(_kind(evidence) for _, _, evidence, suggested in found if suggested).most_common())


def _kind(evidence: str) -> str:
    """The evidence without its figures."""
    return "similar name" if evidence.startswith("name ") else evidence.split(",", 1)[0]
