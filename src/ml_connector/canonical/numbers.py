"""Document numbers as bookkeepers compare them."""

from __future__ import annotations

import re
import unicodedata

_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_NOT_A_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


def number_key(number: str) -> str:
    """The key under which two invoice numbers are the same: case, spaces, dashes and leading zeros are ignored.

    Dashes go first, so that 24-00123 and 2400123 are one number; zeros lead at the start and after letters (INV-007).
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", number).casefold())
    return _LEADING_ZEROS.sub("", _NOT_A_LETTER_OR_DIGIT.sub("", folded))


_LEGAL_FORMS = frozenset(
    [
        "inc",
        "incorporated",
        "llc",
        "ltd",
        "limited",
        "co",
        "corp",
        "corporation",
        "company",
        "gmbh",
        "plc",
        "lp",
        "llp",
        "pty",
        "sa",
        "srl",
        "bv",
        "ag",
        "the",
    ]
)


def name_words(name: str) -> tuple[str, ...]:
    """A firm's name as comparable words: case, accents, punctuation and legal forms are ignored."""
    plain = unicodedata.normalize("NFKD", name).casefold().replace("&", " and ")
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    words = [word for word in _NOT_A_LETTER_OR_DIGIT.split(plain) if word]
    return tuple(word for word in words if word not in _LEGAL_FORMS) or tuple(words)


def name_key(name: str) -> str:
    """The key under which two firm names are exactly the same."""
    return " ".join(name_words(name))
