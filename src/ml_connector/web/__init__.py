"""What people and programs reach over HTTP: the REST API now, the dashboard, webhooks and sign-in beside it later.

Owns: addresses, requests and answers, and how an error looks there. Must not know: the ledger, the engine or a vendor; it
calls service functions, one per request, and nothing else of ours.
Invariant: nothing is answered before it is known who asks, and everything that is answered is of their tenant alone.
"""
