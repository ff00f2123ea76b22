"""Xero, emulated strictly: sign-in, connections, limits, and books that add up.

Owns: what Xero accepts, answers and counts. Must not know: any other vendor, or what our product sends.
Invariant: an uncertain fact is a named switch in ``switches.py``, never a silent choice.
"""

from ml_connector_sandbox.xero.books.company import App, User, XeroBooks
from ml_connector_sandbox.xero.books.organisation import OrganisationBooks
from ml_connector_sandbox.xero.emulator import XeroEmulator
from ml_connector_sandbox.xero.switches import Switches

__all__ = ["App", "OrganisationBooks", "Switches", "User", "XeroBooks", "XeroEmulator"]
