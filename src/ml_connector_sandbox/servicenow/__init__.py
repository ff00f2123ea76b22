"""ServiceNow, emulated strictly: instances with the REST APIs, import sets, and Accounts Payable or own tables.

Owns: what ServiceNow accepts, answers and counts. Must not know: any other vendor, or what our product sends.
Invariant: an uncertain fact is a named switch in ``switches.py``, never a silent choice.
"""

from ml_connector_sandbox.servicenow.books.access import User
from ml_connector_sandbox.servicenow.company import ServiceNowBooks
from ml_connector_sandbox.servicenow.emulator import ServiceNowEmulator
from ml_connector_sandbox.servicenow.grants import Client
from ml_connector_sandbox.servicenow.instance import Instance
from ml_connector_sandbox.servicenow.seeding import Seed, seeded_instance, small
from ml_connector_sandbox.servicenow.switches import Switches

__all__ = [
    "Client", "Instance", "Seed", "ServiceNowBooks", "ServiceNowEmulator", "Switches", "User", "seeded_instance", "small",
]  # fmt: skip
