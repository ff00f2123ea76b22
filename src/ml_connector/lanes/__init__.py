"""Which lane is due, who runs it, and with what: budgets, grants, leases, and the job engine behind a narrow port.

Owns: fair dispatch, leases and fences, rate budgets, token refresh, schedules.
Must not know: what a document is; who asks (people come through ``service``).
Invariant: a lane has one owner at a time, proved by its fence in every transaction it writes.
"""
