"""What a refused document waits for: a person, and what the target said that it does not know.

A refusal that names an account, a centre, a supplier or an entity is tried again without a person: as soon as the target's
list shows an entry of that number as new or changed, and with each reading of the whole list, which is once a day, while it
shows one. Not sooner: what the target shows and refuses all the same may be mended where no list shows it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import number_key
from ml_connector.connectors.writing import Awaited, Rejected
from ml_connector.integrations.decisions import Waiting

_NUMBERED = "(number) "  # before a number's key, in place of an id
_ACTION = "Correct it in the source or in the ledger, then replay the record."
_WORDS = {
    "accounts": "account", "dimensions": "cost centre", "parties": "vendor", "legal_entities": "legal entity",
}  # fmt: skip


def waits_of(refusal: Rejected) -> list[Waiting]:
    """The person first, whose sentence is the target's; then what lets it go by itself."""
    person = Waiting(refusal.reason, "person", "rejected", refusal.sentence, refusal.action or _ACTION)
    return [person, *(_fact(refusal.reason, one) for one in refusal.awaits)]


def _fact(reason: str, one: Awaited) -> Waiting:
    if one.id:
        told = "It is also looked at again by itself when what stands there shows a change."
        return Waiting(reason, "fact", f"{one.entity}:{one.id}", told, "")
    told = (
        f"It also goes again by itself when {_WORDS.get(one.entity, one.entity)} {one.number} is new or changed there, and "
        "once a day while it is there."
    )
    return Waiting(reason, "fact", _key(one.entity, one.number), told, "")


def numbered(entity: str, shown: Sequence[Document]) -> list[str]:
    """What refused documents wait for of these entries."""
    numbers = {one.account_number if isinstance(one, Party) else str(getattr(one, "number", "")) for one in shown}
    return sorted({_key(entity, number) for number in numbers if number_key(number)})


def _key(entity: str, number: str) -> str:
    return f"{entity}:{_NUMBERED}{number_key(number)}"
