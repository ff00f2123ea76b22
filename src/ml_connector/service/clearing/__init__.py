"""Clearing accounts: what payments are booked on them, what of it went to the bank, and what they should stand at.

Owns: the report of bank deposits against those accounts.
Must not know: how a deposit or a payment is read or planned; nothing is ever written.
Invariant: what an account should stand at is what is booked on it less what was deposited of it, payment by payment.
"""
