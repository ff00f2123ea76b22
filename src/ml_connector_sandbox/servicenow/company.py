"""All instances of one company, by host."""

from __future__ import annotations

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicenow.instance import PAYABLES_PROFILE, Instance
from ml_connector_sandbox.servicenow.switches import Switches


class ServiceNowBooks:
    """The instances that the emulator serves; each has a host, tables, users and clients of its own."""

    def __init__(self, clock: SandboxClock, switches: Switches | None = None) -> None:
        self.clock, self.switches = clock, switches or Switches()
        self.instances: dict[str, Instance] = {}

    def add(self, host: str, profile: str = PAYABLES_PROFILE) -> Instance:
        """A new instance with nothing but what is installed. Raises ValueError when the host is taken."""
        if host in self.instances:
            raise ValueError(f"there is an instance at {host} already")
        self.instances[host] = made = Instance(self.clock, host, self.switches, profile)
        return made

    def named(self, host: str) -> Instance:
        """The instance at a host; with an empty name the only one. Raises ValueError with a sentence."""
        if not host and len(self.instances) == 1:
            return next(iter(self.instances.values()))
        if host not in self.instances:
            raise ValueError(f"there is no instance {host!r}; there are: {', '.join(self.instances)}")
        return self.instances[host]
