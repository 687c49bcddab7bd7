"""Words of every shape mean what a slow model of the rules says."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.dockerfile.word import expand
from tests.support.word_model import (
    Atom,
    Bare,
    Choice,
    Double,
    Escaped,
    Part,
    Plain,
    Replace,
    Single,
    Text,
    Trim,
    mean,
    write,
)

NAMES = st.sampled_from(["A", "B_1", "EMPTY", "UNSET"])
LETTERS = "ab./:,é "
VALUES = st.text("ab./*?", max_size=6)

texts = st.builds(Text, st.text(LETTERS, min_size=1, max_size=3))
escaped = st.builds(Escaped, st.sampled_from("$'\"a }{\\`"))
singles = st.builds(Single, st.text(LETTERS + '$"\\`{}', max_size=3))
atoms = st.one_of(
    st.builds(Atom, st.sampled_from("ab.*?")),
    st.builds(Atom, st.sampled_from("*?"), escaped=st.just(value=True)),
)
patterns = st.lists(atoms, max_size=4)
trims = st.builds(Trim, NAMES, st.sampled_from(["#", "##", "%", "%%"]), patterns)
replaces = st.builds(
    Replace,
    NAMES,
    st.booleans(),
    st.lists(atoms, min_size=1, max_size=4),
    st.text("ab.", max_size=2),
)
bare = st.builds(Bare, NAMES, st.sampled_from("./: "))
leaves = st.one_of(st.builds(Plain, NAMES), bare, trims, replaces)


def deeper(parts: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    """Put parts into quotes and into the words of substitutions."""
    choices = st.builds(
        Choice,
        NAMES,
        st.sampled_from([":-", "-", ":+", "+"]),
        st.lists(st.one_of(parts, texts, escaped, singles), max_size=3),
    )
    quoted = st.lists(
        st.one_of(st.builds(Text, st.text(LETTERS + "$\\`'\"", max_size=3)), parts),
        max_size=3,
    )
    inside = quoted.map(lambda found: [p for p in found if not isinstance(p, Double)])
    return st.one_of(choices, st.builds(Double, inside))


substitutions: st.SearchStrategy[Part] = st.recursive(leaves, deeper, max_leaves=6)
words = st.lists(st.one_of(texts, escaped, singles, substitutions), max_size=5)


STAR = Replace("A", True, [Atom("*")], "x")  # noqa: FBT003 - as the model has it


@example(word=[STAR], a="ab", b="", escape="\\")
@settings(max_examples=500)
@given(word=words, a=VALUES, b=VALUES, escape=st.sampled_from(["\\", "`"]))
def test_a_word_means_what_the_model_says(
    word: list[Part], a: str, b: str, escape: str
) -> None:
    variables = {"A": a, "B_1": b, "EMPTY": ""}
    written = write(word, escape)
    assert expand(written, variables, escape=escape) == mean(word, variables), written
