"""The signed assertion of the grant jwt-bearer: who acts, for which client, until when.

The instance finds the certificate by the client's JWT Verifier Maps, and the user by the claim ``sub`` in the column that
the client's User field names. Its pages differ in what the audience is: the client's ID, or the token endpoint.
"""

from __future__ import annotations

import base64
import datetime as dt
import uuid

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ml_connector.connectors.grants import Credentials
from ml_connector.errors import BadInput

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("client_id", "token_endpoint")
_LIFE = dt.timedelta(minutes=5)  # it is sent at once; clocks may differ


def signed(credentials: Credentials, endpoint: str, now: dt.datetime) -> str:
    """An assertion signed with RS256. Raises BadInput for a key that is none."""
    client = credentials["client_id"].strip()
    key_id = credentials.get("key_id", "").strip()
    header = {"alg": "RS256", "typ": "JWT"} | ({"kid": key_id} if key_id else {})
    claims = {
        "iss": client,
        "sub": credentials["username"].strip(),
        "aud": endpoint if credentials.get("audience") == AUDIENCES[1] else client,
        "iat": int(now.timestamp()),
        "exp": int((now + _LIFE).timestamp()),
        "jti": str(uuid.uuid4()),
    }
    text = b".".join(_part(msgspec.json.encode(one)) for one in (header, claims))
    signature = _key(credentials["private_key"]).sign(text, PKCS1v15(), SHA256())
    return (text + b"." + _part(signature)).decode()


def _key(text: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(text.strip().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInput(
            "The private key cannot be read: give the file of an RSA key in PEM without a pass phrase, which begins with "
            "-----BEGIN PRIVATE KEY-----."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise BadInput("The private key is no RSA key, and assertions are signed with RS256 here: make an RSA key.")
    return key


def _part(data: bytes) -> bytes:
    """Base64 as a token has it: safe in addresses, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")
