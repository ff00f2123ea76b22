"""What a record has at the target once a plan is carried out that makes no counterpart of its own."""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.views import Made, View


def left_standing(view: View, steps: Sequence[Step], replaces: str) -> Made | None:
    """What steps of earlier versions have left and these do not remove; the one under the record's own reference first.

    ``replaces``: the counterpart that another takes the place of, which is none of them.
    """
    removed = {step.target_id for step in steps if step.action is Action.VOID}
    return next((one for one in _made(view, replaces) if one.target_id not in removed), None)


def left_or_last(view: View, steps: Sequence[Step], replaces: str) -> Made | None:
    """What is left standing; where these steps remove all, what the record has been last."""
    return left_standing(view, steps, replaces) or next(iter(_made(view, replaces)), None)


def _made(view: View, replaces: str) -> list[Made]:
    own_first = sorted(view.made.items(), key=lambda pair: pair[0] != view.reference)
    return [one for _, one in own_first if one.entity != "allocations" and one.target_id != replaces]
