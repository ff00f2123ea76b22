"""The calls that a record's steps went in. Of a call with several documents each record shows its own part."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from ml_connector.connectors.writing import Step
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Reading, made

_step = msgspec.json.Decoder(Step)
_body = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])
_MOST = 50


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call as it went over the wire, redacted. ``documents`` is how many went in it; ``body`` shows this one's part."""

    exchange_id: int
    intent_id: int | None
    at: datetime
    method: str
    url: str
    status: int
    milliseconds: int
    body: str
    documents: int = 1


async def exchanges_of(reading: Reading, sealer: Sealer, record_id: int) -> tuple[Exchange, ...]:
    """The calls of a record's intents, oldest first."""
    rows = await reading.all(
        """select e.exchange_id, i.intent_id, e.at, e.method, e.url, e.status, e.milliseconds, e.body, e.documents,
                  i.payload, i.target_id
        from intent i
        cross join lateral (
            (select exchange_id from exchange where tenant_id = i.tenant_id and intent_id = i.intent_id offset 0)
            union all
            (select exchange_id from exchange_part where tenant_id = i.tenant_id and intent_id = i.intent_id offset 0)) c
        join exchange e on e.tenant_id = i.tenant_id and e.exchange_id = c.exchange_id
        where i.tenant_id = %s and i.record_id = %s order by e.exchange_id limit %s""",
        reading.tenant_id, record_id, _MOST,
    )  # fmt: skip
    return tuple(_opened(sealer, row) for row in rows)


def _opened(sealer: Sealer, row: tuple[Any, ...]) -> Exchange:
    said = sealer.open(b"exchange", row[7]).decode("utf-8", "replace")
    if row[8] > 1:
        said = own_part(said, _step.decode(sealer.open(b"intent", row[9])).body, row[10] or "")
    url = sealer.open(b"exchange url", row[4]).decode("utf-8", "replace")
    return made(Exchange, *row[:4], url, *row[5:7], said, row[8])


def own_part(said: str, body: bytes, target_id: str) -> str:
    """Of a request and its answer, a line each, what is about the document of ``body``; all that cannot be told apart.

    ``target_id`` is its id at the target, empty where it has none.
    """
    asked, line, answered = said.partition("\n")
    own = _read(body)
    mine, sent = _narrowed(asked, lambda key, one: _is_of(own, key, one))
    if not sent:
        return said
    found, shown = _narrowed(answered, lambda _, one: bool(target_id) and target_id in _values(one).values())
    if not shown:
        alike = [_in_common(one, sent[0]) for one in _narrowed(answered, lambda *_: True)[1]]
        best = max(alike, default=0)
        found, shown = _narrowed(answered, lambda _, one: 0 < best == _in_common(one, sent[0]))
    return mine + line + (found if len(shown) == 1 else answered)


def _read(text: bytes | str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _narrowed(text: str, fits: Callable[[str, Any], bool]) -> tuple[str, list[Any]]:
    """A body with those elements of its lists alone that fit, bytes unchanged, and these; without any it is as it was."""
    try:
        whole = _body.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        return text, []
    lists = {key: _elements(raw) for key, raw in whole.items()} if isinstance(whole, dict) else {"": whole}
    kept = {key: [one for one in listed if fits(key, _read(bytes(one)))] for key, listed in lists.items()}
    found = [_read(bytes(one)) for listed in kept.values() for one in listed]
    if not found:
        return text, []
    narrow = {key: kept[key] or raw for key, raw in whole.items()} if isinstance(whole, dict) else kept[""]
    return msgspec.json.encode(narrow).decode(), found


def _elements(raw: msgspec.Raw) -> list[msgspec.Raw]:
    return _list.decode(raw) if bytes(raw)[:1] == b"[" else []


def _is_of(own: Any, key: str, one: Any) -> bool:
    """Whether an element of a call's list ``key`` is what was sent: that body, with more in it too, or what it lists."""
    if isinstance(own, list):
        return one in own
    if not isinstance(own, dict):
        return False
    if isinstance(own.get(key), list):
        return one in own[key]
    return isinstance(one, dict) and all(key in one and one[key] == value for key, value in own.items())


def _values(one: Any) -> dict[str, str]:
    """What an element says of itself, but for what is inside of that."""
    named = one if isinstance(one, dict) else {"": one}
    return {key: str(value) for key, value in named.items() if not isinstance(value, dict | list)}


def _in_common(one: Any, sent: Any) -> int:
    return len(_values(one).items() & _values(sent).items())
