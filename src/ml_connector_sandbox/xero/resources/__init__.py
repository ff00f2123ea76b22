"""The resources of the API, one file each: what a call does, and how its answer looks.

Owns: paths, field names of answers, filters. Must not know: how a call was let in or counted.
Invariant: a new resource is one new file with ``ROUTES``; nothing else is edited.
"""

from __future__ import annotations

import importlib
import pkgutil

from ml_connector_sandbox.xero.api.call import Route


def all_routes() -> list[Route]:
    """The routes of every resource file; files with a leading underscore are helpers."""
    found: list[Route] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        if not module.name.startswith("_"):
            found += importlib.import_module(f"{__name__}.{module.name}").ROUTES
    return found
