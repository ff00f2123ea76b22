"""One thing that happened, and the bytes by which it is sealed and chained.

    identity = tenant int4 | at int8 (microseconds since 1970 UTC) | presence of record, version, run (bits 0, 1, 2)
               | record int8 | version int8 | run int8 | length of actor int2 | length of kind int2 | actor | kind
    body     = the details as JSON, sealed as the object "audit/" + identity
    digest   = sha256(identity | body)

The chain is made of digests, and a digest of sealed bytes: so it verifies without any key, and after a key's erasure.
Where a person was erased, `erasure` says what the digests are of.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec

_IDENTITY = struct.Struct(">iqBqqqHH")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `kind` is a word like "sent"; `actor` says who, such as "engine" or "user/12"; ids name what it happened to.
    `details` is JSON: texts, numbers, Decimals (as texts), dates, lists and mappings of them. Secrets have no place in
    it, and a `Secret` is refused with a TypeError.
    """

    kind: str
    actor: str
    record_id: int | None = None
    version_id: int | None = None
    run_id: int | None = None
    details: Mapping[str, object] = field(default_factory=dict)


def microseconds(at: datetime) -> int:
    """An instant as whole microseconds since 1970 UTC, exact. Raises ValueError for one without a time zone."""
    if at.tzinfo is None:
        raise ValueError(f"an audit event needs an instant with a time zone, and {at.isoformat()} has none")
    return (at - _EPOCH) // _MICROSECOND


class Identified(Protocol):
    """What tells one event from another, new or stored."""

    @property
    def kind(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def record_id(self) -> int | None: ...
    @property
    def version_id(self) -> int | None: ...
    @property
    def run_id(self) -> int | None: ...


def identity(tenant_id: int, at_microseconds: int, event: Identified) -> bytes:
    """All of an event but its body, in bytes that mean this event only."""
    actor, kind = event.actor.encode(), event.kind.encode()
    record, version, run = event.record_id, event.version_id, event.run_id
    present = (record is not None) | (version is not None) << 1 | (run is not None) << 2
    fixed = _IDENTITY.pack(
        tenant_id, at_microseconds, present, record or 0, version or 0, run or 0, len(actor), len(kind)
    )
    return fixed + actor + kind


def digest(identity_bytes: bytes, body: bytes) -> bytes:
    """What the chain holds of an event; 32 bytes."""
    return hashlib.sha256(identity_bytes + body).digest()


def object_name(identity_bytes: bytes) -> bytes:
    """The name under which the body is sealed: it opens for this event only."""
    return b"audit/" + identity_bytes


def encode_details(details: Mapping[str, object]) -> bytes:
    """The details as JSON. Raises TypeError for what is not JSON, a `Secret` above all."""
    return _encode(details)


def decode_details(plain: bytes) -> dict[str, Any]:
    """The details again; Decimals, dates and instants come back as the texts they were stored as."""
    return _decode(plain)
