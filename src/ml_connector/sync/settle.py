"""What decisions do to the ledger: holds with their waits, skips, links, stored plans, and intents about to be sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ml_connector.canonical.numbers import name_key
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Skip, Unchanged, Write
from ml_connector.integrations.party_names import names_unique
from ml_connector.integrations.tracked import Track
from ml_connector.sync import intents, recoding
from ml_connector.sync.flows import Flow
from ml_connector.sync.holds import ask, hold
from ml_connector.sync.intents import Intended, intend
from ml_connector.sync.items import Claimed
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.planned import Kept, Planned
from ml_connector.sync.previews import preview
from ml_connector.sync.states import IntentState
from ml_connector.sync.tracked import untrack
from ml_connector.sync.unwritten import leave_unchanged, link_adopted, skip, track

NAMESAKES_WAIT = timedelta(seconds=30)  # clock time; look-ups of what became of a write take some minutes


@dataclass(slots=True)
class Settled:
    """Decisions of one transaction, written set by set."""

    transaction: LaneTransaction
    planned: list[Planned] = field(default_factory=list)
    adopted: set[tuple[int, str, str]] = field(default_factory=set)
    named: set[tuple[int, str]] = field(default_factory=set)

    def add(self, item: Claimed, flow: Flow, decision: Decision, live: bool, kept: Kept | None = None) -> None:
        """Add one decision. The second of a batch to be linked with one target, or to make a party of one name, stays

        staged: it is planned again, and then sees that the target, or the name, is taken.
        """
        if target := _claimed(flow, decision, live):
            if target in self.adopted:
                return
            self.adopted.add(target)
        if live and (name := self._name_of(flow, decision)):
            if (flow.target_id, name) in self.named:
                return
            self.named.add((flow.target_id, name))
        self.planned.append(Planned(item, flow, decision, live, kept or Kept()))

    async def _let_namesakes_wait(self) -> None:
        """A party to be made stays staged while it is not known whether one of its name, about to be made, is there."""
        made = [(one, name) for one in self.planned if one.live and (name := self._name_of(one.flow, one.decision))]
        if not made:
            return
        lane = self.transaction.lane
        changed = any(self._unique(one.flow) for one, _ in made)
        rows = await self.transaction.all(
            """select payload from intent where tenant_id = %b and connection_id = %b and state = any(%b::smallint[])
               and entity = 'parties' and action = any(%b::text[])""",
            lane.tenant_id, lane.connection_id, [IntentState.SENDING.value, IntentState.UNCERTAIN.value],
            ["create", "update"] if changed else ["create"],
        )  # fmt: skip
        opened = {name_key(intents.decode(lane.sealer.open(b"intent", row[0])).number) for row in rows}
        late = {one.item.version_id for one, name in made if name in opened}
        if not late:
            return
        self.planned = [one for one in self.planned if one.item.version_id not in late]
        await self.transaction.run(
            "update work set not_before = %b where tenant_id = %b and version_id = any(%b::bigint[])",
            lane.clock.now() + NAMESAKES_WAIT, lane.tenant_id, sorted(late),
        )  # fmt: skip

    def _name_of(self, flow: Flow, decision: Decision) -> str:
        """The name, as names are compared, that a decision gives a party; empty where it gives none.

        A changed one counts where no two contacts have one name.
        """
        return _party_made(decision) or (_party_renamed(decision) if self._unique(flow) else "")

    def _unique(self, flow: Flow) -> bool:
        return names_unique(flow.type.ways, self.transaction.lane.session.settings)

    def _of(self, kind: type[Any]) -> list[Planned]:
        return [one for one in self.planned if isinstance(one.decision, kind)]

    async def write(self, send_before: datetime) -> list[Intended]:
        """Write everything; the intents to be sent once this transaction is committed."""
        await self._let_namesakes_wait()
        await track(self.transaction, self._of(Track))
        await untrack(self.transaction, [one.item for one in self.planned if _is_passed(one)])
        await hold(self.transaction, self._of(Hold))
        await skip(self.transaction, self._of(Skip))
        await leave_unchanged(self.transaction, self._of(Unchanged))
        await link_adopted(self.transaction, [one for one in self._of(Adopt) if one.live])
        await recoding.note(self.transaction, self.planned)
        writes = self._of(Write)
        await preview(self.transaction, [one for one in [*writes, *self._of(Adopt)] if not one.live])
        intended = await intend(self.transaction, [one for one in writes if one.live], send_before)
        await ask(self.transaction, self._of(Hold))
        return intended


def _claimed(flow: Flow, decision: Decision, live: bool) -> tuple[int, str, str] | None:
    """The target's document that a decision takes for its record alone. What is tracked is so in a preview, too."""
    if isinstance(decision, Track):
        return (flow.integration_id, "tracked", decision.target_id) if decision.target_id else None
    if not (live and isinstance(decision, Adopt)):
        return None
    return (flow.integration_id, decision.target_entity, decision.target_id)


def _is_passed(one: Planned) -> bool:
    """Whether it could have been tracked and is not."""
    return one.flow.type.tracks and not isinstance(one.decision, Track)


def _party_made(decision: Decision) -> str:
    """The name, as names are compared, of the party that a decision makes; empty where it makes none."""
    steps = decision.steps if isinstance(decision, Write) else ()
    made = [one.number for one in steps if one.entity == "parties" and one.action is Action.CREATE]
    return name_key(made[0]) if made else ""


def _party_renamed(decision: Decision) -> str:
    """The same of a party whose name a decision changes."""
    if not (isinstance(decision, Write) and decision.agreed is not None and "name" in decision.agreed.answered):
        return ""
    renamed = [one.number for one in decision.steps if one.entity == "parties" and one.action is Action.UPDATE]
    return name_key(renamed[0]) if renamed else ""
