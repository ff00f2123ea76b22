"""Items of the price book: linked by a code that one has on each side, created only by setting, never changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bill_world import codes, sentences
from zoho_sales_world import ACCOUNTS, ITEMS, LABOR, PARTS, told, view

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Account, Item
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.writing import Action
from ml_connector.errors import BadInput
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Skip, Unchanged, Write
from ml_connector.integrations.item_flow import Items
from ml_connector.integrations.items_alike import keys, names
from ml_connector.integrations.line_items import codes as by_code
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.integrations.views import Linked, PriceBook, View

D = Decimal
CMP = Item(
    "1001", "material", "Compressor", "CMP", price=D(900), cost=D(400), income_account=Ref(name="Parts"),
    expense_account=Ref(name="Purchases"), taxable=True,
)  # fmt: skip
NEW = msgspec.structs.replace(CMP, id="1002", name="Fan motor", sku="FAN-1")
BOOK = {one.id: one for one in (CMP, NEW)}
LISTED = {"s4": Account("s4", "Parts", "4000"), "s7": Account("s7", "Purchases", "5000")}
MAKES = {"settings": {"new_items": "yes"}}


def item(mine: Item = NEW, **changes: Any) -> Item:
    return msgspec.structs.replace(mine, **changes)


def seen(
    mine: Item, *, book: dict[str, Item] | None = None, tables: dict[str, Any] | None = None, **changes: Any
) -> View:
    lists = {"items": {**BOOK, mine.id: mine, **(book or {})}, "accounts": LISTED}
    rows = {"accounts": {"5000": LABOR}, **(tables or {})}
    return view(mine, flow="items", tables=rows, source_lists=lists, **changes)


def plan(mine: Item, **changes: Any) -> Decision:
    return told(Items().plan(seen(mine, **changes)))


def made(decision: Decision) -> Item:
    assert isinstance(decision, Write), codes(decision)
    [step] = decision.steps
    assert (step.entity, step.action) == ("items", Action.CREATE)
    found = documents.decode(step.body)
    assert isinstance(found, Item)
    return found


# --- one that is there -----------------------------------------------------------------------------------------------


def test_the_one_item_of_its_code_is_linked_and_differences_are_evidence() -> None:
    decision = plan(CMP)
    assert decision == Adopt("items", "it1", "matched", "the same code CMP, which no other item has on either side")
    theirs = {**ITEMS, "it1": msgspec.structs.replace(
        ITEMS["it1"], name="Compressor 2 t", price=D(850), cost=D(400), income_account=Ref(LABOR, "Labor revenue")
    )}  # fmt: skip
    apart = plan(CMP, ledger={"items": theirs})
    assert isinstance(apart, Adopt) and apart.target_id == "it1"
    told_ = apart.evidence.partition("; they differ in ")[2]
    assert told_ == (
        "name (Compressor in ServiceTitan, Compressor 2 t there), price (900 in ServiceTitan, 850 there), "
        "account (4000 Parts in ServiceTitan, Labor revenue there)"
    )


def test_what_one_side_does_not_state_is_no_difference() -> None:
    """It has neither price nor account here, and the ledger's is not bought."""
    bare = item(CMP, price=None, cost=D(3), income_account=Ref())
    decision = plan(bare)
    assert isinstance(decision, Adopt) and "differ" not in decision.evidence


def test_two_of_one_code_on_either_side_are_linked_with_nothing() -> None:
    twin = item(CMP, id="1009", name="Compressor, old")
    here = plan(CMP, book={"1009": twin})
    assert isinstance(here, Hold) and [(one.code, one.kind, one.key) for one in here.waits] == [
        ("item_code_twice", "mapping", "items:CMP")
    ]
    assert "1001" in sentences(here)[0] and "1009" in sentences(here)[0] and "it1" not in codes(here)
    there = plan(CMP, ledger={"items": {**ITEMS, "it8": item(ITEMS["it1"], id="it8")}})
    assert codes(there) == ["item_code_twice"] and "it8" in sentences(there)[0]
    ended = plan(CMP, book={"1009": item(twin, active=False)})
    assert isinstance(ended, Adopt)


def test_one_that_another_record_has_is_not_linked_twice() -> None:
    decision = plan(CMP, held_there={"it1": "1002"})
    assert codes(decision) == ["item_taken"] and "Fan motor" in sentences(decision)[0]


@pytest.mark.parametrize(
    ("theirs", "why"),
    [
        ({"sku": "fan 1", "name": "Anything"}, "another spelling"),
        ({"sku": "", "name": "fan MOTOR"}, "the same name, and no code"),
    ],
)
def test_what_may_be_it_is_for_a_person_even_where_items_are_made(theirs: dict[str, str], why: str) -> None:
    known = {**ITEMS, "it9": item(ITEMS["it1"], id="it9", **theirs)}
    decision = plan(NEW, ledger={"items": known}, **MAKES)
    assert codes(decision) == ["item_alike"] * 2 and why in sentences(decision)[0]
    other = {**ITEMS, "it9": item(known["it9"], sku="FAN-2", name="Fan motor")}
    assert made(plan(NEW, ledger={"items": other}, **MAKES)).name == "Fan motor (FAN-1)"


def test_an_inactive_one_is_never_meant() -> None:
    assert codes(plan(item(sku="FLT"))) == ["item_not_there"] * 2


# --- one that is not there -------------------------------------------------------------------------------------------


def test_what_is_not_there_waits_for_a_row_a_setting_or_the_item() -> None:
    decision = plan(NEW)
    assert isinstance(decision, Hold)
    assert [(one.kind, one.key) for one in decision.waits] == [("mapping", "items:FAN-1"), ("fact", "items:(any)")]
    assert len({one.sentence for one in decision.waits}) == 1 and "'FAN-1'" in decision.waits[0].action
    assert "item_not_there" in INTEGRATION.held_by_settings


def test_it_is_made_only_where_the_setting_says_so() -> None:
    target = made(plan(NEW, **MAKES))
    assert (target.id, target.name, target.sku, target.price, target.cost) == ("", "Fan motor", "FAN-1", D(900), D(400))
    assert (target.income_account.id, target.expense_account.id) == (PARTS, LABOR)
    assert target.reference == "servicetitan-1-items-1002" and target.kind == "material"


def test_it_is_not_made_without_the_account_of_its_sales() -> None:
    assert codes(plan(NEW, tables={"sales_accounts": {}}, **MAKES)) == ["account_unmapped"]
    unnamed = plan(item(income_account=Ref()), **MAKES)
    assert codes(unnamed) == ["account_missing"]


def test_it_is_only_sold_where_nobody_says_what_its_purchases_are_booked_on() -> None:
    decision = plan(NEW, tables={"accounts": {}}, **MAKES)
    assert made(decision).expense_account == Ref()
    assert isinstance(decision, Write) and any("it is only sold: 5000 Purchases" in note for note in decision.notes)


def test_a_discount_is_made_without_a_price() -> None:
    decision = plan(item(kind="discount", price=D(-25)), **MAKES)
    assert made(decision).price == 0 and isinstance(decision, Write) and "-25" in decision.notes[1]


def test_a_name_that_two_entries_have_gets_the_code_behind_it() -> None:
    twin = item(id="1009", sku="FAN-2")
    assert made(plan(NEW, book={"1009": twin}, **MAKES)).name == "Fan motor (FAN-1)"


def test_what_the_ledger_cannot_take_is_told() -> None:
    def refuse(*_: object) -> Any:
        raise BadInput("The item needs a name of at most 100 characters.")

    assert codes(plan(NEW, compose=refuse, **MAKES)) == ["unsuitable"]


# --- passed over, and linked -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "rows", "code"),
    [
        (CMP, {"CMP": "it3"}, "item_by_row"),
        (item(CMP, active=False), {}, "item_not_sold"),
        (item(CMP, sku=" "), {}, "item_without_code"),
    ],
)
def test_what_is_passed_over(mine: Item, rows: dict[str, str], code: str) -> None:
    decision = plan(mine, tables={"items": rows})
    assert isinstance(decision, Skip) and decision.code == code
    assert ("items", "item_by_row") in INTEGRATION.skipped_by_tables


def test_a_linked_one_is_never_changed_and_its_differences_are_told() -> None:
    link = Linked("items", "it1", ITEMS["it1"], CMP, ITEMS["it1"])
    assert isinstance(plan(CMP, link=link), Unchanged)
    dearer = Linked("items", "it1", ITEMS["it1"], CMP, item(ITEMS["it1"], price=D(1)))
    decision = plan(item(CMP, price=D(950), active=False), link=dearer)
    assert isinstance(decision, Skip) and decision.code == "item_differs"
    assert "price (950 in ServiceTitan, 1 there)" in decision.sentence and "activity" in decision.sentence
    gone = Linked("items", "it1", ITEMS["it1"], CMP, None)
    assert isinstance(plan(CMP, link=gone), Unchanged)


def test_an_account_of_two_of_one_name_is_the_name_alone() -> None:
    twice = {**LISTED, "s9": Account("s9", "Parts", "4001")}
    lists = {"items": BOOK, "accounts": twice}
    decision = Items().plan(view(NEW, flow="items", source_lists=lists, tables={"accounts": {}}, **MAKES))
    assert isinstance(decision, Hold) and [one.key for one in decision.waits] == ["sales_accounts:Parts"]


def test_the_flow_begins_off_and_its_tables_are_declared() -> None:
    flow = INTEGRATION.flow("items")
    assert flow.as_needed and flow.begins_off and flow.matches == flow.target_entity(CMP) == "items"
    assert set(flow.tables) <= {table.name for table in INTEGRATION.tables}
    assert PARTS in ACCOUNTS


# --- how much of the lists is gone through -----------------------------------------------------------------------------


class Counted(dict[str, Item]):
    """Items that tell how often all of them were gone through."""

    walks = 0

    def values(self) -> Any:
        self.walks += 1
        return super().values()


def test_no_item_goes_through_a_whole_list_where_it_is_gathered_once() -> None:
    """One of each end: linked, taken, its code twice, and made under a name that another has here or there."""
    alike = item(id="1003", sku="FAN-2")
    twice = item(CMP, id="1004", sku="TWO"), item(CMP, id="1005", sku="TWO")
    named = item(id="1006", sku="ALT", name=ITEMS["it2"].name)
    book = Counted({one.id: one for one in (*BOOK.values(), alike, *twice, named)})
    items = Counted({one: msgspec.structs.replace(theirs, active=one != "it2") for one, theirs in ITEMS.items()})
    ledger = {"items": items, "item_codes": by_code(items.values()), "item_keys": keys(items.values()),
              "item_names": names(items.values())}  # fmt: skip
    sold = PriceBook(by_code(book.values()), names(book.values()))
    book.walks = items.walks = 0
    lists = {"source_lists": {"items": book, "accounts": LISTED}, "price_book": sold, "ledger": ledger}
    ends = []
    for mine, held in ((CMP, {}), (CMP, {"it1": "1002"}), (twice[0], {}), (alike, {}), (named, {})):
        known = view(mine, flow="items", tables={"accounts": {"5000": LABOR}}, held_there=held, **lists, **MAKES)
        decision = told(Items().plan(known))
        ends.append(made(decision).name if isinstance(decision, Write) else (codes(decision) or ["linked"])[0])
    assert ends == ["linked", "item_taken", "item_code_twice", "Fan motor (FAN-2)", f"{named.name} (ALT)"]
    assert (book.walks, items.walks) == (0, 0)
