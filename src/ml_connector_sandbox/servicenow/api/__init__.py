"""How a call is let in, counted, read and answered: Table, Import Set, Batch and Aggregate API.

Owns: versions, headers, roles, limits, envelopes. Must not know: what any one table means.
Invariant: every refusal has the shape of ``errors``, but for pages that stand before the APIs.
"""
