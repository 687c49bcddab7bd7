"""The grammar of the command line, over a table of its own and the executor's."""

import pytest

from domain.errors import UsageError
from entrypoints.flags.flag import Flag, FlagTable, Group, Kind
from entrypoints.flags.given import GivenFlags
from entrypoints.flags.scanner import Scanned, scan
from entrypoints.flags.table import EXECUTOR_FLAGS

_SAMPLE = {
    Kind.BOOLEAN: "true",
    Kind.INTEGER: "-1",
    Kind.DURATION: "6h30m",
    Kind.TEXT: "some text=x",
    Kind.TEXTS: "some text=x",
    Kind.PAIRS: "key=a b=c",
}


def _sample(flag: Flag) -> str:
    return flag.choices[0] if flag.kind is Kind.CHOICE else _SAMPLE[flag.kind]


def _scan(*words: str) -> Scanned:
    return scan(words, EXECUTOR_FLAGS, ("version", "completion"))


def _given(*words: str) -> GivenFlags:
    return _scan(*words).given


def _error(*words: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        _scan(*words)
    return caught.value


_ALL = [(flag, name) for flag in EXECUTOR_FLAGS for name in flag.spellings]
_SHORT = [(flag, letter) for flag in EXECUTOR_FLAGS for letter in flag.shorts]
_VALUED = [(flag, name) for flag, name in _ALL if flag.kind is not Kind.BOOLEAN]


@pytest.mark.parametrize(("flag", "name"), _ALL, ids=lambda value: str(value)[:40])
def test_every_spelling_takes_a_value_after_an_equals_sign(
    flag: Flag, name: str
) -> None:
    assert _given(f"--{name}={_sample(flag)}").texts(flag.name) == (_sample(flag),)


@pytest.mark.parametrize(("flag", "name"), _VALUED, ids=lambda value: str(value)[:40])
def test_every_flag_but_a_boolean_takes_the_next_word(flag: Flag, name: str) -> None:
    given = _given(f"--{name}", _sample(flag))
    assert given.texts(flag.name) == (_sample(flag),)


@pytest.mark.parametrize(("flag", "name"), _VALUED, ids=lambda value: str(value)[:40])
def test_every_flag_but_a_boolean_needs_a_value(flag: Flag, name: str) -> None:
    assert _error(f"--{name}").message == f"--{name} needs a value"


@pytest.mark.parametrize(("flag", "letter"), _SHORT, ids=lambda value: str(value)[:40])
def test_every_short_form_takes_its_value_in_three_ways(
    flag: Flag, letter: str
) -> None:
    value = _sample(flag)
    forms = [[f"-{letter}={value}"]]
    if flag.kind is not Kind.BOOLEAN:
        forms += [[f"-{letter}", value], [f"-{letter}{value}"]]
    assert {_given(*form).texts(flag.name) for form in forms} == {(value,)}


def test_a_short_form_without_a_value_is_an_error() -> None:
    assert _error("-f").message == "-f needs a value"


def test_the_next_word_is_a_value_even_with_dashes() -> None:
    assert _given("--build-arg", "--cache").texts("build-arg") == ("--cache",)
    assert _given("-d", "-c").texts("destination") == ("-c",)


def test_an_empty_value_is_a_value() -> None:
    assert _given("--tar-path=").texts("tar-path") == ("",)
    assert _given("--tar-path", "").texts("tar-path") == ("",)


def test_a_bare_boolean_is_true_and_never_eats_the_next_word() -> None:
    assert _given("--cache", "--force").boolean("cache")
    error = _error("--cache", "true")
    assert error.message == 'unexpected argument "true"'
    assert "--cache=true" in (error.hint or "")


def test_the_hint_of_a_stray_word_is_about_the_context_elsewhere() -> None:
    for words in (["."], ["--cache=0", "."], ["--cache", "-f", "x", "."], ["--", "."]):
        error = _error(*words)
        assert error.message == 'unexpected argument "."'
        assert "--context=PATH" in (error.hint or "")


def test_a_lone_dash_is_a_stray_word() -> None:
    assert _error("-").message == 'unexpected argument "-"'


def test_two_dashes_end_the_flags() -> None:
    assert _given("--cache", "--").boolean("cache")
    assert _error("--", "--cache").message == 'unexpected argument "--cache"'
    assert _error("--", "version").message == 'unexpected argument "version"'


def test_boolean_letters_may_be_joined() -> None:
    given = _given("-qh")
    assert (given.boolean("quiet"), given.boolean("help")) == (True, True)
    assert _given("-qfx").text("dockerfile") == "x"
    assert not _given("-h=false").boolean("help")


def test_the_last_value_of_a_scalar_counts() -> None:
    given = _given("-f", "a", "--file=b", "--dockerfile=c")
    assert given.texts("dockerfile") == ("c",)
    assert not _given("--cache", "--cache=false").boolean("cache")


def test_lists_grow_in_order_and_keep_their_commas() -> None:
    given = _given("-d", "a,b", "--tag", "c", "-t=d", "--destination=e")
    assert given.texts("destination") == ("a,b", "c", "d", "e")


@pytest.mark.parametrize(
    ("words", "spelled"),
    [
        (["--nonsense"], "--nonsense"),
        (["--nonsense=1"], "--nonsense"),
        (["--dest=x"], "--dest"),
        (["---cache"], "---cache"),
        (["--=x"], "--"),
        (["-z"], "-z"),
        (["-hz"], "-z"),
        (["--Cache"], "--Cache"),
        (["--no_push"], "--no_push"),
    ],
)
def test_an_unknown_flag_is_an_error_and_nothing_is_abbreviated(
    words: list[str], spelled: str
) -> None:
    assert _error(*words).message == f"unknown flag {spelled}"


def test_the_error_of_an_unknown_flag_names_the_nearest() -> None:
    assert _error("--destnation=x").hint == "did you mean --destination?"
    assert _error("--qqqqqqqq").hint is None


def test_one_dash_before_a_long_name_is_an_error() -> None:
    """`-destination=x` would otherwise set --destination to "estination=x"."""
    assert _error("-destination=x").hint == "write two dashes: --destination"
    assert _given("-destinatio").texts("destination") == ("estinatio",)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("--force=maybe", 'invalid argument "maybe" for --force: expected true'),
        ("--force=", 'invalid argument "" for --force'),
        ("--push-retry=x", 'invalid argument "x" for --push-retry: expected a whole'),
        ("--cache-ttl=5", 'invalid argument "5" for --cache-ttl: expected a duration'),
        ("--label=x", 'invalid argument "x" for --label: expected key=value'),
        ("--log-format=xml", "expected one of text, color, json"),
        ("--snapshot-mode=FULL", 'invalid argument "FULL" for --snapshot-mode'),
        ("--snapshot-mode=", 'invalid argument "" for --snapshot-mode'),
        ("-v=loud", 'invalid argument "loud" for -v'),
    ],
)
def test_a_malformed_value_is_an_error_that_tells_the_form(
    word: str, message: str
) -> None:
    assert message in _error(word).message


def test_only_the_verbosity_may_be_in_capitals() -> None:
    assert _given("-v", "WARNING").choice("verbosity") == "warning"


def test_a_choice_without_a_default_may_be_empty() -> None:
    assert _given("--compression=").choice("compression") == ""


@pytest.mark.parametrize(
    ("spelled", "name", "value"),
    [
        (name, flag.name, _sample(flag))
        for flag in EXECUTOR_FLAGS
        for name in flag.deprecated
    ],
)
def test_a_deprecated_spelling_warns_once(spelled: str, name: str, value: str) -> None:
    word = f"--{spelled}={value}"
    assert _scan(word, word).warnings == (f"--{spelled} is deprecated: write --{name}",)


def test_the_first_spelling_of_the_cache_is_understood() -> None:
    scanned = _scan("--use-cache", "--cache=registry.example.com/cache")
    assert scanned.given.boolean("cache")
    assert scanned.given.text("cache-repo") == "registry.example.com/cache"
    assert "--cache-repo" in scanned.warnings[1]


def test_a_command_ends_the_flags() -> None:
    scanned = _scan("--force", "completion", "bash", "--nonsense")
    assert (scanned.command, scanned.rest) == ("completion", ("bash", "--nonsense"))


def test_operands_stand_between_flags_and_after_two_dashes() -> None:
    words = ["one", "--force", "two", "--", "--three"]
    assert scan(words, EXECUTOR_FLAGS, operands=3).operands == ("one", "two", "--three")


def test_an_operand_too_many_is_named() -> None:
    with pytest.raises(UsageError, match='unexpected argument "two"'):
        scan(["one", "two"], EXECUTOR_FLAGS, operands=1)


def test_flags_not_given_have_their_defaults() -> None:
    given = _given()
    assert (given.given("cache"), given.boolean("cache-run-layers")) == (False, True)
    assert (given.integer("compression-level"), given.texts("label")) == (-1, ())


def test_a_key_given_twice_keeps_its_last_value() -> None:
    assert _given("--label=a=1", "--label=b=2", "--label=a=3").pairs("label") == (
        ("a", "3"),
        ("b", "2"),
    )


def test_no_two_flags_share_a_spelling() -> None:
    names = [name for flag in EXECUTOR_FLAGS for name in flag.spellings]
    letters = [letter for flag in EXECUTOR_FLAGS for letter in flag.shorts]
    assert len(names) == len(set(names))
    assert len(letters) == len(set(letters))


def test_every_default_can_be_read() -> None:
    for flag in EXECUTOR_FLAGS:
        if flag.default:
            flag.read(flag.default)
        else:
            assert flag.kind not in {Kind.BOOLEAN, Kind.INTEGER, Kind.DURATION}


def test_a_table_finds_nothing_under_an_unknown_name() -> None:
    table = FlagTable([Flag(name="a", kind=Kind.TEXT, group=Group.OTHER, help="x")])
    assert (table.long("b"), table.short("a")) == (None, None)
    assert table["a"].name == "a"
