"""Errors, classed by how one recovers from them and by who has to act.

ConnectorError                      a sentence for a person
+-- BadInput                        a file, setting, argument or answer a person gave is wrong: they correct it
+-- NotFound                        the named thing does not exist in this tenant
+-- Refused                         the request is understood and not allowed in this state
(transport, connectors, store and sealing add their own below their ``errors`` modules)
"""

from __future__ import annotations

from enum import StrEnum


class Recovery(StrEnum):
    """What brings the work forward again."""

    RETRY_LATER = "retry_later"
    RATE_LIMITED = "rate_limited"
    UNCERTAIN = "uncertain"
    RECONNECT = "reconnect"
    PERSON = "person"
    DEFECT = "defect"


class Acts(StrEnum):
    """Who has to act."""

    NOBODY = "nobody"
    ENGINE = "engine"
    TENANT_ADMIN = "tenant admin"
    BOOKKEEPER = "bookkeeper"
    APPROVER = "approver"
    VENDOR = "vendor"
    US = "us"


class ConnectorError(Exception):
    """Base of all our errors. ``str(error)`` is one sentence that names the thing and the remedy."""

    recovery = Recovery.DEFECT
    acts = Acts.US

    @property
    def sentence(self) -> str:
        """The sentence for a person."""
        return str(self)


class BadInput(ConnectorError):
    """Something a person gave is wrong; nothing was changed."""

    recovery = Recovery.PERSON
    acts = Acts.BOOKKEEPER


class NotFound(BadInput):
    """The named thing does not exist in this tenant; nothing was changed."""


class Refused(ConnectorError):
    """Understood, and not allowed in this state; nothing was changed."""

    recovery = Recovery.PERSON
    acts = Acts.BOOKKEEPER
