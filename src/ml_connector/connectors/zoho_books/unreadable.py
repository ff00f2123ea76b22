"""The row of a document that could not be understood."""

from __future__ import annotations

import hashlib

from ml_connector.connectors.reading import UNIDENTIFIED, Row


def unreadable(what: str, raw: bytes, why: str, id_: str = "", stamp: str = "") -> Row:
    """A row that could not be understood. One without an id gets a key of its text, so that it is not mistaken."""
    key = id_ or f"{UNIDENTIFIED}{hashlib.sha256(raw).hexdigest()[:16]}"
    return Row(key, raw, None, stamp, f"{what} {id_ or 'without an id'} of Zoho Books: {why}.")
