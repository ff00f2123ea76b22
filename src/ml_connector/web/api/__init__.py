"""The REST API, ``/api/v1``: one module per thing that is asked for, each with its router.

Owns: the API's own requests, and their documentation. Must not know: how a page looks, or what a role may do; the service
functions know.
Invariant: money goes in and out as text; no number of JSON ever becomes an amount.
"""
