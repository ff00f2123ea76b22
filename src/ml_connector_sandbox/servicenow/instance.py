"""One instance: its host, what is installed on it, its records, users, clients, and the work its clock brings."""

from __future__ import annotations

from datetime import datetime, timedelta

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicenow.books import catalogue
from ml_connector_sandbox.servicenow.books.access import Access, shipped_acls
from ml_connector_sandbox.servicenow.books.dictionary import TableDefinition
from ml_connector_sandbox.servicenow.books.imports import ImportSets
from ml_connector_sandbox.servicenow.books.maps import PAYABLES, MapDefinition
from ml_connector_sandbox.servicenow.books.own_tables import own_maps, own_tables
from ml_connector_sandbox.servicenow.books.payables import Payables
from ml_connector_sandbox.servicenow.books.payables_tables import payables_tables
from ml_connector_sandbox.servicenow.books.query import Queries
from ml_connector_sandbox.servicenow.books.records import Records
from ml_connector_sandbox.servicenow.books.staging_tables import staging_tables
from ml_connector_sandbox.servicenow.books.system_tables import system_tables
from ml_connector_sandbox.servicenow.books.transforms import Transformer
from ml_connector_sandbox.servicenow.grants import Grants
from ml_connector_sandbox.servicenow.switches import Switches

PAYABLES_PROFILE, CUSTOM_PROFILE = "payables", "custom"
CLIENT_CREDENTIALS = "glide.oauth.inbound.client.credential.grant_type.enabled"
INVALID_QUERY = "glide.invalid_query.returns_no_rows"
ANY_CHOICE = "glide.rest.choice.allow_non_existing_value"
_JOB = timedelta(minutes=30)
_LINES = "sn_spend_intg_imp_invoice_line"


class Instance:
    """The instance at ``host``. ``profile``: ``payables`` with Accounts Payable, ``custom`` with own tables.

    Raises ValueError on another profile.
    """

    def __init__(self, clock: SandboxClock, host: str, switches: Switches, profile: str = PAYABLES_PROFILE) -> None:
        self.clock, self.host, self.switches, self.profile = clock, host, switches, profile
        self.records = Records(clock, switches, host)
        self._definitions, self._maps = _installed(profile)
        self._install()
        self.queries = Queries(self.records)
        self.payables = Payables(self.records)
        self.access = Access(self.records, acls=shipped_acls())
        self.imports = ImportSets(self.records, Transformer(self.records, self.access, self.payables.locked))
        self.grants = Grants(clock, switches)
        self._caught = clock.now()

    @property
    def address(self) -> str:
        """What links begin with."""
        return f"https://{self.host}"

    def settle(self) -> None:
        """Write into the tables what the switches say. Raises ValueError on a switch that cannot be read."""
        catalogue.settle_names(self.records, self._definitions)
        if _LINES in self.records.tables:
            catalogue.settle_line_number(self.records, _LINES)
        catalogue.settle_maps(self.records, self._maps)

    def property(self, name: str) -> str:
        """The value of a system property; empty when it does not exist."""
        found = self.records.find("sys_properties", name=name)
        return found["value"] if found else ""

    def set_property(self, name: str, value: str) -> None:
        """Create or change a system property."""
        found = self.records.find("sys_properties", name=name)
        if found is None:
            self.records.insert("sys_properties", {"name": name, "value": value})
        else:
            self.records.update(found, {"value": value})

    def catch_up(self) -> None:
        """Do what the clock brought since the last call: imports, the job of every half hour, the nightly clean-up."""
        self.imports.catch_up()
        now = self.clock.now()
        if now.date() > self._caught.date():
            self.imports.midnight()
        for _ in range(_ticks(self._caught, now)):
            if not self.payables.step():
                break
        self._caught = max(now, self._caught)

    def _install(self) -> None:
        self.records.define(self._definitions)
        catalogue.describe(self.records, self._definitions)
        catalogue.install_rule(self.records)
        catalogue.install_maps(self.records, self._maps)
        self.settle()


def _installed(profile: str) -> tuple[list[TableDefinition], list[MapDefinition]]:
    if profile == PAYABLES_PROFILE:
        return [*system_tables(), *staging_tables(), *payables_tables()], list(PAYABLES)
    if profile == CUSTOM_PROFILE:
        return [*system_tables(), *own_tables()], own_maps()
    raise ValueError(f"there is no profile {profile!r} of an instance; there are: {PAYABLES_PROFILE}, {CUSTOM_PROFILE}")


def _ticks(before: datetime, now: datetime) -> int:
    """How many half hours of the clock began between two instants."""
    seconds = _JOB.total_seconds()
    return max(0, int(now.timestamp() // seconds) - int(before.timestamp() // seconds))
