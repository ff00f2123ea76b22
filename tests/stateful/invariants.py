"""What must hold of both vendors' books and of our ledger whenever everything is quiet."""

from __future__ import annotations

from collections import Counter
from typing import Any

from expectations import TWINS, Books, Persons
from stateful_world import Stateful

from ml_connector.service.tallies import opened_wait
from ml_connector.sync.states import State
from ml_connector_sandbox.ledger_documents import number_key
from ml_connector_sandbox.servicetitan.books import Bill


class Proof:
    """The proofs of one world, all of which raise AssertionError with what is wrong."""

    def __init__(self, world: Stateful, persons: Persons) -> None:
        self._world, self._persons, self._books = world, persons, Books(world, persons)

    async def safe(self) -> None:
        """What must hold at any moment, with calls lost and workers gone."""
        self._books.note_posted()
        self._nothing_twice()

    async def all(self, mode: str, marks: str) -> None:
        """Everything, of a company that is quiet with its bills in ``mode``, and the marks of posted ones in ``marks``."""
        await self.safe()
        await self._nothing_open()
        await self._world.sound()
        await self._links_agree()
        await self._waits_have_sentences()
        await self._marked(marks)
        if mode != "off":
            await self._as_expected(mode)

    def _nothing_twice(self) -> None:
        documents = self._books.documents()
        references = Counter(reference for one in documents if (reference := self._books.reference(one)))
        assert not [one for one, count in references.items() if count > 1], references
        facts = Counter(
            (one.vendor_id, number_key(one.number), one.date, one.total)
            for one in documents
            if one.document_id not in self._persons.touched
        )
        assert not [one for one, count in facts.items() if count > 1], facts
        contacts = [one for one in self._books.organisation.contacts if one.contact_type == "vendor"]
        names = Counter(one.contact_name for one in contacts)
        assert not [name for name, count in names.items() if count > 1], names

    async def _nothing_open(self) -> None:
        rows = await self._world.all(
            "select intent_id, state from intent where tenant_id = %s and state in (0, 1)", self._world.desk.tenant_id
        )
        assert rows == []

    async def _links_agree(self) -> None:
        """One live document of ours for one link, its total that of the version it was made of."""
        rows = await self._world.all(
            """select l.source_id, l.target_id, l.origin, d.amount from link l
            left join document d on d.tenant_id = l.tenant_id and d.version_id = l.version_id
            where l.tenant_id = %s and l.entity = 'bills'""",
            self._world.desk.tenant_id,
        )  # fmt: skip
        ours = self._books.ours()
        linked = {row[0]: row for row in rows}
        assert ours.keys() <= linked.keys(), f"posted without a link: {ours.keys() - linked.keys()}"
        for source_id, target_id, origin, amount in rows:
            document = ours.get(source_id)
            if origin == "person":
                assert document is None
            elif document is None:
                voided = self._books.is_removed(self._books.tenant.bills[int(source_id)])
                assert voided or source_id in self._persons.deleted, (
                    f"bill {source_id} is linked to {target_id}, which is gone"
                )
            else:
                assert document.document_id == target_id
                if document.document_id not in self._persons.touched:
                    assert document.total == amount, (source_id, document.total, amount)

    async def _marked(self, marks: str) -> None:
        """What we posted is marked as exported, unless its mark waits for a person; nothing else ever is."""
        rows = await self._world.all(
            """select l.source_id, s.state = any(%s::smallint[]) from link l
            left join flow f on f.tenant_id = l.tenant_id and f.name = 'bills_exported'
            left join record r on r.tenant_id = l.tenant_id and r.flow_id = f.flow_id and r.source_id = l.source_id
            left join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
            where l.tenant_id = %s and l.entity = 'bills' and l.origin = 'created'""",
            [State.HELD, State.REJECTED], self._world.desk.tenant_id,
        )  # fmt: skip
        marked = {str(bill.id) for bill in self._books.tenant.bills if bill.sync_status == "Exported"}
        posted = {source_id for source_id, _ in rows}
        assert marked <= posted, f"marked and never posted: {marked - posted}"
        if marks == "live":
            waiting = {source_id for source_id, waits in rows if waits}
            bills = self._books.tenant.bills
            void = {source_id for source_id in posted if self._books.is_removed(bills[int(source_id)])}
            assert posted <= marked | waiting | void, f"posted and not marked: {posted - marked - waiting - void}"

    async def _waits_have_sentences(self) -> None:
        """Whatever is held or rejected says why, and what to do."""
        rows = await self._world.all(
            """select r.source_id, w.detail from version_state s
            join record r on r.tenant_id = s.tenant_id and r.record_id = s.record_id
            left join wait w on w.tenant_id = s.tenant_id and w.version_id = s.version_id
            where s.tenant_id = %s and s.state in (9, 10)""",
            self._world.desk.tenant_id,
        )  # fmt: skip
        sealer = await self._world.desk.sealer()
        for source_id, detail in rows:
            assert detail is not None, f"{source_id} waits for nothing"
            wait = opened_wait(sealer, detail)
            assert wait.code and wait.sentence.endswith((".", "?", "!")) and wait.action, wait

    async def _as_expected(self, mode: str) -> None:
        ends = await self._ends()
        orders = {source_id: record_id for source_id, (record_id, _, _) in ends.items()}
        wrong = []
        for bill, states, reasons in self._books.expected(orders):
            if bill.vendor_id in self._persons.blurred or self._books.unsure(bill):
                continue
            found = ends.get(str(bill.id))
            if found is None or not self._fits(bill, found[1], found[2], states, reasons, mode):
                wrong.append(f"bill {bill.id}: {found}, not {sorted(states)} {sorted(reasons)}: {bill}")
        assert not wrong, "\n".join(wrong)

    def _fits(
        self, bill: Bill, state: str, waits: frozenset[str], states: frozenset[str], reasons: frozenset[str], mode: str
    ) -> bool:
        source_id = str(bill.id)
        if mode == "preview" and "posted" in states and self._persons.posted.get(source_id) != self._books.facts(bill):
            states = (states - {"posted"}) | {"planned"}
        if "conflict" in waits:  # somebody changed it there while its answer was lost
            return bool(self._persons.touched or self._persons.deleted)
        if state == "held" and source_id in self._persons.deleted and waits <= {"gone_there"}:
            return True  # it was to be changed when it was deleted there
        if state == "rejected":  # the ledger itself says no; the person's release went past our own check
            return "period_closed" in self._persons.released[source_id] and "period_closed" in reasons
        if state not in states:
            return False
        return state != "held" or _alike(waits, reasons)

    async def _ends(self) -> dict[str, tuple[int, str, frozenset[str]]]:
        """Bill -> its record, the state of its newest version, and what that waits for."""
        rows: list[tuple[Any, ...]] = await self._world.all(
            """select r.source_id, r.record_id, array_agg(w.code) filter (where w.code is not null)
            from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
            left join wait w on w.tenant_id = r.tenant_id and w.version_id = r.version_id
            where r.tenant_id = %s and f.name = 'bills' group by 1, 2""",
            self._world.desk.tenant_id,
        )  # fmt: skip
        states = await self._world.ends()
        return {row[0]: (row[1], states[row[0]][0], frozenset(row[2] or ())) for row in rows}


def _alike(waits: frozenset[str], reasons: frozenset[str]) -> bool:
    """The vendor is asked for only when nothing else is missing; what a person must decide is not looked at again."""
    apart = _one_of_twins(waits) ^ _one_of_twins(reasons)
    loose = {"vendor_pending"} if reasons else set[str]()
    if "period_closed" in waits | reasons:
        loose |= {*TWINS, "vendor_inactive"}
    return apart <= loose


def _one_of_twins(codes: frozenset[str]) -> frozenset[str]:
    """Several twins may differ in their totals; that there is one is what counts."""
    return (codes - TWINS) | {"same_number_same_total"} if codes & TWINS else codes
