"""Looking a step up: what was made of it, that it was refused, or that it lies there unworked."""

from __future__ import annotations

from ml_connector.connectors.base import Session
from ml_connector.connectors.errors import NotTakenIn
from ml_connector.connectors.json_fields import Unreadable
from ml_connector.connectors.servicenow import documents, references
from ml_connector.connectors.servicenow.errors import Incomplete
from ml_connector.connectors.servicenow.profiles import profile_of
from ml_connector.connectors.servicenow.standing import standing
from ml_connector.connectors.writing import Found, Partly, Rejected, Step


async def find(session: Session, step: Step) -> Found:
    """The step's document when all of it is there; where some of its rows are, how many: only the others are sent then.

    What was refused because of the instance's set-up is absent as well: it is sent again, which tells what is to be changed.

    Raises NotTakenIn while a row lies untransformed, FilterIgnored, and what the session raises.
    """
    (one,) = await standing(session, [step])
    if one.waiting:
        raise NotTakenIn(documents.waiting(one))
    if one.refused and isinstance(refusal := documents.refusal(one, session.settings), Rejected):
        return refusal
    if one.foreign:
        return ()
    if not one.complete:
        there = len(one.body.rows) - len(one.missing)
        return Partly(there) if there else ()
    try:
        wrong = references.refused(profile_of(session.settings), step.entity, one.made)
        return wrong or (documents.document_of(one, session.settings),)
    except Unreadable as error:
        raise Incomplete(200, f"a record that can be understood ({error})") from error
