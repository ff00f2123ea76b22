"""Redaction: what may be kept of an exchange. Secrets go first, whatever the vendor calls them; what a connector names
as never to be kept (bank details) goes whole, with all that is under it.

In JSON, short values of ``code`` and ``state`` stay: there they are account codes and addresses' states, and an OAuth
code is never that short. A body may be cut anywhere, so a value counts as one without its closing quote too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence

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
_SCHEMES = ("bearer", "zoho-oauthtoken", "basic")
_OTHER_CASES = ("\u0130", "\u0131", "\u017f", "\u212a")  # dotted I, dotless i, long s, Kelvin
KEPT = 1024 * 1024  # bytes of a body kept in the trail: fifty documents of one call, each with many lines
_REDACTED = '"[redacted]"'
_value = json.JSONDecoder()


def body(data: bytes, unkept: Collection[str] = ()) -> bytes:
    """A body without secrets and without the values of fields that are named in ``unkept``, cut after 1 MiB."""
    text = _without_fields(unkept, data[:KEPT].decode("utf-8", "replace"))
    text = _without(_IN_JSON, _hidden, _names(_NAMED), text)
    text = _without(_CODE_IN_JSON, _hidden_code, _names(_CODED), text)
    if "=" in text and (_has_other_cases(text) or any(word in text.lower() for word in _IN_FORMS)):
        text = _IN_FORM.sub(r"\1\2=[redacted]", text)
    return _without(_BEARER, _hidden_scheme, _schemes, text).encode()


def without(data: bytes, unkept: Collection[str]) -> bytes:
    """The whole of a text that may be no proper JSON, without the values of fields that are named in ``unkept``."""
    return _without_fields(unkept, data.decode("utf-8", "replace")).encode()


def _without_fields(names: Collection[str], text: str) -> str:
    for name in names:
        text = _without_field(name, text)
    return text


def _without_field(name: str, text: str) -> str:
    """The text with every value of a JSON field hidden, whatever it holds.

    Where its value does not end (the text was cut, or is JSON inside a JSON string) nothing behind it is kept.
    """
    if name not in text:
        return text
    kept: list[str] = []
    end = 0
    for found in re.finditer(rf'"{re.escape(name)}{_QUOTE}\s*:\s*', text):
        if found.start() < end:
            continue
        kept += text[end : found.end()], _REDACTED
        try:
            _, end = _value.raw_decode(text, found.end())
        except (ValueError, RecursionError):
            return "".join(kept)
    return "".join((*kept, text[end:]))


def _without(
    pattern: re.Pattern[str], hidden: Callable[[re.Match[str]], str], begins: Callable[[str], set[int]], text: str
) -> str:
    """``pattern.sub(hidden, text)``, tried only where a match may begin, which is told of the text in lower case."""
    if _has_other_cases(text):
        return pattern.sub(hidden, text)
    kept: list[str] = []
    end = 0
    for begin in sorted(begins(text.lower())):
        if begin >= end and (match := pattern.match(text, begin)):
            kept += text[end:begin], hidden(match)
            end = match.end()
    return "".join((*kept, text[end:])) if kept else text


def _has_other_cases(text: str) -> bool:
    """Whether it holds letters that equal an ASCII one without case and are not found in lower case."""
    return any(letter in text for letter in _OTHER_CASES)


def _names(words: Sequence[str]) -> Callable[[str], set[int]]:
    """Where quoted names that hold one of the words begin."""
    return lambda lowered: {lowered.rfind('"', 0, at + 1) for at in _places(words, lowered)} - {-1}


def _schemes(lowered: str) -> set[int]:
    return set(_places(_SCHEMES, lowered))


def _places(words: Sequence[str], text: str) -> Iterator[int]:
    for word in words:
        at = text.find(word)
        while at >= 0:
            yield at
            at = text.find(word, at + 1)


def _hidden(match: re.Match[str]) -> str:
    quote = match[2] or '"'
    return f"{match[1]}{quote}[redacted]{quote}"


def _hidden_code(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}[redacted]{match[2]}"


def _hidden_scheme(match: re.Match[str]) -> str:
    return f"{match[1]} [redacted]"


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
