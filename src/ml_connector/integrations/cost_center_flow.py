"""Cost centres: the options of a ledger's dimension, matched with those there, else created where that is allowed."""

from __future__ import annotations

from typing import Any, ClassVar

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.cost_centers import FLOW, KIND, alike, is_wanted, made_of
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Unchanged, Write, skip, waiting
from ml_connector.integrations.staging import NEW, REFERENCE_ROOM, Pair
from ml_connector.integrations.views import ANY, View


class CostCenters(FlowType):
    """Options that bills name: matched by account number, code or exact name. Runs as needed."""

    name = FLOW
    priority = 1
    as_needed = True
    dated = False
    source_lists = ("dimensions",)
    target_lists = ("dimensions",)
    tables = (FLOW,)
    writes = ("dimensions",)
    reference_room = REFERENCE_ROOM
    pair: ClassVar[Pair]

    def source_entities(self, settings: Any) -> tuple[str, ...]:
        return ("dimensions",)

    def reading_options(self, settings: Any) -> dict[str, str]:
        return {}

    def plan(self, view: View) -> Decision:
        option = view.document
        assert isinstance(option, Dimension)
        if view.link is not None:
            return Unchanged()
        if not is_wanted(option, view.settings):
            return skip("not_a_cost_center", name=option.name)
        chosen = view.mappings[FLOW].get(option.id)
        if chosen not in (None, NEW):
            return skip("cost_center_by_row", key=option.id, name=option.name)
        centers = [one for one in view.ledger.dimensions.values() if one.kind == KIND and one.active]
        found, by = alike(option, centers) if chosen is None else ([], "")
        if not found:
            return self._created(option, view)
        others = _claimed_too(option, found, centers, view)
        if len(found) == 1 and not others:
            return Adopt("dimensions", found[0].id, "matched", f"the same {by}, which no other one has")
        return self._ambiguous(option, found, others, by)

    def target_entity(self, document: Document) -> str:
        return ""  # a row of the mapping table says which one it is

    def _ambiguous(self, option: Dimension, found: list[Dimension], others: list[str], by: str) -> Hold:
        shown = ", ".join(f"'{one.name}' ({one.number or 'no account number'}; id {one.id})" for one in found[:3])
        more = f" ({', '.join(others[:3])} of {self.pair.source} is like it, too)" if others else ""
        told = {"name": option.name, "found": shown + more, "by": by, **self.pair.words}
        return Hold((waiting("cost_center_ambiguous", "mapping", f"{FLOW}:{option.id}", **told),))

    def _created(self, option: Dimension, view: View) -> Decision:
        key, words = f"{FLOW}:{option.id}", self.pair.words
        if view.settings.create_cost_centers == "no":
            told = {"name": option.name, "id": option.id, **words}
            row = waiting("cost_center_not_there", "mapping", key, **told)
            return Hold((row, waiting("cost_center_not_there", "fact", f"dimensions:{ANY}", **told)))
        target = made_of(option)
        try:
            composed = view.compose(Action.CREATE, target, view.reference)
        except BadInput as error:
            return Hold((waiting("unsuitable", "source", f"dimensions:{option.id}", why=error.sentence),))
        step = Step("dimensions", Action.CREATE, view.reference, composed.body, number=target.number)
        notes = (f"a new cost centre with the account number {target.number}", *composed.notes)
        return Write((step,), "dimensions", notes)


def _claimed_too(option: Dimension, found: list[Dimension], centers: list[Dimension], view: View) -> list[str]:
    """Names of other options that are like one of the centres found: then neither is linked by itself."""
    mine = {one.id for one in found}
    rows = view.mappings[FLOW]
    others = [
        one
        for one in view.source_lists.get("dimensions", {}).values()
        if isinstance(one, Dimension)
        and one.id != option.id
        and is_wanted(one, view.settings)
        and rows.get(one.id) is None
    ]
    return [f"'{one.name}'" for one in others if mine & {center.id for center in alike(one, centers)[0]}]
