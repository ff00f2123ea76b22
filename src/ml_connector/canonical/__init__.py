"""Vendor-neutral documents, money, dates and tie-out.

Owns: the words of the accounting trade as frozen structs, and exact arithmetic on them.
Must not know: any vendor, any database, anything else of ours.
Invariant: an amount is a Decimal in its document's currency; splitting or rounding never gains or loses a cent unseen.
"""
