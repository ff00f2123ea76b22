"""Users, roles, access rules and the rules that stop writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ml_connector_sandbox.servicenow.books.query import Queries
from ml_connector_sandbox.servicenow.books.records import Records, Row

ADMIN = "admin"
READ, CREATE, WRITE, DELETE = "read", "create", "write", "delete"


@dataclass(slots=True, kw_only=True)
class User:
    """A person or a service. ``zone``: the time zone in which display values show dates."""

    name: str
    password: str
    roles: frozenset[str] = frozenset()
    email: str = ""
    zone: str = "UTC"
    active: bool = True
    locked: bool = False
    sys_id: str = ""

    @property
    def admitted(self) -> bool:
        """Whether the user may sign in."""
        return self.active and not self.locked


@dataclass(frozen=True, slots=True, kw_only=True)
class Acl:
    """One access rule: who has a role of ``roles`` may do ``operation`` with rows that fit ``condition``.

    ``field``: the rule is for this column only. ``binds_admin``: administrators are not let through by themselves.
    """

    table: str
    operation: str
    roles: frozenset[str]
    field: str = ""
    condition: str = ""
    binds_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A business rule that aborts writes, or a data policy when ``mandatory`` names columns.

    ``operation``: create, write, delete, or empty for all. ``condition``: an encoded query over the written row.
    """

    table: str
    name: str
    operation: str = ""
    condition: str = ""
    mandatory: tuple[str, ...] = ()


@dataclass(slots=True)
class Access:
    """What the users of one instance may do."""

    records: Records
    users: dict[str, User] = field(default_factory=dict)
    acls: list[Acl] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)

    def add(self, user: User) -> User:
        """A user, with the rows that tell of it and of its roles."""
        given = {"user_name": user.name, "name": user.name, "email": user.email, "time_zone": user.zone}
        row = self.records.insert("sys_user", given | {"active": str(user.active).lower(), "locked_out": "false"})
        user.sys_id = row["sys_id"]
        self.users[user.name] = user
        for role in sorted(user.roles):
            found = self.records.find("sys_user_role", name=role) or self.records.insert(
                "sys_user_role", {"name": role}
            )
            self.records.insert("sys_user_has_role", {"user": user.sys_id, "role": found["sys_id"]})
        return user

    def allowed(self, user: User, table: str, operation: str, row: Row | None = None, column: str = "") -> bool:
        """Whether one rule lets the user; with no rule for it everybody may."""
        rules = [one for one in self.acls if self._about(one, table, operation, column)]
        return not rules or any(self._lets(one, user, table, row) for one in rules)

    def ruled(self, operation: str) -> frozenset[str]:
        """Columns for which there may be rules of their own; there is none for any other, whatever the table."""
        return frozenset(one.field for one in self.acls if one.operation == operation and one.field)

    def stopped(self, table: str, operation: str, row: Row) -> Stop | None:
        """The business rule that aborts this write."""
        found = (one for one in self.stops if not one.mandatory and one.operation in ("", operation))
        return next(
            (one for one in found if self.records.is_a(table, one.table) and self._fits(one.condition, table, row)),
            None,
        )

    def missing(self, table: str, row: Mapping[str, str]) -> list[str]:
        """Labels of the columns that data policies miss in a row."""
        known = self.records.columns(table)
        wanted = [name for one in self.stops if self.records.is_a(table, one.table) for name in one.mandatory]
        return [known[name].label for name in wanted if name in known and not row.get(name)]

    def refusal(self, table: str, operation: str, row: Row, *, rules: bool) -> str:
        """Why a transform may not write a row: a business rule, where the map runs ``rules``, or a data policy."""
        stop = self.stopped(table, operation, row) if rules else None
        if stop is not None:
            return f"Operation against file '{table}' was aborted by Business Rule '{stop.name}'"
        missing = self.missing(table, row)
        return f"Data Policy Exception: The following fields are mandatory: {', '.join(missing)}" if missing else ""

    def _about(self, one: Acl, table: str, operation: str, column: str) -> bool:
        return one.operation == operation and one.field == column and self.records.is_a(table, one.table)

    def _lets(self, one: Acl, user: User, table: str, row: Row | None) -> bool:
        if ADMIN in user.roles and not one.binds_admin:
            return True
        if one.roles and not one.roles & user.roles:
            return False
        return row is None or self._fits(one.condition, table, row)

    def _fits(self, condition: str, table: str, row: Row) -> bool:
        if not condition:
            return True
        queries = Queries(self.records)
        return queries.fits(table, queries.parsed(table, condition), row)


def shipped_acls() -> list[Acl]:
    """The rules that the emulator's instances come with."""
    imports = frozenset({"import_admin", "import_transformer", "sn_fcms_intg.integration_user", "sn_fcms_intg.admin"})
    system = ("sys_dictionary", "sys_choice", "sys_db_object", "sys_properties", "sys_script", "sys_rate_limit_rules")
    closed = [
        Acl(table=table, operation=operation, roles=frozenset({ADMIN}))
        for table in (*system, "sys_transform_map", "sys_transform_entry", "sys_user", "sys_import_set")
        for operation in (CREATE, WRITE, DELETE)
    ]
    read = [
        Acl(table=table, operation=READ, roles=imports)
        for table in ("sys_import_set", "sys_import_set_run", "sys_import_set_row_error")
    ]
    # The shipped rule refuses even administrators; accounts come in through their staging table.
    accounts = Acl(table="sn_fin_gl_account", operation=CREATE, roles=frozenset({"nobody"}), binds_admin=True)
    staged = [Acl(table="sys_import_set_row", operation=one, roles=imports) for one in (CREATE, WRITE, DELETE)]
    return [*closed, *read, accounts, *staged]
