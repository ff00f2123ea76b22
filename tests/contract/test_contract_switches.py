"""The main checks again for every value of every fact that is not certain.

Read everything twice, do every write and look it up, check: all of it must come out right whichever way the vendor
behaves.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from contract_set import Set, Sets
from contract_stage import CONNECTORS, Switch, readable, stage_class

from ml_connector.connectors.checking import Verdict
from ml_connector.connectors.writing import Done, Step, Uncertain

pytestmark = pytest.mark.anyio


def _values() -> list[tuple[str, str, Any]]:
    return [
        (vendor, name, value)
        for vendor in sorted(CONNECTORS)
        for name, switch in stage_class(vendor).switches.items()
        for value in switch.values
    ]


@pytest.mark.parametrize("vendor", sorted(CONNECTORS))
async def test_every_uncertain_fact_is_met_or_its_reason_is_written(playing: Sets, vendor: str) -> None:
    async with playing(vendor) as set:
        switches = fields(set.stage.emulator.switches)
        # What the emulator delivers by itself is met by its own tests; no connector receives it here.
        known = {one.name for one in switches if not one.name.startswith("webhook")}
        named: dict[str, Switch] = dict(stage_class(vendor).switches)
        assert named.keys() == known
        assert all(bool(one.values) != bool(one.untouched) for one in named.values())


@pytest.mark.parametrize(("vendor", "name", "value"), _values())
async def test_the_main_checks_hold_whatever_the_fact(playing: Sets, vendor: str, name: str, value: Any) -> None:
    settings = stage_class(vendor).switches[name].settings
    async with playing(vendor, settings=settings, speed=10.0) as set:
        set.stage.emulator.set_switches({name: value})
        await _reads(set)
        await _writes(set, later=name in stage_class(vendor).settles_later)
        found = await set.line.connector.check(set.line.session, sorted(readable(set.line.connector.vendor)))
        assert [one.sentence for one in found if one.verdict is Verdict.MISSING] == []
        assert set.line.budget.throttles == [] and 401 not in set.line.exchanges.statuses


async def _reads(set: Set) -> None:
    """Whole walks twice, in between a change and a new row, which the lists may show some time later."""
    for entity in sorted(readable(set.line.connector.vendor)):
        old = set.stage.fill(entity, 3, set.line.clock.now())
        set.stage.clock.skip(1800)
        first = await set.line.walk(entity)
        assert {*old} <= {*first.ids} and first.problems == []
        incremental = readable(set.line.connector.vendor)[entity].incremental
        if incremental:
            set.stage.touch(entity, old[0])
        new = set.stage.fill(entity, 1, set.line.clock.now())
        early = await set.line.walk(entity, first.cursor)
        set.stage.clock.skip(1800)
        late = await set.line.walk(entity, early.cursor)
        changed = {*new, old[0]} if incremental else {*new}
        assert changed <= {*early.ids} | {*late.ids} and late.problems == []


async def _writes(set: Set, *, later: bool) -> None:
    organisation = await set.line.connector.organisation(set.line.session)
    for entity, actions in sorted(set.line.connector.writable.items()):
        for action in sorted(actions):
            if not set.stage.offers(entity, action, set.line.session.settings):
                continue
            step = set.stage.step(entity, action, f"MLC-{entity}-{action.name}", organisation)
            assert await _shown(set, step) == []
            outcome = await set.line.connector.write(set.line.session, step)
            # Where the answer is empty only a list tells, and a list may lag: then the look-up does it later.
            settled = Done | Uncertain if later or (entity, action) in set.stage.silent else Done
            assert isinstance(outcome, settled), f"{entity} {action}: {outcome}"
            set.stage.clock.skip(1800)
            shown = await _shown(set, step)
            if later and not step.target_id:
                assert len(shown) == 1
            else:
                assert shown == [outcome.target_id if isinstance(outcome, Done) else step.target_id]


async def _shown(set: Set, step: Step) -> list[str]:
    found = await set.line.connector.find(set.line.session, step)
    return [one.id for one in found if set.stage.shows(step, one)]
