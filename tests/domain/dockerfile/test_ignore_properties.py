"""Ignore rules of every shape judge as a slow model of them does."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dockerfile.ignore import IgnoreRules
from tests.support.ignore_model import ignored

NAMES = ("a", "b", "a.", "*")
PATHS = [
    "/".join(names) for depth in (1, 2, 3) for names in product(NAMES, repeat=depth)
]

# No negated class: it also stands for a slash, which components cannot tell.
pieces = st.sampled_from(["a", "b", ".", "*", "?", "[ab]", "\\*", "\\a"])
# Two stars in one component would be a pattern of another kind.
components = (
    st.lists(pieces, min_size=1, max_size=3)
    .map("".join)
    .filter(lambda text: "**" not in text.replace("\\*", "") and text.strip("."))
)
patterns = st.lists(st.one_of(components, st.just("**")), min_size=1, max_size=4).map(
    "/".join
)
rules = st.lists(
    st.builds(lambda back, pattern: "!" * back + pattern, st.booleans(), patterns),
    max_size=5,
)


@settings(max_examples=60)
@given(rules=rules)
def test_rules_judge_every_path_as_the_model_does(rules: list[str]) -> None:
    ours = IgnoreRules.parse("\n".join(rules))
    found = [path for path in PATHS if ours.ignores(path)]
    assert found == [path for path in PATHS if ignored(rules, path)]
