"""The organisations' books: what is on file, documents, payments, allocations, and the ledger they post to.

Owns: accounting rules and arithmetic as Xero has them. Must not know: HTTP, tokens, JSON envelopes.
Invariant: receivables and payables in the ledger equal what the open documents say is outstanding.
"""
