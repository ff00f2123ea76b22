"""Changes of settings that let more through than before: a closed period opened, documents from earlier on, a looser gate.

They decide what is posted, as going live does, and so are an approver's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ml_connector.integrations.base import IntegrationType


def loosened(kind: IntegrationType, former: Any, new: Any) -> list[str]:
    """What the new settings let through that the former did not, in words."""
    told = []
    for name, (looser, words) in _LOOSER.items():
        if name in new.__struct_fields__ and looser(getattr(former, name), getattr(new, name)):
            told.append(f"{words} ({name} {_shown(getattr(former, name))} -> {_shown(getattr(new, name))})")
    for name, values in kind.gates.items():
        before, after = getattr(former, name), getattr(new, name)
        if values.index(after) > values.index(before):
            told.append(f"let documents go earlier or unseen ({name} {before} -> {after})")
    return told


def _opened(before: Any, after: Any) -> bool:
    return before is not None and (after is None or after < before)


def _widened(before: Any, after: Any) -> bool:
    """No business unit stands for all of them."""
    return bool(before) and (not after or not set(after) <= set(before))


def _asks_less(before: int, after: int) -> bool:
    """At 0 percent nothing is ever asked."""
    return before != 0 and (after == 0 or after > before)


_LOOSER: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "closed_through": (_opened, "open a closed period"),
    "closed_period": (
        lambda before, after: before == "hold" != after,
        "let documents of a closed period go by themselves",
    ),
    "start_date": (lambda before, after: after < before, "take up documents from earlier on"),
    "business_units": (_widened, "widen the business units"),
    "hold_incomplete_vendors": (
        lambda before, after: before == "yes" != after,
        "let documents of vendors go that are not complete",
    ),
    "inactive_parties": (
        lambda before, after: before == "leave" != after,
        "let customers and vendors become inactive on the other side",
    ),
    "breaker_percent": (_asks_less, "weaken the mass-change breaker"),
    "breaker_floor": (lambda before, after: after > before, "weaken the mass-change breaker"),
}


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "all"
    return "none" if value is None else str(value)
