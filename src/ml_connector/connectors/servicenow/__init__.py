"""ServiceNow: Table, Import Set and Batch APIs, with the staging tables of Accounts Payable Operations.

Owns: its grants, limits, paging, tables and columns, what its answers prove, and the translation to and from canonical
documents.
Must not know: any other connector, any database, which integration uses it.
Invariant: every row that is sent carries our key, and what lies there under our number is looked at before anything is
sent; an answer counts only where its rows match what was asked for, since unknown columns are dropped without a word.
"""

from ml_connector.connectors.servicenow.connector import ServiceNow

CONNECTOR = ServiceNow()

__all__ = ["CONNECTOR", "ServiceNow"]
