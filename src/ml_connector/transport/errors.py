"""What can go wrong on the wire, told apart by what it proves about the other side.

TransportError
+-- NotSent            nothing reached the vendor: safe to send again
|   +-- Throttled      the vendor said "too many"; ``retry_after`` seconds
|   +-- LeaseLost      this worker no longer owns the lane; it must stop
|   +-- BudgetEmpty    our own count says the limit is used up until ``seconds`` from now
+-- AnswerLost         bytes left and no complete answer came: the outcome is unknown
+-- NotJson            an answer came that is not what the vendor documents
+-- Reconnect          the grant is dead; a person must act
+-- NotPermitted       the grant is alive and lacks the right to this; a person must act
+-- ForbiddenAddress   the address is not one of the connection's known hosts
"""

from __future__ import annotations

from ml_connector.errors import Acts, ConnectorError, Recovery
from ml_connector.transport import redact


class TransportError(ConnectorError):
    """Base."""

    recovery = Recovery.RETRY_LATER
    acts = Acts.VENDOR


class NotSent(TransportError):
    """Nothing reached the vendor."""

    acts = Acts.NOBODY


class Throttled(NotSent):
    """The vendor refused for too many calls; the call was not carried out."""

    recovery = Recovery.RATE_LIMITED

    def __init__(self, sentence: str, retry_after: float) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class BudgetEmpty(NotSent):
    """By our own count the vendor's limit ``name`` is used up; next call possible in ``retry_after`` seconds."""

    recovery = Recovery.RATE_LIMITED

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(f"the limit {name} is used up for {retry_after:.0f} more seconds")
        self.name, self.retry_after = name, retry_after


class LeaseLost(NotSent):
    """Another worker owns the lane now; whatever was to be sent was not sent."""


class AnswerLost(TransportError):
    """Bytes left and no complete answer came back."""

    recovery = Recovery.UNCERTAIN
    acts = Acts.ENGINE


class NotJson(TransportError):
    """The answer is not the JSON the vendor documents. For a write the outcome is unknown."""

    recovery = Recovery.UNCERTAIN

    def __init__(self, status: int, body: bytes) -> None:
        shown = redact.body(body[:80]).decode().strip() or "nothing"
        super().__init__(
            f"The vendor answered {status} with something that is not JSON: {shown!r}. It is asked again later; if it "
            "stays so, see whether the vendor's service is disturbed."
        )
        self.status = status


class Reconnect(TransportError):
    """The consent is gone, or lacks what everything needs: the connection needs to be connected again."""

    recovery = Recovery.RECONNECT
    acts = Acts.TENANT_ADMIN


class NotPermitted(TransportError):
    """The vendor does not let this connection see or do this, and no new token helps; other things it may."""

    recovery = Recovery.RECONNECT
    acts = Acts.TENANT_ADMIN


class ForbiddenAddress(TransportError):
    """An address outside the connection's known hosts was about to be called; it was not."""

    recovery = Recovery.DEFECT
    acts = Acts.US
