"""Encoded queries of the Table API. Columns that the instance does not know are dropped from a query without a word,
so whoever asks compares the rows with what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

from ml_connector.errors import BadInput

AND, OR = "^", "^OR"
BY_STAMP = "ORDERBYsys_updated_on^ORDERBYsys_id"


def text(value: str) -> str:
    """A value inside a query. A caret is doubled, which is how the platform is said to write one; nothing else is quoted."""
    if "\n" in value or "\r" in value:
        raise BadInput(
            f"{value[:40]!r} has a line break and cannot be looked up at ServiceNow: take it out at the source."
        )
    return value.replace("^", "^^")


def one_of(column: str, values: Iterable[str]) -> str:
    """Rows whose column is one of the values. A value with a comma has no place in IN and is asked for by itself."""
    known = sorted({value for value in values if value})
    if any("," in value for value in known):
        return OR.join(f"{column}={text(value)}" for value in known)
    return f"{column}IN{','.join(text(value) for value in known)}"


def joined(*terms: str) -> str:
    """All terms together."""
    return AND.join(term for term in terms if term)
