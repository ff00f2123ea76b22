"""The modules behind the gateway: one file per resource, each naming its operations.

Owns: which operations exist, their parameters and scopes, and how records look in JSON.
Must not know: tokens, tenants' rights, limits.
Invariant: a file in this package that has ``OPERATIONS`` is served; nothing else is to be edited to add one.
"""

from __future__ import annotations

import importlib
import pkgutil

from ml_connector_sandbox.servicetitan.calls import Operation


def operations() -> list[Operation]:
    """Every operation of every resource file."""
    found: list[Operation] = []
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        found.extend(getattr(importlib.import_module(module.name), "OPERATIONS", ()))
    return found
