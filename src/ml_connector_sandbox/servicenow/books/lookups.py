"""How a transform finds the record that a text of a staging row names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ml_connector_sandbox.servicenow.books.records import Records, Row


@dataclass(frozen=True, slots=True)
class Lookup:
    """Records of ``table`` whose one of ``columns`` is the text.

    ``also``: staging column and the record's column that must agree, where the staging row says something.
    ``mapped``: the record must be mapped to the row's ERP source.
    """

    what: str
    table: str
    columns: tuple[str, ...]
    also: tuple[tuple[str, str], ...] = ()
    mapped: bool = False


_SOURCE = ("u_erp_source", "erp_source")
LOOKUPS: Mapping[str, Lookup] = MappingProxyType(
    {
        "erp_source": Lookup("ERP source", "sn_fin_erp_source", ("name", "code")),
        "legal_entity": Lookup("legal entity", "sn_fin_legal_entity", ("company_code",)),
        "payment_terms": Lookup("payment terms", "sn_shop_payment_term", ("name",)),
        "user": Lookup("business owner", "sys_user", ("email", "user_name")),
        "supplier": Lookup("Supplier", "sn_fin_supplier", ("erp_supplier_code",), mapped=True),
        "cost_center": Lookup("Cost center", "cmn_cost_center", ("account_number",), mapped=True),
        "gl_account": Lookup("GL account", "sn_fin_gl_account", ("number",), (_SOURCE,)),
        "invoice": Lookup(
            "Invoice", "sn_shop_invoice", ("external_invoice_number",),
            (("u_external_invoice_source", "external_invoice_source"), _SOURCE),
        ),
        "erp_invoice": Lookup(
            "Invoice", "sn_shop_invoice", ("erp_number",), (("u_erp_supplier_code", "supplier"), _SOURCE)
        ),
        "own_cost_center": Lookup("Cost center", "cmn_cost_center", ("account_number",)),
        "own_supplier": Lookup("Supplier", "u_ml_supplier_record", ("u_erp_supplier_code",)),
        "own_invoice": Lookup(
            "Invoice", "u_ml_bill_record", ("u_external_invoice_number",),
            (("u_external_invoice_source", "u_external_invoice_source"),),
        ),
        "own_erp_invoice": Lookup("Invoice", "u_ml_bill_record", ("u_erp_number",)),
    }
)  # fmt: skip
MAPPING = "sn_fin_erp_source_mapping"


class Finder:
    """Carries look-ups out over the records of one instance."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def found(self, name: str, text: str, staged: Row) -> Row | None:
        """The first record that the text names, given what else the staging row says."""
        lookup = LOOKUPS[name]
        for column in lookup.columns:
            for row in self._records.having(lookup.table, **{column: text}):
                if self._agrees(lookup, row, staged) and self._mapped(lookup, row, staged):
                    return row
        return None

    def missing(self, name: str, text: str, staged: Row) -> str:
        """The sentence about a record that is not there."""
        source = self.staged(staged, "u_erp_source")
        scope = f" for ERP source {source}" if LOOKUPS[name].mapped or _SOURCE in LOOKUPS[name].also else ""
        return f"{LOOKUPS[name].what} {text} not found{scope}"

    def made(self, name: str, text: str) -> Row:
        """The record that the choice action ``create`` makes of an unknown text: nothing but that text."""
        return self._records.insert(LOOKUPS[name].table, {LOOKUPS[name].columns[0]: text})

    def staged(self, staged: Row, canonical: str) -> str:
        """What the staging row says in a column, whatever that is called now."""
        return staged.get(self._records.column_named(staged["sys_class_name"], canonical), "")

    def map_to_source(self, row: Row, staged: Row) -> None:
        """Note that a record belongs to the staging row's ERP source."""
        source = self._source(staged)
        if source and MAPPING in self._records.tables:
            wanted = {"erp_source": source["sys_id"], "record": row["sys_id"]}
            if self._records.find(MAPPING, **wanted) is None:
                self._records.insert(MAPPING, wanted | {"record_table": row["sys_class_name"]})

    def _agrees(self, lookup: Lookup, row: Row, staged: Row) -> bool:
        return all(
            self._equal(lookup.table, column, row, self.staged(staged, key), staged) for key, column in lookup.also
        )

    def _equal(self, table: str, column: str, row: Row, text: str, staged: Row) -> bool:
        if not text:
            return True
        definition = self._records.columns(table)[column]
        if not definition.lookup:
            return row.get(column, "").casefold() == text.casefold()
        found = self.found(definition.lookup, text, staged)
        return found is not None and row.get(column) == found["sys_id"]

    def _mapped(self, lookup: Lookup, row: Row, staged: Row) -> bool:
        if not lookup.mapped or not self._records.switches.mapping_required or MAPPING not in self._records.tables:
            return True
        source = self._source(staged)
        return source is not None and bool(
            self._records.having(MAPPING, erp_source=source["sys_id"], record=row["sys_id"])
        )

    def _source(self, staged: Row) -> Row | None:
        text = self.staged(staged, "u_erp_source")
        if not text or LOOKUPS["erp_source"].table not in self._records.tables:
            return None
        return self.found("erp_source", text, staged)
