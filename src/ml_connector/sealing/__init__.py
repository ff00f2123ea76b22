"""Envelope encryption: what a tenant entrusts to us lies sealed, and opens only with that tenant's keys.

Owns: the master key, the keys under it (tenant; credential, document and index keys under the tenant's), sealed bytes.
Must not know: the database (it asks a `KeyStore`), vendors, what the sealed bytes mean.
Invariant: sealed bytes open only for the tenant and the object name they were sealed for, or raise `SealBroken`.
"""

from ml_connector.sealing.errors import (
    MasterKeyRotationStopped,
    MasterKeyUnusable,
    SealBroken,
    SealKeyMissing,
)
from ml_connector.sealing.keyring import Keyring, KeyStore, rotate_master
from ml_connector.sealing.master import MasterKey
from ml_connector.sealing.seal import IndexKey, Sealer
from ml_connector.sealing.secret import Secret

__all__ = [
    "IndexKey",
    "KeyStore",
    "Keyring",
    "MasterKey",
    "MasterKeyRotationStopped",
    "MasterKeyUnusable",
    "SealBroken",
    "SealKeyMissing",
    "Sealer",
    "Secret",
    "rotate_master",
]
