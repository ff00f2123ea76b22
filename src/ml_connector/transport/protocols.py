"""What the lane hands to a session: tokens, budget, lease, exchange log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ml_connector.transport.messages import Exchange


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the base address it is good for. ``headers`` authorise a call; never logged."""

    headers: Mapping[str, str]
    base: str
    expires_at: datetime
    serial: int  # grows with every refresh of the grant

    def __repr__(self) -> str:
        return f"Token(serial={self.serial}, expires_at={self.expires_at.isoformat()})"


class TokenSource(Protocol):
    """The grant's tokens; one refresh at a time across all machines."""

    async def current(self) -> Token:
        """A token that is good for at least the vendor's safety margin. Raises Reconnect, Throttled, AnswerLost."""

    async def replace(self, refused: Token) -> Token:
        """A newer token than ``refused`` (refreshes at most once per refused token). Raises Reconnect.

        The same one when it is fresh: then it is not the token that was refused.
        """


class Budget(Protocol):
    """Our own count of the vendor's limits."""

    async def take(self) -> None:
        """Wait for a free call, a few seconds at most. Raises BudgetEmpty when it takes longer."""

    def done(self, headers: Mapping[str, str], status: int) -> None:
        """A call was answered (status 0: no answer); the vendor's headers correct the count."""

    def throttled(self, retry_after: float) -> None:
        """The vendor said 429: no call before ``retry_after`` seconds from now."""


class Lease(Protocol):
    """The right to send on this lane."""

    def check(self) -> None:
        """The last act before the first byte. Raises LeaseLost."""


class ExchangeLog(Protocol):
    """Where redacted exchanges go; they are written with the outcome they belong to."""

    def add(self, exchange: Exchange) -> None:
        """Keep one exchange."""
