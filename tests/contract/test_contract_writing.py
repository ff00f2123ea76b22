"""Writing, the same for every connector: a step does what it says, and the look-up tells whether it was done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
from contract_line import Line, replaced
from contract_set import Sets
from contract_stage import CONNECTORS, Stage, actions, silent

from ml_connector.connectors.writing import Action, Done, Later, Partly, Rejected, Step, Uncertain
from ml_connector.errors import BadInput, ConnectorError
from ml_connector.transport.errors import AnswerLost, LeaseLost, NotSent
from ml_connector.transport.messages import Answer, Request
from ml_connector_sandbox.kernel import exact

pytestmark = pytest.mark.anyio
_MARK = Action.MARK_EXPORTED
each_action = pytest.mark.parametrize(("vendor", "entity", "action"), actions())


@dataclass
class Write:
    """A step that was not yet sent."""

    stage: Stage
    line: Line
    step: Step

    async def shown(self) -> list[str]:
        """Ids of the documents that the look-up shows with the step done."""
        found = await self.line.connector.find(self.line.session, self.step)
        documents = () if isinstance(found, Partly) else found
        return [one.id for one in documents if self.stage.shows(self.step, one)]

    async def came_through(self) -> list[str]:
        """The same after an answer that proves nothing; a change of several calls is first sent again, as it would be.

        The look-up comes later and over a line that works: it may finish what the write had begun.
        """
        self.line.wire.after = lambda request, answer: answer
        if (self.step.entity, self.step.action) in self.stage.stepwise and not await self.shown():
            self.stage.clock.skip(3600)
            assert isinstance(await self.line.connector.write(self.line.session, self.step), Done)
        return await self.shown()

    def tamper(self, change: Callable[[Answer], Answer]) -> None:
        """Put another answer in place of the write's own."""
        self.line.wire.after = lambda request, answer: answer if request.safe else change(answer)


@pytest.fixture
def writing(playing: Sets) -> Writing:
    @asynccontextmanager
    async def start(vendor: str, entity: str, action: Action) -> AsyncIterator[Write]:
        async with playing(vendor) as set:
            organisation = await set.line.connector.organisation(set.line.session)
            step = set.stage.step(entity, action, "MLC-contract-1", organisation)
            yield Write(set.stage, set.line, step)

    return start


Writing = Callable[..., AbstractAsyncContextManager[Write]]


@each_action
async def test_a_step_does_what_it_says(writing: Writing, vendor: str, entity: str, action: Action) -> None:
    async with writing(vendor, entity, action) as write:
        assert await write.shown() == []
        before = write.stage.counted(entity)
        outcome = await write.line.connector.write(write.line.session, write.step)
        assert isinstance(outcome, Done)
        assert write.stage.shows(write.step, outcome.document) and outcome.raw
        assert await write.shown() == [outcome.target_id]
        gone = action is Action.VOID and entity in write.stage.vanishing
        if action is Action.SET_STATUS:
            return  # nothing comes or goes, and what is counted is what is active
        assert write.stage.counted(entity) == before + (action is Action.CREATE) - gone


@each_action
async def test_a_lost_answer_is_uncertain_and_the_look_up_finds_it(
    writing: Writing, vendor: str, entity: str, action: Action
) -> None:
    def lose(answer: Answer) -> Answer:
        raise AnswerLost("the answer was lost")

    async with writing(vendor, entity, action) as write:
        write.tamper(lose)
        outcome = await write.line.connector.write(write.line.session, write.step)
        assert isinstance(outcome, Uncertain)
        assert len(await write.came_through()) == 1


@each_action
@pytest.mark.parametrize(
    "body", [b"<html>Gateway</html>", b"", b"[]", b"{}", b'{"code":0,"message":"success"}', b"null"]
)
async def test_an_answer_that_proves_nothing_is_uncertain(
    writing: Writing, vendor: str, entity: str, action: Action, body: bytes
) -> None:
    async with writing(vendor, entity, action) as write:
        write.tamper(lambda answer: replaced(answer, body))
        outcome = await write.line.connector.write(write.line.session, write.step)
        # A void's answer shows no document anyway, and some are empty; then the document itself is the proof.
        by_itself = action is Action.VOID or silent(vendor, entity, action)
        assert isinstance(outcome, Uncertain) or (by_itself and isinstance(outcome, Done))
        assert len(await write.came_through()) == 1


@pytest.mark.parametrize(
    ("vendor", "entity", "action"), [one for one in actions() if one[2] is not Action.VOID and not silent(*one)]
)
async def test_an_answer_that_shows_something_else_is_uncertain(
    writing: Writing, vendor: str, entity: str, action: Action
) -> None:
    async with writing(vendor, entity, action) as write:
        write.tamper(lambda answer: replaced(answer, exact.dumps(write.stage.another(exact.loads(answer.body)))))
        outcome = await write.line.connector.write(write.line.session, write.step)
        assert isinstance(outcome, Uncertain)
        assert len(await write.came_through()) == 1


@each_action
async def test_a_server_error_is_uncertain(writing: Writing, vendor: str, entity: str, action: Action) -> None:
    async with writing(vendor, entity, action) as write:
        write.tamper(lambda answer: replaced(answer, b"", 503))
        outcome = await write.line.connector.write(write.line.session, write.step)
        assert isinstance(outcome, Uncertain)


@each_action
@pytest.mark.parametrize("fault", [NotSent("no route"), LeaseLost("taken over")], ids=["not sent", "lease lost"])
async def test_what_never_left_is_not_uncertain(
    writing: Writing, vendor: str, entity: str, action: Action, fault: NotSent
) -> None:
    def before(request: Request) -> None:
        if not request.safe:
            raise fault

    async with writing(vendor, entity, action) as write:
        write.line.wire.before = before
        if isinstance(fault, LeaseLost):
            with pytest.raises(LeaseLost):
                await write.line.connector.write(write.line.session, write.step)
        else:
            assert isinstance(await write.line.connector.write(write.line.session, write.step), Later)
        write.line.wire.before = lambda request: None
        assert await write.shown() == []


@each_action
async def test_too_many_calls_is_later(writing: Writing, vendor: str, entity: str, action: Action) -> None:
    async with writing(vendor, entity, action) as write:
        write.tamper(lambda answer: Answer(429, {**answer.headers, "retry-after": "7"}, b"{}", answer.at))
        outcome = await write.line.connector.write(write.line.session, write.step)
        assert isinstance(outcome, Later) and outcome.seconds == 7.0


@each_action
async def test_a_withdrawn_grant_writes_nothing(writing: Writing, vendor: str, entity: str, action: Action) -> None:
    async with writing(vendor, entity, action) as write:
        before = write.stage.emulator.books()
        write.stage.revoke()
        outcome = await write.line.connector.write(write.line.session, write.step)
        assert isinstance(outcome, Later | Rejected)
        assert write.stage.emulator.books() == before


@pytest.mark.parametrize(("vendor", "entity", "action"), [one for one in actions() if one[2] is Action.CREATE])
async def test_sent_twice_by_mistake_it_is_not_there_twice_unseen(
    writing: Writing, vendor: str, entity: str, action: Action
) -> None:
    async with writing(vendor, entity, action) as write:
        first = await write.line.connector.write(write.line.session, write.step)
        before = write.stage.counted(entity)
        second = await write.line.connector.write(write.line.session, write.step)
        assert isinstance(first, Done)
        if entity in write.stage.repeatable:
            # Nothing at the vendor refuses a second one, so the look-up must show both to the doubles sweep. Where the
            # answer says nothing, two that are found prove nothing of either.
            shown = await write.shown()
            assert len({*shown}) == 2 and first.target_id in shown
            assert (
                isinstance(second, Done) != silent(vendor, entity, action)
                and getattr(second, "target_id", shown[0]) in shown
            )
            return
        # What cannot be upserted has its number or our reference to refuse a second one.
        assert write.stage.counted(entity) == before
        assert await write.shown() == [first.target_id]


def _together() -> list[tuple[str, str, Action]]:
    """What goes several in a call. A stage makes each of these steps anew; a mark is on what is there already."""
    return [one for one in actions() if CONNECTORS[one[0]].batches.get(one[1:], 1) > 1 and one[2] is not _MARK]


@pytest.mark.parametrize(("vendor", "entity", "action"), _together())
async def test_several_steps_of_one_call_have_an_outcome_each(
    playing: Sets, vendor: str, entity: str, action: Action
) -> None:
    async with playing(vendor) as set:
        sent: list[Request] = []
        connector, session = set.line.connector, set.line.session
        organisation = await connector.organisation(session)
        steps = [set.stage.step(entity, action, f"MLC-several-{n}", organisation) for n in range(4)]
        set.line.wire.before = lambda request: None if request.safe else sent.append(request)
        outcomes = await connector.write_batch(session, steps)
        # What takes several calls takes no more of them for several steps.
        assert len(sent) == 1 or ((entity, action) in set.stage.stepwise and len(sent) < len(steps))
        for step, outcome in zip(steps, outcomes, strict=True):
            assert isinstance(outcome, Done) and set.stage.shows(step, outcome.document), outcome
            found = await connector.find(session, step)
            assert [one.id for one in found if set.stage.shows(step, one)] == [outcome.target_id]
        assert len({outcome.target_id for outcome in outcomes if isinstance(outcome, Done)}) == len(steps)


@pytest.mark.parametrize("vendor", sorted(CONNECTORS))
async def test_a_step_of_something_else_is_refused_before_anything_is_sent(playing: Sets, vendor: str) -> None:
    async with playing(vendor) as set:
        sent = len(set.stage.emulator.log.calls)
        with pytest.raises(ConnectorError, match=set.stage.connector.title) as refused:
            step = Step("bills", Action.MARK_EXPORTED if vendor != "servicetitan" else Action.CREATE, "r", b"{}")
            await set.line.connector.write(set.line.session, step)
        assert str(refused.value).endswith(".") and not isinstance(refused.value, AnswerLost)
        assert len(set.stage.emulator.log.calls) == sent
        assert issubclass(refused.type, BadInput) or "takes no" in str(refused.value)
