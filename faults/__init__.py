"""The fault matrix: every external call of a run, spoiled in every way, and the books compared with a run without faults.

Owns: the points, the runs, the comparison, the table. Must not know: any vendor or integration by name; both are found by
scan, so a new one joins by itself. Invariant: after the fault nobody helps the product, but for reconnecting where only a
person can.
"""
