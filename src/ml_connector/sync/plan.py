"""PLAN: from views to decisions. Pure; the same view gives the same decision, in preview and live."""

from __future__ import annotations

import dataclasses
import hashlib

import msgspec

from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Adopt, Decision, Unchanged, Write, skip
from ml_connector.integrations.recoding import Recode
from ml_connector.integrations.views import View
from ml_connector.integrations.views import placeholder as _placeholder

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[Write | Adopt] = msgspec.json.Decoder(Write | Adopt)


def plan(flow: FlowType, view: View) -> Decision:
    """The decision of a flow's rules on one document. Of a party that was erased nothing is ever written.

    What its source has not changed may be named by a recoding.
    """
    if getattr(view.document, "erased", False):
        return Unchanged() if view.link is not None else skip("party_erased")
    decision = flow.plan(view)
    if view.recoding is None or view.link is None or not isinstance(decision, Unchanged):
        return decision
    return flow.recode(view)


def shown(decision: Write | Adopt) -> Write | Adopt:
    """The decision as it is shown and approved: what both sides are agreed on afterwards follows from it."""
    if isinstance(decision, Recode):
        decision = Write(*(getattr(decision, name) for name in Write.__struct_fields__))
    plain = msgspec.structs.replace(decision, agreed=None)
    return msgspec.structs.replace(plain, early=None) if isinstance(plain, Write) else plain


def encode(decision: Write | Adopt) -> bytes:
    """A stored plan's text: exactly what will be sent."""
    return _encoder.encode(shown(decision))


def decode(text: bytes) -> Write | Adopt:
    """The decision of a stored plan."""
    return _decoder.decode(text)


def digest(decision: Write | Adopt, against: bytes = b"") -> bytes:
    """What an approval is bound to: every byte that would be sent, what it would be linked to, and what it changes.

    ``against`` tells the target's documents that the steps change, as they are now; empty where they only create.
    Source version, link, mappings, settings, facts, twins and the planner itself stand for what they bring about:
    whatever of them changes shows in a plan that is made again, or makes no difference to what is sent.
    """
    return hashlib.sha256(encode(decision) + against).digest()


def as_previewed(flow: FlowType, view: View, placeholders: tuple[str, ...]) -> Decision:
    """The decision with the ids that were still to be given put back as they stood in the preview."""
    if not placeholders and not view.proven:
        return plan(flow, view)
    shown = {placeholder.removeprefix("new: "): placeholder for placeholder in placeholders}
    links = {pair: shown.get(" ".join(pair), target) for pair, target in view.links.items()}
    came = {one: view.links[pair] for pair, one in links.items() if one != view.links[pair]}
    return plan(flow, dataclasses.replace(view, links=links, proven={}, came=came))


def alike(shown: Write | Adopt, approved: Write | Adopt) -> bool:
    """Whether both send, link and change the same.

    Which ids are still to be given makes no difference beyond the bytes they stand in: a document that is only looked at,
    such as the invoice that an adjustment belongs to, may be linked or not by then.
    """
    return _without_placeholders(shown) == _without_placeholders(approved)


def _without_placeholders(decision: Write | Adopt) -> Write | Adopt:
    return msgspec.structs.replace(decision, placeholders=()) if isinstance(decision, Write) else decision


def placeholder(entity: str, source_id: str) -> str:
    """The id of a record's counterpart that the target has still to make, as plans show it."""
    return _placeholder(f"{entity} {source_id}")
