"""Mapping tables: out and in as CSV, one value at a time, and suggestions with their evidence.

Owns: what a table's file looks like, its checks, and what a change of a table sets free.
Must not know: how a planner uses a value.
Invariant: a file with one fault changes nothing.
"""
