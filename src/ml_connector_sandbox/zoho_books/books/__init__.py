"""The books of the emulated organisations: master data, documents, arithmetic, ledger.

Owns: what an accounting system accepts, computes and posts. Must not know: HTTP, tokens on the wire, paging.
Invariant: every posted document is in the ledger once, and its entry balances.
"""
