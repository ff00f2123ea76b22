"""How a call is let in, counted, read and answered, whichever resource it is for.

Owns: scopes, limits, idempotency, pages, filters, batches, envelopes. Must not know: any resource's fields.
Invariant: every answer carries the limit headers of the app and tenant it was counted for.
"""
