"""What is told of flows that stand still: each reason once, whatever number of records it was noticed at."""

from __future__ import annotations

import msgspec

from ml_connector.sync.refused import Why, told, why_of

RIGHT = "ServiceNow refused {}: no right to it. The administrator gives the role."


def refused(about: str, *others: str) -> Why:
    return Why(RIGHT.format(about), about, others)


def test_one_reason_of_several_records_is_one_sentence() -> None:
    assert told([refused("the supplier Acme"), refused("Bill 7", "bills-8"), refused("Bill 9")]) == [
        "ServiceNow refused the supplier Acme (and 3 more records): no right to it. The administrator gives the role."
    ]
    assert told([refused("Bill 7"), refused("Bill 8")])[0].startswith("ServiceNow refused Bill 7 (and 1 more record): ")


def test_what_names_no_record_or_one_alone_is_told_as_it_is() -> None:
    assert told([refused("Bill 7")]) == [RIGHT.format("Bill 7")]
    assert told([Why("A right is missing."), Why("A right is missing.")]) == ["A right is missing."]


def test_different_reasons_are_all_told_in_their_order() -> None:
    assert told([Why("A right is missing."), refused("Bill 7"), Why("A plan is missing.")]) == [
        "A right is missing.", RIGHT.format("Bill 7"), "A plan is missing."
    ]  # fmt: skip


def test_a_reason_is_kept_whole_and_one_of_an_earlier_release_is_still_told() -> None:
    why = refused("Bill 7", "bills-8")
    assert why_of(msgspec.json.encode(why)) == why
    assert why_of(b"A right is missing.") == Why("A right is missing.") and why_of(b"") == Why("")
