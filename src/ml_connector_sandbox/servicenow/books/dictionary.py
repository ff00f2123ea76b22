"""Tables and columns, as ``sys_dictionary`` tells of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

BASE = (
    ("sys_id", "Sys ID", "GUID", 32),
    ("sys_created_on", "Created", "glide_date_time", 40),
    ("sys_created_by", "Created by", "string", 40),
    ("sys_updated_on", "Updated", "glide_date_time", 40),
    ("sys_updated_by", "Updated by", "string", 40),
    ("sys_mod_count", "Updates", "integer", 40),
    ("sys_tags", "Tags", "related_tags", 40),
)
STAMPS = frozenset(one[0] for one in BASE)
_SPEC = re.compile(
    r"(?P<name>\w+)=(?P<label>[^:#>@!?]+)(:(?P<length>\d+))?(#(?P<type>\w+))?(>(?P<reference>\w+))?(@(?P<lookup>\w+))?"
    r"(?P<mandatory>!)?(?P<inferred>\?)?"
)


@dataclass(slots=True, kw_only=True)
class Column:
    """One column. ``lookup``: how a transform finds the record that a text of a staging row names.

    ``canonical``: the name under which this emulator knows a column whose real name nobody printed; empty for others.
    """

    name: str
    label: str
    type: str = "string"
    max_length: int = 40
    reference: str = ""
    mandatory: bool = False
    lookup: str = ""
    canonical: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""

    @property
    def numeric(self) -> bool:
        """Whether values are compared as numbers."""
        return self.type in ("integer", "decimal")

    @property
    def refers(self) -> bool:
        """Whether values are sys_ids of records."""
        return self.type in ("reference", "document_id", "currency2")


@dataclass(slots=True, kw_only=True)
class TableDefinition:
    """One table. ``extends``: its parent; ``display``: the column that stands for a record; ``number``: the prefix of
    its automatic numbers; ``unique``: columns whose values together belong to one record; ``plugin``: it comes with
    Source-to-Pay or Accounts Payable."""

    name: str
    label: str
    columns: dict[str, Column] = field(default_factory=dict)
    extends: str = ""
    display: str = ""
    number: str = ""
    unique: tuple[tuple[str, ...], ...] = ()
    plugin: bool = False


def columns(text: str) -> Iterator[Column]:
    """Columns of lines such as ``u_supplier=Supplier:100>sn_fin_supplier@supplier!?``.

    In this order: name, label, length, ``#`` type, ``>`` table referred to, ``@`` look-up, ``!`` mandatory, ``?`` name
    inferred. Raises ValueError on a line that is none.
    """
    for line in text.split("\n"):
        if not line.strip():
            continue
        found = _SPEC.fullmatch(line.strip())
        if found is None:
            raise ValueError(f"this line describes no column: {line.strip()}")
        kind = found["type"] or ("reference" if found["reference"] else "string")
        yield Column(
            name=found["name"],
            label=found["label"],
            type=kind,
            max_length=int(found["length"] or 40),
            reference=found["reference"] or ("fx_currency2_instance" if kind == "currency2" else ""),
            mandatory=found["mandatory"] is not None,
            lookup=found["lookup"] or "",
            canonical=found["name"] if found["inferred"] else "",
        )


def table(
    name: str,
    label: str,
    text: str = "",
    *,
    extends: str = "",
    display: str = "",
    number: str = "",
    unique: Iterable[tuple[str, ...]] = (),
    plugin: bool = False,
) -> TableDefinition:
    """A definition from lines as ``columns`` reads them."""
    own = {one.name: one for one in columns(text)}
    if not extends:
        base = [Column(name=name, label=label, type=kind, max_length=size) for name, label, kind, size in BASE]
        own |= {one.name: one for one in base}
    return TableDefinition(
        name=name, label=label, columns=own, extends=extends, display=display, number=number, unique=tuple(unique),
        plugin=plugin,
    )  # fmt: skip


def with_choices(definition: TableDefinition, column: str, *choices: tuple[str, str]) -> TableDefinition:
    """The definition, with the (value, label) pairs of one column."""
    definition.columns[column].choices = choices
    return definition
