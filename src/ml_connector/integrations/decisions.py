"""What a planner says of a document: wait, pass over, take up, write, or nothing to do."""

from __future__ import annotations

import msgspec

from ml_connector.connectors.writing import Step
from ml_connector.integrations import reasons
from ml_connector.integrations.agreed import Agreed
from ml_connector.integrations.tracked import Track


class Waiting(msgspec.Struct, frozen=True):
    """One thing a document waits for. ``kind`` and ``key`` say what frees it: a mapping row, a link, a person ..."""

    code: str
    kind: str  # mapping | link | fact | source | setting | confirmation | person
    key: str
    sentence: str
    action: str


def waiting(code: str, kind: str, key: str, **fields: str) -> Waiting:
    """A Waiting whose sentence and action come from the reason ``code``; both parts of ``key`` are fields too."""
    table, _, row = key.partition(":")
    named = {"key": row or key, "table": table, **fields}
    return Waiting(code, kind, key, reasons.sentence(code, named), reasons.action(code, named))


def once_linked(code: str, flow: str, id_: str, name: str) -> Waiting:
    """Beside the wait for a row: what a flow has linked, or reads now that it is on, lets it go as well."""
    sentence = f"It also goes on by itself once the flow {flow} has linked {name}."
    return Waiting(
        code, "link", f"{flow}:{id_}", sentence, f"Turn the flow {flow} on, or see the record of {name} in it."
    )


def gone_there(entity: str, id_: str) -> Waiting:
    """The wait of a change, or removal, of what the target does not show any more; one that is shown again lets it go."""
    return waiting("gone_there", "fact", f"{entity}:{id_}", id=id_)


class Hold(msgspec.Struct, frozen=True, tag="hold"):
    """It waits, for everything listed. ``asks_for`` are (entity, source id) whose flow must bring them first."""

    waits: tuple[Waiting, ...]
    asks_for: tuple[tuple[str, str], ...] = ()


class Skip(msgspec.Struct, frozen=True, tag="skip", omit_defaults=True):
    """A rule says that nothing is to be done, and why."""

    code: str
    sentence: str
    agreed: Agreed | None = None  # of parties: what both show alike, though the rest is passed over


class Adopt(msgspec.Struct, frozen=True, tag="adopt", omit_defaults=True):
    """It is there already: link, write nothing."""

    target_entity: str
    target_id: str
    origin: str  # created (our own reference proves it) | adopted | matched | person
    evidence: str
    replaces: str = ""  # the id of the counterpart whose place it takes
    agreed: Agreed | None = None  # of parties, where it is not what both sides show


STAYS = -1


class Write(msgspec.Struct, frozen=True, tag="write"):
    """Steps to be sent in order. ``notes`` are shown; ``placeholders`` are ids the target has still to give.

    ``main`` is the step whose document becomes the record's counterpart; ``STAYS`` where it keeps the one it has.
    ``replaces`` is the id of the counterpart that the steps remove, where another takes its place. ``early`` is, of a party
    with several steps, what both sides are agreed on once the first of them is carried out. While the steps are
    carried out the plan is made again before each and has to list all, done or not: see ``View.made`` and ``View.proven``.
    """

    steps: tuple[Step, ...]
    target_entity: str
    notes: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
    main: int = 0
    replaces: str = ""
    agreed: Agreed | None = None
    early: Agreed | None = None


class Unchanged(msgspec.Struct, frozen=True, tag="unchanged"):
    """The target shows it already. ``left``: why a recoding that was asked for leaves it as it is; None for no difference."""

    agreed: Agreed | None = None
    left: Waiting | None = None


Decision = Hold | Skip | Adopt | Write | Unchanged | Track


def skip(code: str, **fields: str) -> Skip:
    """A Skip with the reason's sentence."""
    return Skip(code, reasons.sentence(code, fields))
