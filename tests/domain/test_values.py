"""Value classes behave like the standard library's dataclasses."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import values

Maker = Callable[..., Any]
Decorator = Callable[..., Callable[[type], Maker]]


def _class(decorator: Decorator, *, kw_only: bool) -> Maker:
    class Written:
        """As it is written down; fields belong to one dataclass each."""

        name: str
        size: int = 3
        tags: list[str] = values.field(default_factory=list, hash=False)
        secret: str = values.field(default="", repr=False)

    return decorator(frozen=True, slots=True, kw_only=kw_only)(Written)


def _ours(*, kw_only: bool) -> Maker:
    return _class(values.dataclass, kw_only=kw_only)


def _theirs(*, kw_only: bool) -> Maker:
    return _class(dataclasses.dataclass, kw_only=kw_only)


@values.dataclass(frozen=True, slots=True, kw_only=True)
class Pickled:
    """A class that pickle can find."""

    name: str
    size: int = 3


GIVEN = st.fixed_dictionaries(
    {"name": st.text()},
    optional={
        "size": st.integers(),
        "tags": st.lists(st.text()),
        "secret": st.text(),
    },
)


@given(first=GIVEN, second=GIVEN)
def test_values_compare_show_and_change_as_dataclasses_do(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    ours, theirs = _ours(kw_only=True), _theirs(kw_only=True)
    assert repr(ours(**first)) == repr(theirs(**first))
    assert hash(ours(**first)) == hash(theirs(**first))
    is_equal = theirs(**first) == theirs(**second)
    assert (ours(**first) == ours(**second)) == is_equal
    changed = dataclasses.replace(ours(**first), **second)
    assert repr(changed) == repr(dataclasses.replace(theirs(**first), **second))


@pytest.mark.parametrize("kw_only", [True, False])
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), {}),
        (("a",), {}),
        (("a", 1, [], "", 5), {}),
        ((), {"name": "a", "other": 1}),
        (("a",), {"name": "b"}),
    ],
)
def test_wrong_arguments_are_named_as_in_dataclasses(
    arguments: tuple[Any, ...],
    named: dict[str, Any],
    kw_only: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert _outcome(_ours(kw_only=kw_only), arguments, named) == _outcome(
        _theirs(kw_only=kw_only), arguments, named
    )


def _outcome(make: Maker, arguments: tuple[Any, ...], named: dict[str, Any]) -> str:
    try:
        return repr(make(*arguments, **named))
    except TypeError as error:
        return str(error)


def test_defaults_are_made_for_each_value() -> None:
    make = _ours(kw_only=True)
    assert make(name="a").tags is not make(name="b").tags


def test_what_may_be_given_without_a_name_may_be_given_with_one() -> None:
    make = _ours(kw_only=False)
    assert make("a", 4) == make(size=4, name="a") == make("a", size=4)


def test_a_value_stays_as_it_is() -> None:
    value = _ours(kw_only=True)(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="assign to field 'size'"):
        value.size = 4
    with pytest.raises(dataclasses.FrozenInstanceError, match="delete field 'size'"):
        del value.size
    assert not hasattr(value, "__dict__")


def test_values_of_other_classes_are_never_equal() -> None:
    first, second = _ours(kw_only=True), _ours(kw_only=True)
    assert first(name="a") != second(name="a")


def test_methods_that_a_class_writes_are_kept() -> None:
    @values.dataclass(frozen=True, slots=True, kw_only=True)
    class Folded:
        """Compares without regard to case."""

        name: str

        def __repr__(self) -> str:
            return "folded"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Folded) and self.name.lower() == other.name.lower()

        def __hash__(self) -> int:
            return 7

    assert Folded(name="A") == Folded(name="a")
    assert (repr(Folded(name="A")), hash(Folded(name="A"))) == ("folded", 7)


def test_positional_fields_take_part_in_matching() -> None:
    ours: Any = _ours(kw_only=False)
    match ours("a", 4):
        case ours(name, size):
            assert (name, size) == ("a", 4)
        case other:
            pytest.fail(f"{other} does not match")


def test_values_are_copied_and_pickled() -> None:
    value = Pickled(name="a")
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own


def test_a_class_without_slots_is_the_standard_library_s() -> None:
    @values.dataclass(slots=True)
    class Counted:
        """Changes."""

        count: int = 0

    counted = Counted()
    counted.count += 1
    assert counted == Counted(1)
