"""Key pairs and signed assertions of tests, made when they are asked for."""

from __future__ import annotations

import base64
import functools
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


@functools.cache
def _made(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(name: str = "own") -> str:
    """The private key of that name, PKCS #8 without a pass phrase."""
    return _made(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(name: str = "own") -> str:
    """The public half of the key of that name."""
    return _made(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def assertion(claims: dict[str, Any], key: str = "own", **header: str) -> str:
    """Claims signed with a key; ``header`` beside the usual one."""
    parts = [_part(json.dumps(one).encode()) for one in ({"alg": "RS256", "typ": "JWT", **header}, claims)]
    text = ".".join(parts)
    return f"{text}.{_part(_made(key).sign(text.encode(), padding.PKCS1v15(), SHA256()))}"


def opened(token: str, key: str = "own") -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token. Raises InvalidSignature where another key signed it."""
    header, claims, signature = token.split(".")
    _made(key).public_key().verify(_bytes(signature), f"{header}.{claims}".encode(), padding.PKCS1v15(), SHA256())
    return json.loads(_bytes(header)), json.loads(_bytes(claims))


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
