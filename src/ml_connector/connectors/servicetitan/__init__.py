"""ServiceTitan, the field-service system: orders, receipts, bills, invoices and payments are read and, where its API

takes that, marked as exported; customers and vendors are read and kept.

Owns: ServiceTitan's addresses, client credentials, limits, lists and export feeds, fields, errors and webhooks, and
their translation to canonical documents.
Must not know: any database, any other vendor, what becomes of a document.
Invariant: a document once visible to the application is yielded at least once by a walk that ends, however the list
moves meanwhile, and no cursor ever points past a change that has not been yielded.
"""

from ml_connector.connectors.servicetitan.connector import ServiceTitan

CONNECTOR = ServiceTitan()

__all__ = ["CONNECTOR", "ServiceTitan"]
