"""The audit trail: what happened to every record, by whom and when, in a chain that shows every later change.

Owns: events and their digests, the chain, timelines, verification, export.
Must not know: what an event means to a flow.
Invariant: an event once appended is never changed or removed without `verify` telling which; only details of a person
that was erased are rewritten, which the chain itself tells.
"""

from ml_connector.audit.erasure import Rewritten, erase
from ml_connector.audit.event import Event
from ml_connector.audit.export import export
from ml_connector.audit.trail import Entry, append, timeline
from ml_connector.audit.verify import Anchor, Fault, Verification, verify

__all__ = [
    "Anchor", "Entry", "Event", "Fault", "Rewritten", "Verification", "append", "erase", "export", "timeline", "verify",
]  # fmt: skip
