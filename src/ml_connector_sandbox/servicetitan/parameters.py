"""Reading query parameters as ServiceTitan does: strict on values, deaf to names it does not know."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from decimal import Decimal, InvalidOperation

from multidict import MultiMapping

from ml_connector_sandbox.servicetitan.answers import invalid, not_emulated
from ml_connector_sandbox.servicetitan.stamps import canonical

_INT32, _INT64 = 2**31 - 1, 2**63 - 1


class Parameters:
    """The query of one call. Bad values are gathered; ``check`` refuses them all at once."""

    def __init__(self, query: MultiMapping[str]) -> None:
        self._query = query
        self._errors: dict[str, list[str]] = {}

    def key(self) -> tuple[tuple[str, str], ...]:
        """What was asked, apart from the page: equal keys select equal rows."""
        leave = ("page", "pageSize", "includeTotal")
        return tuple(sorted(item for item in self._query.items() if item[0] not in leave))

    def refuse(self, name: str, sentence: str) -> None:
        """Note that a parameter is bad."""
        self._errors.setdefault(name, []).append(sentence)

    def check(self) -> None:
        """Raises Refusal (400) when any parameter was bad."""
        if self._errors:
            raise invalid(self._errors)

    def emulate_not(self, names: Collection[str]) -> None:
        """Raises Refusal (501) when a published parameter is used that the emulator cannot honour."""
        for name in self._query:
            if name in names or name.partition(".")[0] in ("customField", "customFields"):
                raise not_emulated(name)

    def text(self, name: str) -> str | None:
        """None when absent or empty: an empty parameter counts as not given."""
        return self._query.get(name) or None

    def integer(self, name: str, most: int = _INT64) -> int | None:
        text = self.text(name)
        return None if text is None else self._integer(name, text, most)

    def _integer(self, name: str, text: str, most: int = _INT64) -> int:
        digits = text[1:] if text[0] == "-" else text
        if not (digits.isascii() and digits.isdigit()) or abs(int(text)) > most:
            self.refuse(name, f"The value '{text}' is not valid.")
            return 0
        return int(text)

    def count(self, name: str, default: int) -> int:
        """A number from 1."""
        value = self.integer(name, _INT32)
        if value is not None and value < 1:
            self.refuse(name, f"The value '{value}' must be 1 or greater.")
        return default if value is None else value

    def boolean(self, name: str) -> bool | None:
        text = self.text(name)
        if text is None or text in ("true", "True", "false", "False"):
            return None if text is None else text in ("true", "True")
        self.refuse(name, f"The value '{text}' is not valid.")
        return None

    def decimal(self, name: str) -> Decimal | None:
        text = self.text(name)
        try:
            value = None if text is None else Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if value is not None and not value.is_finite():
            self.refuse(name, f"The value '{text}' is not valid.")
            return None
        return value

    def stamp(self, name: str) -> str | None:
        """An instant in UTC unless it has an offset. A plus sign that was not encoded arrives as a blank: refused."""
        text = self.text(name)
        try:
            return None if text is None else canonical(text)
        except ValueError:
            self.refuse(name, f"The value '{text}' is not valid.")
            return None

    def guid(self, name: str) -> str | None:
        """Lower case with dashes."""
        text = self.text(name)
        try:
            return None if text is None else str(uuid.UUID(text))
        except ValueError:
            self.refuse(name, f"The value '{text}' is not valid.")
            return None

    def enum(self, name: str, values: Collection[str]) -> str | None:
        """One of ``values``, case-sensitive."""
        text = self.text(name)
        return None if text is None else self._enum(name, text, values)

    def enums(self, name: str, values: Collection[str]) -> frozenset[str]:
        """The key repeated once per value; a comma list is one wrong value."""
        return frozenset(self._enum(name, text, values) for text in self._query.getall(name, []) if text)

    def comma_enums(self, name: str, values: Collection[str]) -> frozenset[str]:
        return frozenset(self._enum(name, text, values) for text in self.comma_texts(name))

    def _enum(self, name: str, text: str, values: Collection[str]) -> str:
        if text not in values:
            self.refuse(name, f"The value '{text}' is not valid.")
        return text

    def comma_texts(self, name: str, most: int | None = None) -> list[str]:
        """A comma list of at most ``most`` entries."""
        text = self.text(name)
        parts = [] if text is None else [part.strip() for part in text.split(",")]
        if most is not None and len(parts) > most:
            self.refuse(name, f"At most {most} values are allowed, {len(parts)} were given.")
        return parts

    def comma_ids(self, name: str, most: int | None = None) -> list[int]:
        return [self._integer(name, part or "?") for part in self.comma_texts(name, most)]

    def repeated_ids(self, name: str, most: int | None = None) -> list[int]:
        """The key repeated once per id."""
        parts = [part for part in self._query.getall(name, []) if part]
        if most is not None and len(parts) > most:
            self.refuse(name, f"At most {most} values are allowed, {len(parts)} were given.")
        return [self._integer(name, part) for part in parts]
