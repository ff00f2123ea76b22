"""Zoho Books, API v3.

Owns: its data centres, consent, limits, paging, fields and codes, and the translation to and from canonical documents.
Must not know: any other connector, any database, which integration uses it.
Invariant: a list is believed only where it proves itself: rows that do not match the filter asked for void the answer,
and pages counted by number count only when two passes agree.
"""

from ml_connector.connectors.zoho_books.connector import ZohoBooks

CONNECTOR = ZohoBooks()

__all__ = ["CONNECTOR", "ZohoBooks"]
