"""ServiceTitan, emulated: tokens, gateway, limits, and the accounting, inventory, CRM, settings and job modules.

Owns: what ServiceTitan's V2 API accepts, refuses and answers, and the books of its tenants.
Must not know: who calls it, and anything of the product.
Invariant: every answer is what the vendor's facts say; where they are uncertain, a switch decides.
"""

from ml_connector_sandbox.servicetitan.books import ServiceTitanBooks
from ml_connector_sandbox.servicetitan.emulator import ServiceTitanEmulator
from ml_connector_sandbox.servicetitan.switches import Switches

__all__ = ["ServiceTitanBooks", "ServiceTitanEmulator", "Switches"]
