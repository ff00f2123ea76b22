"""Every stored row that shows a person, rewritten without their data and sealed again; or only counted, for a preview."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from psycopg.rows import args_row

from ml_connector.audit import Rewritten
from ml_connector.audit.chain import EVENT_COLUMNS, StoredEvent
from ml_connector.audit.event import decode_details, object_name
from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.erased import ERASED, Finder, erased
from ml_connector.sealing import Sealer, SealKeyMissing
from ml_connector.store.database import Session as Transaction
from ml_connector.sync.directory import entry_name
from ml_connector.sync.erasing import texts
from ml_connector.sync.erasing.person import Person

_AT_ONCE = 500  # rows of a table that is gone through as a whole


@dataclass(eq=False)
class Rewriting:
    """One erasure under way. ``write`` False: everything is looked at as if, and only counted."""

    connection: Transaction
    tenant_id: int
    sealer: Sealer
    person: Person
    known: Finder  # the person's words as what is read later is searched for them, so that both come out alike
    write: bool
    counts: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Rewrite all tables but the audit trail."""
        await self._documents()
        await self._links()
        await self._directory()
        await self._claims()
        for one in _OWN_TEXTS:
            await self._own_texts(one)
        await self._reasons()
        await self._exchanges()
        await self._unread()
        await self._notes()

    # -- what vendors showed

    async def _documents(self) -> None:
        """All versions, the party's and those of documents that name it."""
        marks = self.person.marks
        query = """
            select d.version_id, d.content_hash, d.raw, d.canonical, r.record_id, r.version_id from document d
            join record r on r.tenant_id = d.tenant_id and r.record_id = d.record_id
            where d.tenant_id = %s and d.record_id = any(%s::bigint[]) order by d.version_id"""
        for version_id, mark, raw, canonical, record_id, newest in await self._all(query, list(self.person.records)):
            document = documents.decode(self._open(b"canonical " + mark, canonical))
            if not marks.name(document):
                continue
            text, kept = texts.whole(self._open(b"raw " + mark, raw)), documents.encode(erased(document, self.known))
            own = record_id in self.person.own
            self.counts["versions of the party" if own else "versions of documents"] += 1
            await self._set(
                "document", "version_id", version_id, raw=self._seal(b"raw " + mark, text),
                canonical=self._seal(b"canonical " + mark, kept),
            )  # fmt: skip
            if version_id == newest:  # by which the next reading knows that nothing has changed
                known = hashlib.sha256(text).digest(), hashlib.sha256(kept).digest()
                await self._set("record", "record_id", record_id, content_hash=known[0], understood=known[1])

    async def _links(self) -> None:
        """What was agreed of either side when a link was made, or last."""
        query = """
            select link_id, entity, source_id, target_entity, target_id, base, source_base from link
            where tenant_id = %s and (base is not null or source_base is not null)"""
        async for link_id, entity, source_id, target_entity, target_id, base, source_base in self._each(query):
            ends = ("base", target_entity, target_id, base), ("source_base", entity, source_id, source_base)
            changed = {}
            for column, of, id_, sealed in ends:
                if sealed is not None and (document := self._shown(entry_name(of, id_), sealed)) is not None:
                    changed[column] = self._seal(entry_name(of, id_), documents.encode(document))
            if changed:
                self.counts["links"] += 1
                await self._set("link", "link_id", link_id, **changed)

    async def _directory(self) -> None:
        """The party and its documents as the lists of both sides have them."""
        query = """
            select connection_id, entity, object_id, body from directory
            where tenant_id = %s and connection_id = any(%s::int[])
              and (object_id = any(%s::text[]) or party_id = any(%s::text[]))"""
        ids = list(self.person.ids)
        for connection_id, entity, id_, body in await self._all(query, list(self.person.connections), ids, ids):
            document = self._shown(entry_name(entity, id_), body)
            if document is None:
                continue
            text = documents.encode(document)
            self.counts["list entries"] += 1
            await self._run(
                """update directory set body = %s, content_hash = %s, name_digest = null
                where tenant_id = %s and connection_id = %s and entity = %s and object_id = %s""",
                self._seal(entry_name(entity, id_), text), hashlib.sha256(text).digest(), self.tenant_id, connection_id,
                entity, id_,
            )  # fmt: skip

    async def _claims(self) -> None:
        """Digests of what told the party from others: they are gone, since nothing is linked with it any more."""
        query = "select record_id from party_claim where tenant_id = %s and record_id = any(%s::bigint[])"
        rows = await self._all(query, list(self.person.own))
        if rows:
            self.counts["digests of names"] += len(rows)
            await self._run(
                "delete from party_claim where tenant_id = %s and record_id = any(%s::bigint[])",
                self.tenant_id, list(self.person.own),
            )  # fmt: skip

    def _shown(self, name: bytes, sealed: bytes) -> Document | None:
        """A document of the person without its data; None for anybody else's."""
        document = documents.decode(self._open(name, sealed))
        return erased(document, self.known) if self.person.marks.name(document) else None

    async def _exchanges(self) -> None:
        """Requests and answers: whole where they are about the person alone, else the elements that show one of the ids."""
        own = {row[0] for row in await self._all(_INTENTS, list(self.person.records))}
        query = """
            select exchange_id, intent_id, documents, url, body from exchange
            where tenant_id = %s and connection_id = any(%s::int[])"""
        async for id_, intent_id, count, sealed_url, sealed in self._each(query, list(self.person.connections)):
            url = self._open(b"exchange url", sealed_url).decode("utf-8", "replace")
            said = self._open(b"exchange", sealed)
            alone = (intent_id in own and count == 1) or bool(self._ids.search(url.encode()))
            if not alone and not texts.mentions(said, self._named):
                continue
            said = b"\n".join(self._said(part, alone) for part in said.partition(b"\n")[::2])
            self.counts["exchanges"] += 1
            await self._set(
                "exchange", "exchange_id", id_, body=self._seal(b"exchange", said),
                url=self._seal(b"exchange url", self.person.words.out_of(url).encode()),
            )  # fmt: skip

    def _said(self, part: bytes, alone: bool) -> bytes:
        if alone:
            return texts.whole(part)
        return texts.unnamed(texts.rows(part, self._named), [self.person.words])

    async def _unread(self) -> None:
        """Rows that could not be read."""
        query = """select u.flow_id, u.source_id, u.raw, u.problem from unread u
                   join flow f on f.tenant_id = u.tenant_id and f.flow_id = u.flow_id
                   where u.tenant_id = %s and f.source_id = any(%s::int[])"""
        async for flow_id, source_id, sealed, problem in self._each(query, list(self.person.connections)):
            name = f"unread {flow_id} {source_id}".encode()
            raw = self._open(name, sealed)
            if not self._ids.search(raw) and source_id not in self.person.ids:
                continue
            said = self.person.words.out_of(self._open(name, problem).decode())
            kept = texts.whole(raw) if source_id in self.person.ids else texts.rows(raw, self.person.ids)
            self.counts["rows that could not be read"] += 1
            await self._run(
                "update unread set raw = %s, problem = %s where tenant_id = %s and flow_id = %s and source_id = %s",
                self._seal(name, kept), self._seal(name, said.encode()), self.tenant_id, flow_id, source_id,
            )  # fmt: skip

    # -- what we wrote

    async def _own_texts(self, one: _OwnText) -> None:
        """Plans, steps, holds, matches and answers."""
        keys = ", ".join(one.keys)
        owned = f"{one.owner} = any(%s::bigint[])" if one.owner else "false and %s::bigint[] is null"
        query = f"""select {owned}, {one.column}, {keys} from {one.table}
                    where tenant_id = %s and {one.column} is not null"""
        async for owned_, sealed, *key in self._each(query, first=list(self.person.records)):
            text = self._open(one.name, sealed)
            kept = texts.own(text, self.person.words) if owned_ or self._is_about(text) else text
            if kept == text:
                continue
            self.counts[one.what] += 1
            where = " and ".join(f"{name} = %s" for name in one.keys)
            await self._run(
                f"update {one.table} set {one.column} = %s where tenant_id = %s and {where}",
                self._seal(one.name, kept), self.tenant_id, *key,
            )  # fmt: skip

    async def _reasons(self) -> None:
        """Why steps were not done, in the vendor's words."""
        query = """select intent_id, why from intent
                   where tenant_id = %s and record_id = any(%s::bigint[]) and why is not null"""
        for intent_id, why in await self._all(query, list(self.person.records)):
            text = self.person.words.out_of(self._open(b"why", why).decode("utf-8", "replace"))
            await self._set("intent", "intent_id", intent_id, why=self._seal(b"why", text.encode()))

    async def _notes(self) -> None:
        """What people have noted with a row of a mapping table that names the party by its id."""
        query = """select integration_id, table_name, source_key, valid_from::text, note from mapping
                   where tenant_id = %s and note <> '' and (source_key = any(%s::text[]) or target_key = any(%s::text[]))"""
        ids = list(self.person.ids)
        for *key, note in await self._all(query, ids, ids):
            if note != ERASED:
                self.counts["notes"] += 1
                await self._run(
                    """update mapping set note = %s where tenant_id = %s and integration_id = %s and table_name = %s
                    and source_key = %s and valid_from = %s::date""",
                    ERASED, self.tenant_id, *key,
                )  # fmt: skip

    async def events(self) -> list[Rewritten]:
        """Events of the audit trail with their details as they are to be; for a record of the person, or naming both."""
        query = f"select {EVENT_COLUMNS} from audit_event where tenant_id = %s"
        found, records = [], set(self.person.records)
        async with self.connection.cursor("erased_events", row_factory=args_row(StoredEvent)) as cursor:
            cursor.itersize = _AT_ONCE
            await cursor.execute(query.encode(), [self.tenant_id])
            async for event in cursor:
                text = self._details(event)
                if event.record_id in records or self._is_about(text):
                    kept = texts.own(text, self.person.words)
                    if kept != text:
                        found.append(Rewritten(event, dict(decode_details(kept))))
        self.counts["events of the audit trail"] = len(found)
        return found

    def _details(self, event: StoredEvent) -> bytes:
        """An event's details; none where the key of their month was erased."""
        try:
            return self._open(object_name(event.identity(self.tenant_id)), event.body)
        except SealKeyMissing:
            return b"{}"

    # -- finding and writing

    @cached_property
    def _named(self) -> frozenset[str]:
        """What an element of a vendor's text shows the person by."""
        return self.person.ids | self.person.references

    @cached_property
    def _ids(self) -> re.Pattern[bytes]:
        return re.compile(rb"(?<!\w)(?:" + b"|".join(re.escape(one.encode()) for one in self.person.ids) + rb")(?!\w)")

    def _is_about(self, text: bytes) -> bool:
        """Whether a text that belongs to nobody's record speaks of the person: by id and by a word, as a namesake's."""
        return self._ids.search(text) is not None and self.person.words.stand_in(text.decode("utf-8", "replace"))

    def _open(self, name: bytes, sealed: bytes) -> bytes:
        return self.sealer.open(name, sealed)

    def _seal(self, name: bytes, text: bytes) -> bytes:
        return self.sealer.seal(name, text)

    async def _all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return await (await self.connection.execute(query.encode(), [self.tenant_id, *values])).fetchall()

    async def _each(self, query: str, *values: Any, first: Any = None) -> AsyncIterator[Sequence[Any]]:
        """A whole table row by row, as it was when this was begun."""
        given = [self.tenant_id, *values] if first is None else [first, self.tenant_id, *values]
        async with self.connection.cursor("erased_rows") as cursor:
            cursor.itersize = _AT_ONCE
            await cursor.execute(query.encode(), given)
            async for row in cursor:
                yield row

    async def _set(self, table: str, key: str, id_: int, **values: bytes) -> None:
        columns = ", ".join(f"{name} = %s" for name in values)
        await self._run(
            f"update {table} set {columns} where tenant_id = %s and {key} = %s", *values.values(), self.tenant_id, id_
        )

    async def _run(self, query: str, *values: Any) -> None:
        if self.write:
            await self.connection.execute(query.encode(), values)


_INTENTS = "select intent_id from intent where tenant_id = %s and record_id = any(%s::bigint[])"


@dataclass(frozen=True, slots=True)
class _OwnText:
    """A column of our own JSON: what it is counted as, its key, the name it is sealed by, and whose record a row is."""

    what: str
    table: str
    column: str
    name: bytes
    keys: tuple[str, ...]
    owner: str = ""


_OWN_TEXTS = (
    _OwnText("plans", "plan", "body", b"plan", ("version_id",), "record_id"),
    _OwnText("plans", "plan", "renewed", b"plan", ("version_id",), "record_id"),
    _OwnText("plans", "plan", "reads", b"plan reads", ("version_id",), "record_id"),
    _OwnText("plans", "plan", "renewed_reads", b"plan reads", ("version_id",), "record_id"),
    _OwnText("steps", "intent", "payload", b"intent", ("intent_id",), "record_id"),
    _OwnText("recodings", "recoded", "told", b"recoded", ("recoding_id", "record_id"), "record_id"),
    _OwnText("matches", "tracking", "detail", b"tracking", ("record_id",), "record_id"),
    _OwnText("holds", "wait", "detail", b"wait", ("version_id", "position")),
    _OwnText("answers", "question", "answer", b"answer", ("question_id",)),
    _OwnText("answers", "api_request", "answer", b"api answer", ("token_id", "key")),
)
