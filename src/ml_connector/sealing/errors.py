"""What can be wrong with keys and sealed bytes.

ConnectorError
+-- SealBroken                  sealed bytes do not open: damaged, another tenant's, another object's
|   +-- SealKeyMissing          their key is not at hand: erased, or not among the keys given
+-- MasterKeyUnusable           the master key itself is missing, misplaced, malformed or another one
+-- MasterKeyRotationStopped    a tenant's key changed under the rotation; the rotation can be repeated
"""

from __future__ import annotations

from ml_connector.errors import Acts, ConnectorError, Recovery


class SealBroken(ConnectorError):
    """Sealed bytes do not open under the key, tenant and object name given. Nothing of the content is known."""

    recovery = Recovery.DEFECT
    acts = Acts.US


class SealKeyMissing(SealBroken):
    """The key these bytes were sealed under is not at hand: it was erased, or this sealer was not given it."""


class MasterKeyUnusable(ConnectorError):
    """The master key cannot be used; nothing was opened, written or replaced."""

    recovery = Recovery.PERSON
    acts = Acts.TENANT_ADMIN


class MasterKeyRotationStopped(ConnectorError):
    """Rotation met a tenant key that changed meanwhile; tenants done so far stay done, and it can be repeated."""

    recovery = Recovery.RETRY_LATER
    acts = Acts.US
