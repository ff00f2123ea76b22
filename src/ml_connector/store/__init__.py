"""The database: its roles, tables, migrations and transactions.

Owns: who may see which row, how the schema comes into being, and how a transaction is opened.
Must not know: vendors, integrations, and what the rows mean to a bookkeeper.
Invariant: a transaction sees and writes the rows of its own tenant and of no other; the database enforces it.
"""
