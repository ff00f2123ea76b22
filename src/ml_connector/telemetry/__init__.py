"""What a running process tells its operator: logs without secrets.

Owns: the form of log lines and their redaction. Must not know: tenants' documents; those belong in the audit trail.
Invariant: redaction is the first processor, so that nothing after it ever sees a secret.
"""
