"""Reading and writing the JSON of manifests and configs, checked field by field.

Go's rules, since Go programs wrote the documents: null counts as absent. Python's
`json` decides what is JSON; meaning is given by the callers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from domain.errors import InvalidDigest, InvalidImage
from domain.image.digest import Digest

JsonObject = dict[str, Any]
_T = TypeVar("_T")


class Fields:
    """The fields of one JSON object.

    Args:
        value: The parsed object.
        place: What it is, for messages ("manifest", "manifest layers[2]").
    """

    def __init__(self, value: JsonObject, place: str) -> None:
        self._value = value
        self.place = place

    @classmethod
    def parse(cls, raw: bytes, place: str) -> Fields:
        """Parse the bytes of a document.

        Raises:
            InvalidImage: Not JSON, or no object.
        """
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise InvalidImage("not valid JSON", place=place) from error
        if not isinstance(value, dict):
            raise InvalidImage("not a JSON object", place=place)
        return cls(value, place)

    def __contains__(self, key: str) -> bool:
        """Return whether the field is there and not null."""
        return self._value.get(key) is not None

    def text(self, key: str, default: str = "") -> str:
        """Return a string."""
        return self._get(key, str, default)

    def integer(self, key: str, default: int = 0) -> int:
        """Return a whole number."""
        value = self._get(key, int, default)
        if isinstance(value, bool):
            raise self.wrong(key, "a number")
        return value

    def boolean(self, key: str) -> bool:
        """Return true or false (the default)."""
        return self._get(key, bool, default=False)

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Return an array of strings, None where there is none."""
        if key not in self:
            return None
        value: list[object] = self._get(key, list, [])
        return tuple(self._as_text(key, item) for item in value)

    def text_map(self, key: str) -> dict[str, str]:
        """Return an object whose values are strings; {} where there is none."""
        value: JsonObject = self._get(key, dict, {})
        return {name: self._as_text(key, item) for name, item in value.items()}

    def names(self, key: str) -> frozenset[str]:
        """Return the keys of an object (docker's way to write a set)."""
        return frozenset(self._get(key, dict, {}))

    def digest(self, key: str) -> Digest:
        """Return a digest, which must be there."""
        return self._as_digest(key, self.text(key))

    def digests(self, key: str) -> tuple[Digest, ...]:
        """Return an array of digests; empty where there is none."""
        return tuple(self._as_digest(key, text) for text in self.texts(key) or ())

    def child(self, key: str) -> Fields | None:
        """Return a nested object, None where there is none."""
        if key not in self:
            return None
        return Fields(self._get(key, dict, {}), f"{self.place} {key}")

    def children(self, key: str) -> list[Fields]:
        """Return an array of objects; [] where there is none."""
        value: list[object] = self._get(key, list, [])
        return [
            Fields(self._as_object(key, item), f"{self.place} {key}[{number}]")
            for number, item in enumerate(value)
        ]

    def others(self, known: frozenset[str]) -> JsonObject:
        """Return the fields that are not among the known ones."""
        return {key: item for key, item in self._value.items() if key not in known}

    def wrong(self, key: str, expected: str) -> InvalidImage:
        """Return the error for a field of the wrong shape."""
        return InvalidImage(f"field {key!r} is not {expected}", place=self.place)

    def _get(self, key: str, kind: type[_T], default: _T) -> _T:
        value: object = self._value.get(key)
        if value is None:
            return default
        if not isinstance(value, kind):
            raise self.wrong(key, f"of type {kind.__name__}")
        return value

    def _as_text(self, key: str, item: object) -> str:
        if not isinstance(item, str):
            raise self.wrong(key, "made of strings")
        return item

    def _as_object(self, key: str, item: object) -> JsonObject:
        if not isinstance(item, dict):
            raise self.wrong(key, "made of objects")
        return item

    def _as_digest(self, key: str, text: str) -> Digest:
        try:
            return Digest.parse(text)
        except InvalidDigest as error:
            raise InvalidImage(f"field {key!r}: {error}", place=self.place) from error


def render(document: Mapping[str, object]) -> bytes:
    """Return compact UTF-8 JSON, keys in the order of the mapping.

    Bytes that were no UTF-8 (surrogates) become U+FFFD, as Go writes them.
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").encode()


def present(document: Mapping[str, object]) -> JsonObject:
    """Return the fields that are not empty (Go's "omitempty")."""
    return {key: value for key, value in document.items() if value}
