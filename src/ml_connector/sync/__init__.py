"""The engine: pull, plan, push, resolve, and the ledger between them.

Owns: how a document's version lives from `staged` to its end, links, waits and release, and what proves an outcome.
Must not know: which vendor or integration it works for, how a lane comes to run, who calls it.
Invariant: an intent is committed before its write leaves, and what happened to the write is proved, never assumed.
"""
