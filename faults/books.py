"""What both sides and the ledger say at the end of a run, and how it differs from the run without faults."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.service.auditing import verify_audit
from ml_connector.service.balance import runs_in
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.sync.states import State

Essence = Mapping[str, Mapping[str, Any]]
_BEHIND = re.compile(r" \(ST \d+\)$")  # what tells a customer from another of his name at Xero
# What people call a document by, the first that it has; a payment by what goes with it alone.
_KEYS = ("number", "name", "code", "reference", "reference_number", "check_number")


@dataclass(frozen=True, slots=True)
class Books:
    """The end of one run. ``sides``: (vendor, entity) -> what stands there, as often as it does."""

    sides: dict[tuple[str, str], Counter[str]]
    links: dict[str, str]
    ends: dict[str, str]
    unsound: list[str]


class Difference(msgspec.Struct):
    """How a run ended otherwise than the one without faults; each entry is a sentence."""

    duplicates: list[str] = []
    missing: list[str] = []
    amounts: list[str] = []
    unbalanced: list[str] = []  # also a broken chain, a wrong link, a wrong end, a run that did not come to rest

    @property
    def sentences(self) -> list[str]:
        """All of them, with what they are."""
        return [f"{what}: {one}" for what in self.__struct_fields__ for one in getattr(self, what)]

    def __bool__(self) -> bool:
        return bool(self.sentences)


async def read_books(desk: Desk, integration: Integration, essences: Mapping[str, Essence]) -> Books:
    """The end of a run as both vendors' books and our ledger have it."""
    texts = {vendor: shown_texts(essence) for vendor, essence in essences.items()}
    sides = {
        (vendor, entity): Counter(objects.values())
        for vendor, entities in texts.items()
        for entity, objects in entities.items()
    }
    shown = {id_: text for entities in texts.values() for objects in entities.values() for id_, text in objects.items()}
    flows = [one.flow_id for one in integration.flows]
    async with desk.looking() as reading:
        links = await reading.all(
            """select entity, source_id, target_entity, target_id, origin from link
            where tenant_id = %s and integration_id = %s""",
            desk.tenant_id, integration.integration_id,
        )  # fmt: skip
        ends = await reading.all(
            """select f.name, r.source_id, s.state, s.reason from record r
            join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
            join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
            where r.tenant_id = %s and r.flow_id = any(%s::int[])""",
            desk.tenant_id, flows,
        )  # fmt: skip
        unsound = [f"run {one.run_id}: {one.imbalance}" for one in await runs_in(reading, flows) if not one.balanced]
        opened = await reading.one(
            "select count(*) from intent where tenant_id = %s and state in (0, 1)", desk.tenant_id
        )
    if opened and opened[0]:
        unsound.append(f"{opened[0]} steps are of unknown outcome")
    unsound += await _broken_chain(desk)
    back = {
        one.name: one.mirrors for one in desk.runtime.integrations[integration.kind].flows if one.mirrored == "payments"
    }
    return Books(sides, *linked_and_ended(links, ends, shown, back), unsound)


def linked_and_ended(
    links: Iterable[Sequence[Any]], ends: Iterable[Sequence[Any]], shown: Mapping[str, str], back: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What is linked with what, and how each record ended. ``back``: flow that enters documents at the source -> their flow.

    Such a document, which bears the mark of its counterpart, has an id that the run gave it, so it is called by that; and
    whether the run that enters it also reads it again, to find that it is known, is a matter of time.
    """
    links = list(links)
    entered = {
        (entity, id_)
        for entity, id_, _, target_id, _ in links
        if any(f"-{flow}-{target_id}" in shown.get(id_, "") for flow, its in back.items() if its == entity)
    }
    origins = {(entity, source_id): origin for entity, source_id, *_, origin in links}
    linked = {}
    for entity, id_, target, target_id, _ in links:
        made = (entity, id_) in entered
        here = f"{entity} of {target_id}" if made else f"{entity} {id_}"
        linked[here] = f"{target} {shown.get(target_id, 'nothing there')}" + (f" is {shown.get(id_)}" if made else "")
    ended = {
        f"{flow} {id_}": f"{end(State(state), origins.get((flow, id_)))} {reason}".strip()
        for flow, id_, state, reason in ends
        if (flow, id_) not in entered or State(state) is not State.UNCHANGED
    }
    return linked, ended


def end(state: State, origin: str | None) -> str:
    """How a version ended; ``origin``: of its record's link, None without one.

    One that was read again and says nothing new stands as well as the one that was linked: made by us it is posted, found
    there it is linked.
    """
    if state is not State.UNCHANGED:
        return state.word
    return "posted" if origin in (None, "created") else "linked"


async def _broken_chain(desk: Desk) -> list[str]:
    found = await verify_audit(desk)
    return [f"the audit chain: {one.sentence}" for one in found.faults]


def shown_texts(essence: Essence) -> dict[str, dict[str, str]]:
    """By entity and id, what stands there. Contacts that carry our number are named by it.

    Which of two customers of one name comes first, and keeps the bare name, is a matter of time.
    """
    contacts = [one for one in essence.get("contacts", {}).values() if isinstance(one, dict) and one.get("number")]
    named = {str(one["name"]): f"{_BEHIND.sub('', one['name'])} of {one['number']}" for one in contacts}
    any_name = re.compile("|".join(map(re.escape, sorted(named, key=len, reverse=True))) or "(?!)")
    return {
        entity: {
            id_: any_name.sub(lambda found: named[found[0]], msgspec.json.encode(facts, order="sorted").decode())
            for id_, facts in objects.items()
        }
        for entity, objects in essence.items()
    }


def difference(found: Books, expected: Books) -> Difference:
    """What is there twice, missing, or other than expected."""
    told = Difference(unbalanced=list(found.unsound))
    for side in sorted({*found.sides, *expected.sides}):
        _compare(told, " ".join(side), found.sides.get(side, Counter()), expected.sides.get(side, Counter()))
    told.unbalanced += _unlike("link", found.links, expected.links)
    told.unbalanced += _unlike("end", found.ends, expected.ends)
    return told


def _compare(told: Difference, side: str, found: Counter[str], expected: Counter[str]) -> None:
    """A document that stands there with other content is one that differs; one too many is there twice."""
    surplus, lacking = _by_key(found - expected), _by_key(expected - found)
    for key, texts in lacking.items():
        others = surplus.get(key, [])
        for text in texts:
            if others:
                told.amounts.append(f"{side} {key}: {others.pop()} instead of {text}")
            else:
                told.missing.append(f"{side} {key}: {text}")
    told.duplicates += [f"{side} {key}: {text}" for key, texts in surplus.items() for text in texts]


def _by_key(texts: Counter[str]) -> dict[str, list[str]]:
    keyed: dict[str, list[str]] = defaultdict(list)
    for text in texts.elements():
        facts = msgspec.json.decode(text)
        named = (str(facts[key]) for key in _KEYS if facts.get(key)) if isinstance(facts, dict) else ()
        keyed[next(iter(named), "")].append(text)
    return keyed


def _unlike(what: str, found: Mapping[str, str], expected: Mapping[str, str]) -> Iterable[str]:
    return [
        f"{what} of {key}: {found.get(key, 'none')} instead of {expected.get(key, 'none')}"
        for key in sorted({*found, *expected})
        if found.get(key) != expected.get(key)
    ]
