"""The vendor's host names, and where the API begins."""

from __future__ import annotations

LOGIN = "login.xero.com"
IDENTITY = "identity.xero.com"
API = "api.xero.com"
BASE = "/api.xro/2.0"
TOKEN_PATH = "/connect/token"  # noqa: S105 - a path
REVOCATION_PATH = "/connect/revocation"
AUTHORIZE_PATH = "/identity/connect/authorize"
