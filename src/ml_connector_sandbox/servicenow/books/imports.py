"""Import sets: rows of staging tables, what became of them, and the nightly clean-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from ml_connector_sandbox.servicenow.books.records import Records, Row
from ml_connector_sandbox.servicenow.books.transforms import (
    ERROR,
    INSERTED,
    NO_TARGET,
    SKIPPED,
    UPDATED,
    Outcome,
    Transformer,
)
from ml_connector_sandbox.servicenow.books.values import stamp

ROW = "sys_import_set_row"
RULE = "Transform synchronously"
NO_MAP = f"No transform entry or scripts are defined; {NO_TARGET}"
RULE_OFF = "Invalid table "
_COUNTED = {INSERTED: "inserts", UPDATED: "updates", ERROR: "errors", SKIPPED: "skipped"}


@dataclass(frozen=True, slots=True)
class _Due:
    at: float  # sandbox seconds
    import_set: str
    synchronous: bool = False


class ImportSets:
    """All import sets of one instance."""

    def __init__(self, records: Records, transformer: Transformer) -> None:
        self._records, self._transformer = records, transformer
        self._waiting: list[_Due] = []
        self._sizes: dict[str, int] = {}
        self.outcomes: dict[str, list[Outcome]] = {}
        """sys_id of a staging row -> what each map made of it."""
        self.trouble = ""
        """The text of an error that the next transform of a row meets, as a business rule of the target would."""

    def is_staging(self, table: str) -> bool:
        """Whether rows of the table are transformed."""
        return table != ROW and self._records.is_a(table, ROW)

    def put(self, table: str, given: Mapping[str, str], by: str) -> Row:
        """A row in the table's open synchronous import set, still pending. Raises UnknownTable, InsertFailed."""
        return self._row(table, self._open(table, by), given, by)

    def transformed(self, row: Row, by: str, *, synchronous: bool = True) -> list[Outcome]:
        """Transform a row and note what came of it; with the rule off it stays pending."""
        if synchronous and not self._rule_active():
            return [_failed(RULE_OFF)]
        maps = self._transformer.maps(row["sys_class_name"])
        outcomes = [self._run(one, row) for one in maps] or [_failed(NO_MAP)]
        self._note(row, outcomes, by)
        self._count(row["sys_import_set"], outcomes)
        return outcomes

    def put_many(self, table: str, rows: Iterable[Mapping[str, str]], by: str, group: str, synchronous: bool) -> Row:
        """Rows in an import set of their own, which is transformed later, or now. Raises as ``put``."""
        number = "synchronous" if synchronous else "asynchronous"
        made = self._records.insert(
            "sys_import_set",
            {"table_name": table, "mode": number, "state": "loaded", "multi_import_set": group}, by,
        )  # fmt: skip
        for given in rows:
            self._row(table, made, given, by)
        wait = 0 if synchronous else self._records.switches.async_seconds
        self._waiting.append(_Due(self._records.clock.seconds() + wait, made["sys_id"]))
        self.catch_up()
        return made

    def catch_up(self) -> None:
        """Transform what is due by now."""
        now = self._records.clock.seconds()
        due = [one for one in self._waiting if one.at <= now]
        self._waiting = [one for one in self._waiting if one.at > now]
        for one in due:
            self._process(one.import_set)

    def midnight(self) -> None:
        """Open sets are processed from now on; sets older than the retention go, with their rows."""
        oldest = stamp(self._records.clock.now() - timedelta(days=self._records.switches.retention_days))
        for one in self._records.rows("sys_import_set"):
            if one["sys_created_on"] < oldest:
                self._delete(one)
            elif one["mode"] == "synchronous" and one["state"] == "loading":
                self._records.update(one, {"state": "processed"})

    def _open(self, table: str, by: str) -> Row:
        self._records.table(table)
        found = self._records.find("sys_import_set", table_name=table, mode="synchronous", state="loading")
        given = {"table_name": table, "mode": "synchronous", "state": "loading"}
        return found or self._records.insert("sys_import_set", given, by)

    def _row(self, table: str, import_set: Row, given: Mapping[str, str], by: str) -> Row:
        count = self._sizes.get(import_set["sys_id"], 0)
        own = {key: value for key, value in given.items() if not key.startswith("sys_")}
        place = {"sys_import_set": import_set["sys_id"], "sys_import_row": str(count), "sys_import_state": "pending"}
        made = self._records.insert(table, own | place, by)
        self._sizes[import_set["sys_id"]] = count + 1
        return made

    def _rule_active(self) -> bool:
        rule = self._records.find("sys_script", name=RULE)
        return rule is not None and rule["active"] == "true"

    def _run(self, transform: Row, row: Row) -> Outcome:
        if not self.trouble:
            return self._transformer.run(transform, row)
        outcome = Outcome(transform["name"], transform["sys_id"], transform["target_table"])
        outcome.fail(self.trouble)
        self.trouble = ""
        return outcome

    def _note(self, row: Row, outcomes: list[Outcome], by: str) -> None:
        self.outcomes[row["sys_id"]] = outcomes
        told = next((one for one in outcomes if one.status == ERROR), outcomes[0])
        errors = [self._row_error(row, one) for outcome in outcomes for one in outcome.errors]
        noted = {
            "sys_import_state": told.status,
            "sys_import_state_comment": told.status_message or told.error_message,
            "sys_row_error": errors[0]["sys_id"] if errors else "",
            "sys_target_table": told.table,
            "sys_target_sys_id": told.target["sys_id"] if told.target else "",
            "sys_transform_map": told.map_id,
        }
        self._records.update(row, noted, by)

    def _row_error(self, row: Row, error: tuple[str, str, str]) -> Row:
        code, name, message = error
        given = {"import_set_row": row["sys_id"], "error_code": code, "field_name": name, "error_message": message}
        return self._records.insert("sys_import_set_row_error", given)

    def _count(self, import_set: str, outcomes: list[Outcome]) -> None:
        run = self._records.find("sys_import_set_run", set=import_set)
        run = run or self._records.insert("sys_import_set_run", {"set": import_set, "state": "running"})
        counts = {"total": int(run["total"] or 0) + 1}
        for outcome in outcomes:
            name = _COUNTED.get(outcome.status, "ignored")
            counts[name] = counts.get(name, int(run[name] or 0)) + 1
        errors = counts.get("errors", int(run["errors"] or 0))
        done = {
            "state": "complete_with_errors" if errors else "complete",
            "completed": stamp(self._records.clock.now()),
        }
        self._records.update(run, {key: str(value) for key, value in counts.items()} | done)

    def _process(self, import_set: str) -> None:
        found = self._records.get("sys_import_set", import_set)
        if found is None:
            return
        for row in self._records.having(found["table_name"], sys_import_set=import_set):
            self.transformed(row, found["sys_created_by"], synchronous=False)
        self._records.update(found, {"state": "processed", "load_run_time": "0"})

    def _delete(self, import_set: Row) -> None:
        key = import_set["sys_id"]
        for row in self._records.having(ROW, sys_import_set=key):
            for error in self._records.having("sys_import_set_row_error", import_set_row=row["sys_id"]):
                self._records.delete(error)
            self.outcomes.pop(row["sys_id"], None)
            self._records.delete(row)
        for run in self._records.having("sys_import_set_run", set=key):
            self._records.delete(run)
        self._records.delete(import_set)


def _failed(message: str) -> Outcome:
    return Outcome("", "", "", status=ERROR, error_message=message)
