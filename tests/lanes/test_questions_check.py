"""Which check a connection gets: the one for what is written to it, or the one for what is only read."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.lanes import questions
from ml_connector.sync.flows import Flow

pytestmark = pytest.mark.anyio


class Asked:
    """A connector that says which check it was asked for, and of what."""

    readable = ("bills", "parties")

    async def check(self, session: Any, entities: Sequence[str]) -> Sequence[Finding]:
        return [Finding("check", Verdict.GOOD, ",".join(entities))]

    async def check_source(self, session: Any, entities: Sequence[str]) -> Sequence[Finding]:
        return [Finding("check_source", Verdict.GOOD, ",".join(entities))]


def flow(source: int, target: int, *, on: bool = False, begins_off: bool = False, lists: str = "accounts") -> Any:
    kind = SimpleNamespace(
        source_lists=("dimensions",), target_lists=(lists,), source_entities=lambda settings: ("bills",),
        begins_off=begins_off,
    )  # fmt: skip
    return SimpleNamespace(source_id=source, target_id=target, type=kind, settings=None, on=on)


@pytest.mark.parametrize(
    ("flows", "what"),
    [
        ((), ("check", "bills,parties")),
        ((flow(7, 8),), ("check_source", "bills,dimensions")),
        ((flow(6, 7),), ("check", "accounts")),
        ((flow(6, 7), flow(7, 8)), ("check", "accounts,bills,dimensions")),
        ((flow(6, 7), flow(6, 7, begins_off=True, lists="items")), ("check", "accounts")),
        ((flow(6, 7), flow(6, 7, begins_off=True, lists="items", on=True)), ("check", "items")),
        ((flow(6, 7, on=True), flow(6, 7, begins_off=True, lists="items", on=True)), ("check", "accounts,items")),
    ],
)
async def test_a_connection_that_is_only_read_is_asked_for_no_more(
    monkeypatch: pytest.MonkeyPatch, flows: tuple[Flow, ...], what: tuple[str, str]
) -> None:
    async def found(lane: Any) -> Sequence[Flow]:
        return flows

    monkeypatch.setattr(questions, "_flows", found)
    lane: Any = SimpleNamespace(connection_id=7, connector=Asked(), session=None)
    (told,) = await questions._answer(lane, "check")
    assert (told["subject"], told["sentence"]) == what
