"""The command line: what a person types, and what they see.

Owns: commands, help, exit codes, tables and progress in a terminal, the one JSON document of ``--json``.
Must not know: SQL, vendors' addresses, anything that ``service`` does not offer.
Invariant: bad input ends with one sentence on the error output and an exit code, never with a traceback.
"""
