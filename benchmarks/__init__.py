"""Measurements of the product on the sandbox: what a record costs, and how much of a vendor's limit is used.

Owns: running the product's worker and the emulators in processes of their own, and counting. Must not know: what would
be fast enough; numbers are ratios within one run and are never asserted. Invariant: what is measured is the product as
it ships, on its embedded PostgreSQL with fsync on; only the vendors' limits may be lifted, and then on both sides.
"""
