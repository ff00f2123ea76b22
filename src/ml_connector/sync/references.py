"""Our own name for a record at the target. Pure."""

from __future__ import annotations

import hashlib

_SHORT = "mlc-"  # begins a reference that is told by its digest
_DIGEST = 20  # characters of a digest in a reference: 80 bits, so that two of ours are never alike


def reference(vendor: str, organisation: str, flow: str, source_id: str, room: int = 0) -> str:
    """Our external reference: made of the source's identity alone, so that it outlives this database.

    ``room``: how many characters of it the target keeps, 0 for any number. What is longer is told by its digest, so that
    what stands there is found again under the very reference that the record has.

    >>> reference("servicetitan", "1001", "bills", "450001")
    'servicetitan-1001-bills-450001'
    >>> reference("servicetitan", "1001", "bills", "450001", 28)
    'mlc-19f5cebb9b2f232010bd'
    """
    whole = f"{vendor}-{organisation}-{flow}-{source_id}"
    if not room or len(whole) <= room:
        return whole
    return f"{_SHORT}{hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST]}"


def is_short(text: str) -> bool:
    """Whether a reference, or what goes on behind one, tells the source's identity by its digest."""
    return text.startswith(_SHORT)
