"""Redaction: what may be kept of an exchange. Secrets go first, whatever the vendor calls them.

In JSON, short values of ``code`` and ``state`` stay: there they are account codes and addresses' states, and an OAuth
code is never that short. A body may be cut anywhere, so a value counts as one without its closing quote too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

_NAMES = (
    r"[\w-]*(?:token|secret|password|assertion|signature|app[_-]?key|api[_-]?key|applicationkey)|client[_-]?id|"
    r"authorization"
)
_CODES = "code|state"
_QUOTE = r"\\*\""  # JSON inside a JSON string has its quotes escaped
_IN_JSON = re.compile(
    rf"(\"(?:{_NAMES}){_QUOTE}\s*:\s*)(?:({_QUOTE})(?:(?!\2).)*(?:\2|$)|-?\d[\d.eE+-]*)",
    re.IGNORECASE | re.DOTALL,
)
_CODE_IN_JSON = re.compile(rf"(\"(?:{_CODES}){_QUOTE}\s*:\s*)({_QUOTE})[^\s\"\\]{{16,}}(?:\2|$)", re.IGNORECASE)
_IN_FORM = re.compile(rf"(^|[?&\s\"])({_NAMES}|{_CODES})=[^&\s\"]+", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer|Zoho-oauthtoken|Basic)\s+[\w.~+/=-]+", re.IGNORECASE)
_SECRET_QUERY = re.compile(rf"(?:{_NAMES}|{_CODES})", re.IGNORECASE)
# In lower case, what every match of a pattern holds: looking for words costs a hundredth of looking for matches.
_NAMED = (
    *("token", "secret", "password", "assertion", "signature", "key"),
    *('"clientid', '"client_id', '"client-id', '"authorization'),
)
_CODED = ('"code', '"state')
_IN_FORMS = tuple(f"{word.lstrip(chr(34))}=" for word in (*_NAMED, *_CODED))
_SCHEMES = ("bearer", "oauthtoken", "basic")
KEPT = 64 * 1024  # bytes of a body kept in the trail


def body(data: bytes) -> bytes:
    """A body without secrets, cut after 64 KiB."""
    text = data[:KEPT].decode("utf-8", "replace")
    text = _without(_IN_JSON, _hidden, _NAMED, text)
    text = _without(_CODE_IN_JSON, _hidden_code, _CODED, text)
    if "=" in text and _may_hold(_IN_FORMS, text):
        text = _IN_FORM.sub(r"\1\2=[redacted]", text)
    if _may_hold(_SCHEMES, text):
        text = _BEARER.sub(r"\1 [redacted]", text)
    return text.encode()


def _may_hold(words: Sequence[str], text: str) -> bool:
    """Beyond ASCII, letters have other ways to be equal without case, so nothing is ruled out there."""
    if not text.isascii():
        return True
    lowered = text.lower()
    return any(word in lowered for word in words)


def _without(pattern: re.Pattern[str], hidden: Callable[[re.Match[str]], str], words: Sequence[str], text: str) -> str:
    """``pattern.sub(hidden, text)``, tried only where a quoted name holds one of the words."""
    if not text.isascii():
        return pattern.sub(hidden, text)
    lowered = text.lower()
    begins = {lowered.rfind('"', 0, at + 1) for word in words if word in lowered for at in _places(word, lowered)}
    kept: list[str] = []
    end = 0
    for begin in sorted(begins):
        if begin >= end and (match := pattern.match(text, begin)):
            kept += text[end:begin], hidden(match)
            end = match.end()
    return "".join((*kept, text[end:])) if kept else text


def _places(word: str, text: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _hidden(match: re.Match[str]) -> str:
    quote = match[2] or '"'
    return f"{match[1]}{quote}[redacted]{quote}"


def _hidden_code(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}[redacted]{match[2]}"


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return _SECRET_QUERY.fullmatch(name) is not None


def text(sentence: str) -> str:
    """A log line or error text without secrets."""
    return body(sentence.encode()).decode()


def url(path: str, query: Sequence[tuple[str, str]]) -> str:
    """A path with its query, secret parameters redacted."""
    shown = "&".join(f"{name}={'[redacted]' if _SECRET_QUERY.fullmatch(name) else value}" for name, value in query)
    return text(f"{path}{'&' if '?' in path else '?'}{shown}" if shown else path)
