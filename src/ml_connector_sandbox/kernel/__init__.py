"""What every emulator shares: a clock that can run fast, exact JSON, limits, the HTTP shell, faults, the admin port.

Owns: nothing of any one vendor. Must not know: which vendors exist.
Invariant: every limit and expiry is kept on the sandbox clock, never on the machine's.
"""
