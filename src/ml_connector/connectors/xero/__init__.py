"""Xero, Accounting API 2.0.

Owns: Xero's consent, rotating tokens, limits, paging, fields and messages, and the translation to and from canonical
documents.
Must not know: any other connector, any database, which integration uses it.
Invariant: creates are PUT and updates go by id, so no write of ours ever lands on a document that merely has the same
number; and only an answer that shows an id that is not zero counts as done.
"""

from ml_connector.connectors.xero.connector import Xero

CONNECTOR = Xero()

__all__ = ["CONNECTOR", "Xero"]
