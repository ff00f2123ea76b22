"""Redaction: what may be kept of an exchange. Secrets go first, whatever the vendor calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SECRET_NAMES = (
    "access_token|refresh_token|id_token|client_secret|client_id|code|state|token|password|authorization|"
    "st-app-key|servicetitanapplicationkey|assertion|api_key|apikey|secret|signature"
)
_IN_JSON = re.compile(rf'("(?:{_SECRET_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)
_IN_FORM = re.compile(rf"(^|[?&\s])({_SECRET_NAMES})=[^&\s]+", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer|Zoho-oauthtoken|Basic)\s+[\w.~+/=-]+", re.IGNORECASE)
_SECRET_QUERY = re.compile(rf"^(?:{_SECRET_NAMES})$", re.IGNORECASE)
KEPT = 64 * 1024  # bytes of a body kept in the trail


def body(data: bytes) -> bytes:
    """A body without secrets, cut after 64 KiB."""
    text = data[:KEPT].decode("utf-8", "replace")
    text = _IN_JSON.sub(r'\1"[redacted]"', text)
    return _BEARER.sub(r"\1 [redacted]", _IN_FORM.sub(r"\1\2=[redacted]", text)).encode()


def text(sentence: str) -> str:
    """A log line or error text without secrets."""
    return body(sentence.encode()).decode()


def url(path: str, query: Sequence[tuple[str, str]]) -> str:
    """A path with its query, secret parameters redacted."""
    shown = "&".join(f"{name}={'[redacted]' if _SECRET_QUERY.match(name) else value}" for name, value in query)
    return f"{path}?{shown}" if shown else path
