"""Who may do what.

owner       everything, connections and roles included
approver    going live, approving plans, closed periods
bookkeeper  mappings, matches, releases, replays
operator    health, limits, syncs; no document's contents
viewer      looking only
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ml_connector.errors import Acts, Refused


class Role(StrEnum):
    """What somebody is to a tenant."""

    OWNER = "owner"
    APPROVER = "approver"
    BOOKKEEPER = "bookkeeper"
    OPERATOR = "operator"
    VIEWER = "viewer"


#: Everybody who may see what documents say.
READERS = (Role.APPROVER, Role.BOOKKEEPER, Role.VIEWER)
#: Everybody.
ALL = tuple(Role)


class NotAllowed(Refused):
    """The person's role does not allow it; nothing was changed."""

    acts = Acts.TENANT_ADMIN


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as the audit trail names them (``cli/anna``, ``user/12``), and their role at the tenant."""

    name: str
    role: Role = Role.OWNER


def require(actor: Actor, *roles: Role) -> None:
    """Raise NotAllowed unless the actor is an owner or in one of ``roles``."""
    if actor.role is Role.OWNER or actor.role in roles:
        return
    allowed = " or ".join(dict.fromkeys([*(role.value for role in roles), Role.OWNER.value]))
    raise NotAllowed(f"{actor.name} is {actor.role.value} here, and this needs {allowed}; ask an owner for the role.")
