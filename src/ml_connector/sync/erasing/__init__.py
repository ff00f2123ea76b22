"""Erasing a person: what is stored of them is rewritten without their data, and what is read later comes in without it.

Owns: who is erased, which rows show them, and the view of a vendor in which they are erased.
Must not know: roles, screens, and how the audit trail is chained.
Invariant: ids, numbers, dates, amounts, accounts, states and hashes of documents stay; so everything ties as before.
"""
