"""One staging row through one transform map: look-ups, choice actions, coalesce, insert or update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ml_connector_sandbox.servicenow.books.access import CREATE, WRITE, Access
from ml_connector_sandbox.servicenow.books.dictionary import Column
from ml_connector_sandbox.servicenow.books.lookups import Finder
from ml_connector_sandbox.servicenow.books.records import InsertFailed, Records, Row
from ml_connector_sandbox.servicenow.books.values import number

INSERTED, UPDATED, IGNORED, SKIPPED, ERROR = "inserted", "updated", "ignored", "skipped", "error"
REFERENCE_REJECTED, CHOICE_REJECTED, INVALID_TARGET, SCRIPT_ERROR = "100", "200", "800", "900"
UNCHANGED = "No field values changed"
BY_SCRIPT = "Row transform ignored by onBefore script"
NO_TARGET = "Target record not found"
_CLEARED = "NULL"


@dataclass(slots=True)
class Outcome:
    """What one map made of one row. ``errors``: code, field and sentence of each field that was rejected."""

    map_name: str
    map_id: str
    table: str
    status: str = ""
    target: Row | None = None
    status_message: str = ""
    error_message: str = ""
    errors: list[tuple[str, str, str]] = field(default_factory=list)

    def fail(self, message: str, code: str = SCRIPT_ERROR, name: str = "", status_message: str = "") -> None:
        """The row is an error; the first sentence stays."""
        self.status, self.target = ERROR, None
        self.error_message = self.error_message or message
        self.status_message = status_message or self.status_message
        self.errors.append((code, name, message))


Guard = Callable[[str, Row], str]
"""Asked before a record is changed (its table and row): why the map's script leaves it alone; empty: it does not."""


class Transformer:
    """Runs the maps that the tables ``sys_transform_map`` and ``sys_transform_entry`` describe."""

    def __init__(self, records: Records, access: Access, guard: Guard) -> None:
        self._records, self._access, self._guard = records, access, guard
        self._finder = Finder(records)

    def maps(self, staging: str) -> list[Row]:
        """The active maps of a staging table that have entries, in their order."""
        active = self._records.having("sys_transform_map", source_table=staging, active="true")
        return sorted((one for one in active if self._entries(one)), key=lambda one: number(one["order"]) or 0)

    def run(self, transform: Row, staged: Row) -> Outcome:
        """Transform one row; the outcome is told, the staging row is left as it is."""
        outcome = Outcome(transform["name"], transform["sys_id"], transform["target_table"])
        if transform["target_table"] not in self._records.tables:
            outcome.fail(f"Invalid target table {transform['target_table']}", INVALID_TARGET)
            return outcome
        self._require_mandatory(outcome, staged)
        given = {} if outcome.status else self._given(transform, outcome, staged)
        if not outcome.status:
            self._carry_out(transform, outcome, staged, given)
        return outcome

    def _entries(self, transform: Row) -> list[Row]:
        return self._records.having("sys_transform_entry", map=transform["sys_id"])

    def _require_mandatory(self, outcome: Outcome, staged: Row) -> None:
        if not self._records.switches.mandatory_enforced:
            return
        known = self._records.columns(staged["sys_class_name"])
        missing = [one.label for key, one in known.items() if one.mandatory and not staged.get(key, "").strip()]
        if missing:
            outcome.fail(f"The following mandatory fields are not filled in: {', '.join(missing)}")

    def _given(self, transform: Row, outcome: Outcome, staged: Row) -> dict[str, str]:
        """Target column -> value; the outcome fails where a text is rejected."""
        known = self._records.columns(outcome.table)
        given: dict[str, str] = {}
        for entry in self._entries(transform):
            column, source = known.get(entry["target_field"]), entry["source_field"]
            if column is None or source not in staged:
                continue
            text = staged[source]
            if text == _CLEARED:
                given[column.name] = ""
            elif text or self._copies_empty(transform):
                value = self._value(entry, column, text, outcome, staged) if text else ""
                if value is not None:
                    given[column.name] = value
        return given

    def _copies_empty(self, transform: Row) -> bool:
        return transform["copy_empty_fields"] == "true"

    def _value(self, entry: Row, column: Column, text: str, outcome: Outcome, staged: Row) -> str | None:
        """What is written into one column; None: nothing."""
        if column.type == "currency2":
            return f"{self._finder.staged(staged, 'u_currency') or self._records.currency};{number(text) or 0}"
        if column.type == "choice" and column.choices:
            return self._choice(entry, column, text, outcome)
        if not column.lookup:
            return text
        found = self._finder.found(column.lookup, text, staged)
        if found is not None:
            return found["sys_id"]
        return self._unknown(entry, column, text, outcome, staged)

    def _unknown(self, entry: Row, column: Column, text: str, outcome: Outcome, staged: Row) -> str | None:
        if entry["choice_action"] == "create":
            return self._finder.made(column.lookup, text)["sys_id"]
        if entry["choice_action"] == "reject":
            sentence = self._finder.missing(column.lookup, text, staged)
            outcome.fail(sentence, REFERENCE_REJECTED, column.name, BY_SCRIPT)
            return None
        outcome.status_message = f"Unable to find {column.label.lower()} with ID provided {text}"
        return None

    def _choice(self, entry: Row, column: Column, text: str, outcome: Outcome) -> str | None:
        known = {one.casefold(): value for value, label in column.choices for one in (value, label)}
        if text.casefold() in known:
            return known[text.casefold()]
        if entry["choice_action"] == "reject":
            outcome.fail(f"{column.label} {text} is no choice", CHOICE_REJECTED, column.name)
        return text if entry["choice_action"] == "create" else None

    def _carry_out(self, transform: Row, outcome: Outcome, staged: Row, given: dict[str, str]) -> None:
        keys = [one["target_field"] for one in self._entries(transform) if one["coalesce"] == "true"]
        keys = [one for one in keys if one in self._records.columns(outcome.table)]
        wanted = {key: given.get(key, "") for key in keys}
        if wanted and not any(wanted.values()) and self._records.switches.empty_coalesce == "skip":
            outcome.status, outcome.status_message = SKIPPED, "Coalesce values are empty"
            return
        match = self._records.find(outcome.table, **wanted) if any(wanted.values()) else None
        try:
            self._write(transform, outcome, match, given)
        except InsertFailed as refusal:
            outcome.fail(f"Error during insert of {outcome.table} ({refusal})")
            return
        if outcome.target is not None and outcome.status != IGNORED:
            self._afterwards(outcome.target, staged)

    def _write(self, transform: Row, outcome: Outcome, match: Row | None, given: dict[str, str]) -> None:
        reason = self._guard(outcome.table, match) if match is not None else ""
        rules = transform["run_business_rules"] == "true"
        written = (match or dict.fromkeys(self._records.columns(outcome.table), "")) | given
        stopped = self._access.refusal(outcome.table, WRITE if match else CREATE, written, rules=rules)
        if stopped and not reason:
            outcome.fail(stopped)
            return
        if match is None:
            outcome.target, outcome.status = self._records.insert(outcome.table, given), INSERTED
            return
        outcome.target = match
        if not reason and self._records.update(match, given):
            outcome.status = UPDATED
            return
        outcome.status, outcome.status_message = IGNORED, reason or UNCHANGED

    def _afterwards(self, target: Row, staged: Row) -> None:
        """A supplier or cost centre belongs to its ERP source from then on; a supplier has a company record."""
        if target["sys_class_name"] in ("sn_fin_supplier", "cmn_cost_center"):
            self._finder.map_to_source(target, staged)
        if target["sys_class_name"] == "sn_fin_supplier" and not target["related_company"]:
            company = self._records.insert("core_company", {"name": target["legal_name"], "vendor": "true"})
            self._records.update(target, {"related_company": company["sys_id"]})
