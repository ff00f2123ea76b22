"""What tests, benchmarks and the fault matrix stand on: a throw-away PostgreSQL, and a company joined on the sandbox.

Owns: nothing of the product. Must not know: what is being proved with it. Invariant: whatever is started here ends here.
"""
