"""HTTP to a vendor: the session, its retry rule, budget arithmetic, and exchanges with secrets redacted.

Owns: when a request may be sent and repeated, and what its outcome proves about the other side.
Must not know: any vendor, any database; tokens, budgets, lease and exchange log are handed in by protocol.
Invariant: a write is sent at most once per call of ``Session.send``, twice only when it was refused for its token;
after its first byte only the answer, or a look-up, tells what happened.
"""
