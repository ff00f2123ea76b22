"""What becomes of a party that others of the source point to as well, or that others may still be shown to be like."""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.canonical.master_data import Party
from ml_connector.integrations.decisions import Hold, Waiting, waiting
from ml_connector.integrations.views import Candidate, View

_NAMED = 5  # others that a sentence names
_AWAITED = 50  # others whose decision frees it at once; what waits for more is looked at again within a day


def claimed(flow: str, party: Party, candidates: Sequence[Candidate]) -> Hold | None:
    """The hold of a party that is one of several with equal proof of one counterpart; None where it is alone."""
    one = next((one for one in candidates if one.claimed_by), None)
    if one is None:
        return None
    told = {"name": party.name, "others": _others(one.claimed_by), **_target(one)}
    first = waiting("party_claimed", "mapping", f"{flow}:{party.id}", **told)
    return Hold((first, *awaited("mapping", flow, one.claimed_by)))


def contact_claimed(flow: str, mirrored: str, contact: Party, candidates: Sequence[Candidate]) -> Hold | None:
    """The same of a contact that goes back; a person says it in the row of the party that it may be."""
    one = next((one for one in candidates if one.claimed_by), None)
    if one is None:
        return None
    told = {"name": contact.name, "contact": contact.id, "others": _others(one.claimed_by), **_target(one)}
    first = waiting("contact_claimed", "mapping", f"{mirrored}:{one.party.id}", **told)
    return Hold((first, *awaited("source", flow, one.claimed_by)))


def awaited(kind: str, flow: str, others: Sequence[Party]) -> tuple[Waiting, ...]:
    """A wait for each of the others: what is decided or changed of it frees this one."""
    return tuple(
        waiting("party_claimed_too", kind, f"{flow}:{other.id}", other=label(other)) for other in others[:_AWAITED]
    )


def still_read(flow: str, party: Party, candidate: Candidate, view: View) -> Hold | None:
    """The hold of a party that would be linked by itself while its source is still being read; None at any other time.

    What was made for the very record bears its reference, and waits for nobody.
    """
    if view.all_read or (candidate.party.reference and candidate.party.reference == view.reference):
        return None
    told = {"name": party.name, "target": f"'{candidate.party.name}'", "evidence": candidate.evidence}
    return Hold((waiting("party_still_read", "fact", f"read:{flow}", **told),))


def other_kind(flow: str, party: Party, there: Party) -> Waiting:
    """The wait of a party that a person has sent to a contact of another kind, where each has one for good."""
    told = {"name": party.name, "target": there.name, "id": there.id, "role": there.roles or there.kind, "table": flow}
    return waiting("contact_of_other_kind", "mapping", f"{flow}:{party.id}", **told)


def holder_told(candidate: Candidate) -> str:
    """Who has a candidate, for behind the words that name it."""
    return f": '{candidate.holder}' ({candidate.taken_by})" if candidate.holder else ""


def label(party: Party) -> str:
    """A party of the source as a sentence names it."""
    return f"'{party.name}' ({party.id})"


def _target(one: Candidate) -> dict[str, str]:
    return {"target": f"'{one.party.name}'", "id": one.party.id, "evidence": one.evidence}


def _others(others: Sequence[Party]) -> str:
    more = len(others) - _NAMED
    named = ", ".join(label(one) for one in others[:_NAMED])
    return f"{named} and {more} more" if more > 0 else named
