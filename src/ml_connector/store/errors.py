"""What can be wrong with the database.

ConnectorError
+-- DatabaseUnavailable         no connection: not running, address wrong, refused, or lost half way
|   +-- CommitUnknown           lost while committing: saved or not, nobody knows yet
+-- DatabaseNotPrepared         the login may not do what the migrations need, or a role has rights it must not have
+-- SchemaTooNew                the database was migrated by a later release
+-- TransactionLost             a statement failed, the failure was passed over, and nothing can be saved
"""

from __future__ import annotations

from ml_connector.errors import Acts, ConnectorError, Recovery


class DatabaseUnavailable(ConnectorError):
    """The database does not answer. Nothing of the open transaction was saved."""

    recovery = Recovery.RETRY_LATER
    acts = Acts.TENANT_ADMIN


class CommitUnknown(DatabaseUnavailable):
    """The connection broke during the commit: the transaction is saved whole or not at all, and must be looked up."""

    recovery = Recovery.UNCERTAIN
    acts = Acts.ENGINE


class DatabaseNotPrepared(ConnectorError):
    """The database cannot be used as it is set up; nothing was changed."""

    recovery = Recovery.PERSON
    acts = Acts.TENANT_ADMIN


class SchemaTooNew(ConnectorError):
    """The database's schema is of a later release than this program; nothing was changed."""

    recovery = Recovery.PERSON
    acts = Acts.TENANT_ADMIN


class TransactionLost(ConnectorError):
    """A statement failed inside the transaction and the caller went on: the database rolled everything back."""

    recovery = Recovery.DEFECT
    acts = Acts.US
