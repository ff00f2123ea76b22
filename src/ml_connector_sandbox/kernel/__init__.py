"""What every emulator shares: the clock that can run fast, exact JSON, limit windows, the HTTP shell, the admin address.

Owns: nothing of any one vendor. Must not know: which vendors exist.
Invariant: every limit and expiry is kept on the sandbox clock, never on the machine's.
"""
