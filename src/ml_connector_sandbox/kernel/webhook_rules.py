"""What a vendor's webhooks are made of: changes, subscriptions, parcels, and the rules each vendor fills in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

CREATED, UPDATED, DELETED = "created", "updated", "deleted"
ACTIONS = (CREATED, UPDATED, DELETED)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the books. ``company``: the tenant's or organisation's number; ``record``: as it stands after.

    ``event``: entity and action such as ``bill.updated``, in the sandbox's own words; the wire may have others.
    """

    event: str
    company: str
    object_id: str
    record: Any

    @property
    def entity(self) -> str:
        return self.event.partition(".")[0]

    @property
    def action(self) -> str:
        return self.event.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a person set up in the vendor's portal. ``company`` empty: every one; ``secret`` empty: unsigned."""

    number: int
    url: str
    events: tuple[str, ...]
    method: str = "POST"
    company: str = ""
    secret: str = field(default="", repr=False)

    def wants(self, change: Change) -> bool:
        """Is this change announced to this address."""
        return change.event in self.events and self.company in ("", change.company)

    def as_dict(self) -> dict[str, Any]:
        """For the admin address; the secret itself never leaves."""
        return {
            "number": self.number,
            "url": self.url,
            "events": list(self.events),
            "method": self.method,
            "company": self.company,
            "signed": bool(self.secret),
        }


@dataclass(frozen=True, slots=True)
class Numbers:
    """``delivery``: its own; ``occurrence``: of the change, the same at every address and in every attempt."""

    delivery: int
    occurrence: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes over the wire; every attempt of a delivery sends the same bytes."""

    headers: dict[str, str]
    body: bytes


class WebhookRules(ABC):
    """How one vendor announces changes. ``events``: every event one can subscribe to."""

    events: tuple[str, ...]
    methods: tuple[str, ...] = ("POST",)

    @abstractmethod
    def check_secret(self, secret: str) -> None:
        """Raises ValueError, with a sentence, on a secret the vendor's portal would not take; empty: unsigned."""

    @abstractmethod
    def compose(self, subscription: Subscription, change: Change, numbers: Numbers) -> Parcel:
        """The delivery of ``change``. Raises ValueError on a switch set to what it does not know."""

    @abstractmethod
    def admit(self, change: Change) -> str:
        """Why the vendor does not announce this change at all, in a sentence; empty: it does, and it counts."""

    @abstractmethod
    def retry_seconds(self) -> tuple[float, ...]:
        """Sandbox seconds from each failed attempt to the next; after the last one the vendor gives up."""

    @abstractmethod
    def time_out_seconds(self) -> float:
        """Machine seconds the vendor waits for an answer."""

    def accepted(self, status: int) -> bool:
        """Does this answer end the delivery."""
        return 200 <= status < 300


def named_events(entities: tuple[str, ...]) -> tuple[str, ...]:
    """``bill`` -> ``bill.created``, ``bill.updated``, ``bill.deleted``."""
    return tuple(f"{entity}.{action}" for entity in entities for action in ACTIONS)


def digest(secret: str, signed: bytes, encoding: str) -> str:
    """HMAC-SHA256 as ``hex``, ``base64`` or ``sha256=hex``. Raises ValueError on another encoding."""
    made = hmac.new(secret.encode(), signed, hashlib.sha256)
    if encoding == "hex":
        return made.hexdigest()
    if encoding == "base64":
        return base64.b64encode(made.digest()).decode()
    if encoding == "sha256=hex":
        return f"sha256={made.hexdigest()}"
    raise ValueError(f"webhook_signature_encoding {encoding!r} is none of hex, base64, sha256=hex")


def seconds_listed(text: str) -> tuple[float, ...]:
    """``"10,30"`` -> (10.0, 30.0); empty: none. Raises ValueError on anything else."""
    try:
        return tuple(float(one) for one in text.split(",") if one.strip())
    except ValueError as error:
        raise ValueError(f"webhook_retry_seconds {text!r} is no list of seconds such as 10,30,60") from error
