"""What every wish to the desk names."""

from __future__ import annotations

import msgspec


class Wish(msgspec.Struct, forbid_unknown_fields=True, tag_field="act", kw_only=True):
    """``organisation``: its number."""

    organisation: str
