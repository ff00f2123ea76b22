"""One function per thing a person can do, each with its role check and its audit event.

Owns: what people may do and in which role, the questions they ask of the ledger, and what they change by hand.
Must not know: a terminal or a browser; how a vendor is called (it asks the lane, except for the first consent).
Invariant: every change a person makes is one transaction that ends with its audit event, naming that person.
"""
