"""What an instance has on record: its dictionary, its rows, its import sets, and the work of Accounts Payable.

Owns: tables, columns, transforms, the invoice's way from draft to paid. Must not know: HTTP.
Invariant: every value is a string, as the APIs show it; an empty one is the empty string.
"""
