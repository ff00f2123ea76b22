"""The API's shell: who may call, how often, how bodies are read and answers wrapped, how lists are paged.

Owns: authorisation, limits, envelope, paging. Must not know: what any one resource means.
Invariant: a call changes nothing before it has passed every check of the gate.
"""
