"""Scenes of the fourth chapter: customers and vendors that both sides have had for years, and who changes them."""

from __future__ import annotations

from typing import Any

from ml_connector.cli.demo import stage
from ml_connector.cli.demo.bills import KIND
from ml_connector.cli.demo.walk import Walk
from ml_connector.cli.matches import show_matches
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, change_settings, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.service.matches import Match, Matches, matches
from ml_connector.service.releasing import releasable, release_listed
from ml_connector.service.tallies import counted

_FLOWS = ("customers", "vendors", "customers_back", "vendors_back")
_BOTH_CHANGED = "party_changed_on_both"


async def servicetitans(walk: Walk) -> dict[str, Any]:
    """What ServiceTitan has on record."""
    return await stage.tenant(walk.handover["admin"], walk.company["tenant_id"])


async def ledgers(walk: Walk) -> dict[str, Any]:
    """What Zoho Books has on record."""
    return await stage.organisation(walk.handover["admin"], walk.company["organization_id"])


async def known(walk: Walk, integration: Integration) -> dict[str, Any]:
    """Link, decide, and let either side and then both change a telephone; the scene's numbers."""
    linked = await _baseline(walk, integration)
    found = await _matched(walk, integration)
    decided = await _decided(walk, integration, found)
    await _baseline_ended(walk)
    return {**linked, **decided, **await _changed(walk)}


async def _baseline(walk: Walk, integration: Integration) -> dict[str, Any]:
    commands = [*(f"live {flow}" for flow in _FLOWS), "sync"]
    walk.head(
        "Customers and vendors are on both sides already: they are linked, and nothing is written", "\n".join(commands)
    )
    before = await _books(walk)
    for flow in _FLOWS:
        await set_flow_mode(walk.desk, integration, flow, "live")
    await walk.sync(KIND)
    untouched = await _books(walk) == before
    linked = {table: (await matches(walk.desk, integration, table)).linked for table in _FLOWS[:2]}
    walk.say(
        f"{linked['customers']} customers and {linked['vendors']} vendors linked; "
        f"{'nothing was written on either side' if untouched else 'SOMETHING WAS WRITTEN'}."
    )
    return {"linked": linked, "baseline_wrote_nothing": untouched}


async def _books(walk: Walk) -> tuple[Any, ...]:
    """What each side has of customers and vendors."""
    here, there = await servicetitans(walk), await ledgers(walk)
    return here["customers"], here["vendors"], here["contacts"], there["contacts"]


async def _matched(walk: Walk, integration: Integration) -> Matches:
    walk.head("Who the others may be, by which evidence, and who else claims that", "matches customers")
    found = await matches(walk.desk, integration, "customers")
    if not walk.cli.json:
        show_matches(walk.cli.out, found)
    return found


async def _decided(walk: Walk, integration: Integration, found: Matches) -> dict[str, Any]:
    """Two claim one contact: the bookkeeper gives it to the one, and has another made for the other."""
    taken, other = _claimed_twice(found)
    commands = f"map set customers {taken.key} {taken.target_id}\nmap set customers {other.key} new"
    walk.head("Two claim one contact: the one has it, and for the other a new one is made", commands)
    await set_value(walk.desk, integration, "customers", taken.key, taken.target_id, "the bookkeeper knows them")
    await set_value(walk.desk, integration, "customers", other.key, "new", "another of the same name")
    walk.say(f"{taken.name} ({taken.key}) is {taken.target_name} there ({taken.evidence}); {other.key} is another.")
    return {"suggested": found.suggested, "confirmed": _told(taken), "rejected": _told(other)}


def _claimed_twice(found: Matches) -> tuple[Match, Match]:
    """The best suggestion that somebody else claims, and that claim. Raises DemoFailed when nobody does."""
    for one in found.found:
        for other in found.found:
            if one.suggested and other.target_id == one.target_id and other.key != one.key:
                return one, other
    raise stage.DemoFailed("No two customers of the sandbox claim one contact.")


def _told(one: Match) -> dict[str, str]:
    return {"here": one.name, "there": one.target_name, "evidence": one.evidence}


async def _baseline_ended(walk: Walk) -> None:
    """From now on what has no counterpart is made, as each side's changes travel."""
    walk.head("From now on changes travel", "settings --set parties_baseline=no\nsync\nreplay --state held\nsync")
    before = await walk.posted(KIND)
    await change_settings(walk.desk, await integration_named(walk.desk, KIND), {"parties_baseline": "no"})
    await walk.sync(KIND)
    await walk.look_again(KIND)
    made = await walk.posted(KIND) - before
    walk.say(f"{counted(made, 'customer or vendor', 'customers and vendors')} that Zoho Books did not have made there.")


async def _changed(walk: Walk) -> dict[str, Any]:
    """A telephone changes here, another there, and a third on both sides, which waits for a person."""
    commands = ("sync", f"release --reason {_BOTH_CHANGED} --flow customers", "sync")
    walk.head("A telephone changes in ServiceTitan, another in Zoho Books, and a third in both", "\n".join(commands))
    ann, bob, cy = _same(walk)
    await _here(walk, ann, "(320) 555-7001")
    await _there(walk, bob, "320 555 7002")
    await _here(walk, cy, "(320) 555-7003")
    await _there(walk, cy, "320 555 7004")
    await walk.sync(KIND)
    await walk.sync(KIND)
    walk.say(f"{ann}: {await _phone_there(walk, ann)} in Zoho Books now.")
    walk.say(f"{bob}: {await _phone_here(walk, bob)} in ServiceTitan now.")
    waits = await releasable(walk.desk, Filter(reason=_BOTH_CHANGED))
    lives = [await explain(walk.desk, f"#{one.record_id}") for one in waits.records]
    for sentence in dict.fromkeys(wait.sentence for life in lives for wait in life.versions[-1].waits):
        walk.say(sentence)
    await release_listed(walk.desk, await releasable(walk.desk, Filter(flow="customers", reason=_BOTH_CHANGED)))
    await walk.sync(KIND)
    walk.say(f"Released by the bookkeeper: {cy} has {await _phone_there(walk, cy)} on both sides.")
    return {
        "to_zoho_books": await _phone_there(walk, ann), "to_servicetitan": await _phone_here(walk, bob),
        "changed_on_both": len(waits.records),
        "on_both_sides_at_the_end": [await _phone_here(walk, cy), await _phone_there(walk, cy)],
    }  # fmt: skip


def _same(walk: Walk) -> list[str]:
    """Three customers whom both sides have alike."""
    alike = [
        one["name"] for one in walk.company["parties"]["sources"] if (one["kind"], one["case"]) == ("customer", "same")
    ]
    return alike[:3]


async def _here(walk: Walk, customer: str, number: str) -> None:
    """Somebody changes it at ServiceTitan's screens."""
    wish = {"act": "telephone", "tenant": walk.company["tenant_id"], "customer": customer, "number": number}
    await stage.at_the_desk(walk.handover["admin"], "servicetitan", wish)


async def _there(walk: Walk, customer: str, number: str) -> None:
    """Somebody changes it at Zoho's screens; everything else of the contact's person stays."""
    person = {**_person(await ledgers(walk), customer), "phone": number}
    wish = {"act": "edit contact", "organisation": walk.company["organization_id"], "contact": customer}
    await stage.at_the_desk(walk.handover["admin"], "zoho_books", {**wish, "changes": {"contact_persons": [person]}})


async def _phone_there(walk: Walk, customer: str) -> str:
    return str(_person(await ledgers(walk), customer)["phone"])


async def _phone_here(walk: Walk, customer: str) -> str:
    books = await servicetitans(walk)
    id_ = next(one["id"] for one in books["customers"] if one["name"] == customer)
    own = [one for one in books["contacts"] if one["customer_id"] == id_ and one["active"] and one["type"] != "Email"]
    return str(own[0]["value"])


def _person(books: dict[str, Any], customer: str) -> dict[str, Any]:
    """The first person of a customer's contact."""
    contact = next(
        one for one in books["contacts"] if (one["contact_name"], one["contact_type"]) == (customer, "customer")
    )
    return dict(contact["persons"][0])
