"""What the two sides of a linked party are agreed on: the base of every later merge. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party


class Agreed(msgspec.Struct, frozen=True):
    """Both sides as they are agreed once a decision is carried out.

    ``answered`` are the fields of the target's that are as it answers to what is sent; while there is no ``target``, all.
    """

    source: Party
    target: Party | None = None
    answered: tuple[str, ...] = ()

    def with_answer(self, answer: Document | None) -> Party | None:
        """The target's side, with what it answered; None where it showed no party."""
        if not isinstance(answer, Party):
            return self.target
        if self.target is None:
            return answer
        taken: dict[str, Any] = {name: getattr(answer, name) for name in self.answered}
        return msgspec.structs.replace(self.target, stamp=answer.stamp or self.target.stamp, **taken)

    def otherwise(self, answer: Document | None) -> tuple[str, ...]:
        """The fields that were sent and that the target shows otherwise all the same: it cut, changed or dropped them."""
        if not isinstance(answer, Party):
            return ()
        return tuple(name for name in self.answered if _bare(self.source, name) != _bare(answer, name))


def _bare(party: Party, name: str) -> str:
    """A field's letters and digits, however it is spelled."""
    return "".join(c for c in str(getattr(party, name)).casefold() if c.isalnum())
