"""Zoho Books, emulated strictly: eight data centres, OAuth, limits, and books that add up.

Owns: what Zoho Books accepts, answers and counts. Must not know: any other vendor, or what our product sends.
Invariant: an uncertain fact is a named switch in ``switches.py``, never a silent choice.
"""

from ml_connector_sandbox.zoho_books.books.company import Client, User, ZohoBooksBooks
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.emulator import ZohoBooksEmulator
from ml_connector_sandbox.zoho_books.switches import Switches

__all__ = ["Client", "OrganisationBooks", "Switches", "User", "ZohoBooksBooks", "ZohoBooksEmulator"]
