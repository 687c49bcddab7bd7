"""Values: frozen dataclasses that cost little until they are used.

`dataclass` here is the standard library's for readers and type checkers, and behaves
like it; but the methods of a frozen class with slots are made of shared functions. The
standard library writes and compiles seven functions for each class when it is
imported, of which most builds use few (docs/adr/0016).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass", "field", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(
        written: type | None = None,
        /,
        *,
        frozen: bool = False,
        slots: bool = False,
        kw_only: bool = False,
    ) -> type | Callable[[type], type]:
        """Make a dataclass of a class, or return the decorator that does.

        Args:
            written: The class, where the decorator stands without parentheses.
            frozen: Whether the fields of an instance stay as they are.
            slots: Whether instances have no other attributes.
            kw_only: Whether the constructor takes keywords only.
        """
        if not (frozen and slots):
            return dataclasses.dataclass(
                written, frozen=frozen, slots=slots, kw_only=kw_only
            )
        return lambda written: _value_class(written, kw_only=kw_only)


def _value_class(written: type, *, kw_only: bool) -> type:
    described = dataclasses.dataclass(
        init=False, repr=False, eq=False, slots=True, kw_only=kw_only
    )
    made: Any = described(written)
    given = dataclasses.fields(made)
    values = _getter([each.name for each in given if each.compare])
    hashed = _getter([each.name for each in given if _is_hashed(each)])

    def equal(self: object, other: object) -> object:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    methods: dict[str, Any] = {
        "__init__": _constructor(made),
        "__eq__": equal,
        "__hash__": lambda self: hash(hashed(self)),
        "__repr__": _represent,
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _state,
        "__setstate__": _set_state,
    }
    for name, method in methods.items():
        # A class that writes __eq__ has __hash__ = None, which nobody wrote.
        if written.__dict__.get(name) is None:
            setattr(made, name, method)
    answer: type = made
    return answer


def _is_hashed(given: Field[Any]) -> bool:
    return given.compare if given.hash is None else given.hash


def _getter(names: list[str]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _constructor(made: Any) -> Callable[..., None]:  # noqa: ANN401 - a class
    """Return a constructor; of wrong arguments that of the standard library tells."""
    given = dataclasses.fields(made)
    fields = [(each.name, getattr(made, each.name).__set__, each) for each in given]
    names = {each.name for each in given}
    required = {each.name for each in given if _has_no_default(each)}
    positional = [each.name for each in given if not each.kw_only]

    def construct(self: object, *arguments: object, **named: object) -> None:
        values = dict(zip(positional, arguments, strict=False)) | named
        is_right = len(values) == len(arguments) + len(named)
        if not (is_right and required <= values.keys() <= names):
            _written_constructor(made)(self, *arguments, **named)
        for name, put, each in fields:
            put(self, values[name] if name in values else _default(each))

    return construct


def _has_no_default(given: Field[Any]) -> bool:
    return given.default is MISSING and given.default_factory is MISSING


def _default(given: Field[Any]) -> object:
    if given.default_factory is not MISSING:
        return given.default_factory()
    return given.default


def _written_constructor(made: Any) -> Callable[..., None]:  # noqa: ANN401 - a class
    """Let the standard library write the constructor for a class of the same fields."""
    given = dataclasses.fields(made)
    body = {each.name: _copy(each) for each in given}
    body["__annotations__"] = {each.name: each.type for each in given}
    body["__doc__"] = made.__doc__
    twin: Any = type(made.__name__, (), body)
    twin.__qualname__ = made.__qualname__
    written = dataclasses.dataclass(frozen=True, repr=False, eq=False)(twin)
    constructor: Callable[..., None] = written.__init__
    return constructor


def _copy(given: Field[Any]) -> Any:  # noqa: ANN401 - what stands in a class body
    make: Any = given.default_factory  # or MISSING, which its type does not say
    return field(default=given.default, default_factory=make, kw_only=given.kw_only)


def _represent(self: Any) -> str:  # noqa: ANN401 - of any value class
    shown = [
        f"{each.name}={getattr(self, each.name)!r}"
        for each in dataclasses.fields(self)
        if each.repr
    ]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_to_set(_: object, name: str, value: object) -> NoReturn:  # noqa: ARG001
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:  # noqa: ANN401 - of any value class
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:  # noqa: ANN401 - as above
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
