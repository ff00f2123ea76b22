"""What several vendors' answers prove alike, and what a refusal means.

TransportError
+-- FilterIgnored    a list holds rows that do not match what was asked for
+-- Unsettled        a list moved each time it was read
+-- NotTakenIn       what was sent lies at the vendor and was not worked on yet
NotJson
+-- Incomplete       an answer is JSON and lacks what the vendor documents
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ml_connector.errors import Acts, Recovery
from ml_connector.transport.errors import NotJson, TransportError


class FilterIgnored(TransportError):
    """Rows came back that do not match what was asked for, as where parameters are ignored: the answer proves nothing."""

    recovery = Recovery.DEFECT
    acts = Acts.US


class Unsettled(TransportError):
    """What was asked for on several pages moved while they were read, so nothing is proved; it is asked again later."""

    acts = Acts.NOBODY


class NotTakenIn(TransportError):
    """What was sent lies where the vendor keeps it until it is worked on, so nothing is proved; it is asked again later.

    Its sentence says where it lies, since when, and who can bring it forward.
    """

    acts = Acts.VENDOR


class Incomplete(NotJson):
    """The answer is JSON and lacks ``what``, which the vendor documents; for a write the outcome is unknown.

    ``vendor`` is what a connector's own class calls its vendor.
    """

    vendor: ClassVar[str]

    def __init__(self, status: int, what: str) -> None:
        TransportError.__init__(
            self,
            f"{self.vendor} answered {status} without {what}, which it documents: it is read again later; if it stays, "
            "report it to support.",
        )
        self.status = status


@dataclass(frozen=True, slots=True)
class Meaning:
    """A refusal in our terms: reason code, what to do, who does it."""

    reason: str
    action: str
    acts: Acts = Acts.BOOKKEEPER
