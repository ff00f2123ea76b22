"""What the steps of a record have made, changed and removed so far, whichever version they were of. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from ml_connector.connectors.writing import Action
from ml_connector.integrations.views import Made, StepKey


@dataclass(slots=True)
class Steps:
    """The steps of one record, see View. ``references`` are all, by entity, whatever became of them; ``known`` those of

    which this database has seen one proved.
    """

    made: dict[str, Made] = field(default_factory=dict)
    proven: dict[str, str] = field(default_factory=dict)
    done: set[StepKey] = field(default_factory=set)
    references: set[tuple[str, str]] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    taken_off: set[str] = field(default_factory=set)
    removed: dict[tuple[str, str], str] = field(default_factory=dict)

    def take_off(self, entity: str, target_id: str) -> None:
        """A step of another record has removed what one of these made."""
        earlier = [reference for reference, one in self.made.items() if one == Made(entity, target_id)]
        own = [reference for reference, made in self.proven.items() if made == target_id]
        for reference in (*earlier, *own):
            self.taken_off.add(reference)
            self.made.pop(reference, None)
            self.proven.pop(reference, None)
            self.done.discard((entity, Action.CREATE, reference))

    def add(self, entity: str, action: str, reference: str, target_id: str | None, *, own: bool) -> None:
        """One more, in the order of their intents; without an id it is not proven. ``own``: of the version planned now."""
        self.references.add((entity, reference))
        if target_id is None:
            return
        if action == Action.CREATE:
            self.taken_off.discard(reference)
        self.known.add(reference)
        if action == Action.VOID:
            self.removed[entity, target_id] = reference
        if own:
            self.done.add((entity, Action(action), reference))
            if action == Action.CREATE:
                self.proven[reference] = target_id
        elif action == Action.CREATE:
            self.made[reference] = Made(entity, target_id)
        elif action == Action.VOID:
            self.made.pop(reference, None)

    def stands(self, entity: str, reference: str, target_id: str) -> bool:
        """Take in a live document that shows the reference, unless this database knows what became of that one's steps."""
        if reference in self.known or reference in self.made:
            return False
        self.made[reference] = Made(entity, target_id)
        return True
