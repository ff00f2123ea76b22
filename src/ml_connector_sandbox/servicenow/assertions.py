"""Assertions of the grant jwt-bearer: read, and taken for a user only where everything about them is right."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ml_connector_sandbox.servicenow.books.access import User
from ml_connector_sandbox.servicenow.grants import Client
from ml_connector_sandbox.servicenow.instance import Instance

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def user_of(instance: Instance, client: Client, assertion: str, endpoint: str) -> User | None:
    """Whom a valid assertion names; None where it is not valid, or names nobody who may sign in."""
    try:
        header, claims, signature = assertion.split(".")
        told, says = _object(header), _object(claims)
        signed = base64.urlsafe_b64decode(_padded(signature))
    except (ValueError, binascii.Error):
        return None
    if told.get("alg") != "RS256" or not _is_signed(client, told, f"{header}.{claims}".encode(), signed):
        return None
    audiences = {"client_id": client.client_id, "token_endpoint": endpoint}
    until = says.get("exp")
    alive = isinstance(until, int) and until > instance.clock.now().timestamp()
    meant = says.get("aud") == audiences[instance.switches.assertion_audience]
    if not (alive and meant and says.get("iss") == client.client_id and says.get("sub")):
        return None
    named = (one for one in instance.access.users.values() if _named(one, client) == says["sub"])
    return next((one for one in named if one.admitted), None)


def _named(user: User, client: Client) -> str:
    return user.email if client.user_field == "email" else user.name


def _is_signed(client: Client, header: dict[str, Any], text: bytes, signature: bytes) -> bool:
    """By the key of that id; without an id by any key of the client."""
    named = header.get("kid")
    keys = [key for key_id, key in client.keys.items() if named in (None, key_id)]
    return any(_fits(key, text, signature) for key in keys)


def _fits(key: str, text: bytes, signature: bytes) -> bool:
    public = load_pem_public_key(key.encode())
    if not isinstance(public, RSAPublicKey):
        return False
    try:
        public.verify(signature, text, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _object(part: str) -> dict[str, Any]:
    """A part of the token; empty where it is no object. Raises ValueError where it is not JSON."""
    found = json.loads(base64.urlsafe_b64decode(_padded(part)))
    return found if isinstance(found, dict) else {}


def _padded(part: str) -> str:
    return part + "=" * (-len(part) % 4)
