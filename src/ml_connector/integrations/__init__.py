"""What is joined with what: each integration's flows, rules, settings and mapping tables; one file per integration.

Owns: the accounting rules that turn a source's document into a target's, and the reasons why one has to wait.
Must not know: databases, lanes, HTTP; connectors are used only through ``connectors.base``.
Invariant: planning is pure: the same view gives the same decision, so preview equals live.
"""
