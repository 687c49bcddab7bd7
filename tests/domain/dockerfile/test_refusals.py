"""What is not written by the rules is refused with its line and a remedy."""

import pytest

from domain.errors import DockerfileError
from tests.domain.dockerfile.parsing import dockerfile


def refusal(source: str) -> DockerfileError:
    with pytest.raises(DockerfileError) as caught:
        dockerfile(source)
    return caught.value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # instructions
        ("FOO bar", "unknown instruction FOO"),
        ("RUNecho", "unknown instruction RUNECHO"),
        ("&& \\\n b", "unknown instruction &&"),
        # flags
        ("COPY --nope=1 a b", "unknown flag --nope for COPY"),
        ("COPY --checksum=1 a b", "unknown flag --checksum for COPY"),
        ("ADD --from=1 a b", "unknown flag --from for ADD"),
        ("ADD --parents a b", "unknown flag --parents for ADD"),
        ("RUN --link a", "unknown flag --link for RUN"),
        ("CMD --x", "unknown flag --x for CMD"),
        ("ENV --x=1 a=b", "unknown flag --x for ENV"),
        ("ARG --x a", "unknown flag --x for ARG"),
        ("ONBUILD --x RUN a", "unknown flag --x for ONBUILD"),
        ("FROM --x=1 a", "unknown flag --x for FROM"),
        ("COPY --from=a --from=b a b", "--from stands twice"),
        ("COPY --link --link a b", "--link stands twice"),
        ("COPY --from a b", "--from has no value"),
        ("RUN --mount a", "--mount has no value"),
        ("COPY --link= a b", "--link cannot be ''"),
        ("COPY --link=1 a b", "--link cannot be '1'"),
        # FROM
        ("FROM", "FROM takes either one or three arguments"),
        ("FROM a b", "FROM takes either one or three arguments"),
        ("FROM a of b", "FROM takes either one or three arguments"),
        ("FROM a AS b c", "FROM takes either one or three arguments"),
        ("FROM a AS 1b", "invalid stage name '1b'"),
        ("FROM a AS b/c", "invalid stage name 'b/c'"),
        # arguments
        ("ENV", "ENV needs an argument"),
        ("LABEL", "LABEL needs an argument"),
        ("ARG", "ARG needs an argument"),
        ("EXPOSE", "EXPOSE needs an argument"),
        ("USER", "USER needs an argument"),
        ("WORKDIR \\\n# c", "WORKDIR needs an argument"),
        ("VOLUME", "VOLUME needs an argument"),
        ("VOLUME []", "VOLUME needs an argument"),
        ("STOPSIGNAL", "STOPSIGNAL needs an argument"),
        ("MAINTAINER", "MAINTAINER needs an argument"),
        ("ONBUILD", "ONBUILD needs an argument"),
        ("HEALTHCHECK", "HEALTHCHECK needs an argument"),
        ("SHELL", "SHELL needs an argument"),
        ("RUN []", "RUN needs an argument"),
        ("COPY", "COPY needs at least a source and a destination"),
        ("COPY a", "COPY needs at least a source and a destination"),
        ('COPY ["a"]', "COPY needs at least a source and a destination"),
        ("ADD --link a", "ADD needs at least a source and a destination"),
        ("COPY <<E\nE", "COPY needs at least a source and a destination"),
        ("COPY a <<E\nE", "the destination of COPY cannot be a heredoc"),
        # values
        ("ENV =x", "ENV names cannot be empty"),
        ("LABEL a=b =x", "LABEL names cannot be empty"),
        ("ARG =x", "ARG names cannot be empty"),
        ("ENV a=b c", "cannot find = in 'c'"),
        ("ENV a", "ENV a has no value"),
        ("LABEL a", "LABEL a has no value"),
        ('VOLUME [""]', "a VOLUME cannot be an empty string"),
        ('VOLUME ["/a", " "]', "a VOLUME cannot be an empty string"),
        ("SHELL /bin/sh -c", "SHELL needs a JSON array"),
        ("SHELL []", "SHELL needs a JSON array"),
        ('CMD ["a", 1]', "an array in exec form may hold only strings"),
        ("RUN [1]", "an array in exec form may hold only strings"),
        ('COPY ["a", null]', "an array in exec form may hold only strings"),
        # HEALTHCHECK
        ("HEALTHCHECK a", "unknown kind 'a' of HEALTHCHECK"),
        ("HEALTHCHECK NONE a", "HEALTHCHECK NONE takes no arguments"),
        ("HEALTHCHECK CMD", "HEALTHCHECK CMD has no command"),
        ("HEALTHCHECK CMD []", "HEALTHCHECK CMD has no command"),
        ("HEALTHCHECK --interval=5 CMD a", "invalid duration '5'"),
        ("HEALTHCHECK --interval=1d CMD a", "invalid duration '1d'"),
        ("HEALTHCHECK --interval=-1s CMD a", "invalid duration '-1s'"),
        ("HEALTHCHECK --interval=٣s CMD a", "invalid duration '٣s'"),
        ("HEALTHCHECK --interval=1us CMD a", "--interval cannot be less than 1ms"),
        ("HEALTHCHECK --timeout=9999999h CMD a", "'9999999h' is too long"),
        ("HEALTHCHECK --retries=-1 CMD a", "--retries cannot be '-1'"),
        ("HEALTHCHECK --retries=1_0 CMD a", "--retries cannot be '1_0'"),
        ("HEALTHCHECK --retries=2147483648 CMD a", "--retries cannot be '2147483648'"),
        # ONBUILD
        ("ONBUILD ONBUILD RUN a", "ONBUILD cannot be an ONBUILD trigger"),
        ("ONBUILD from a", "FROM cannot be an ONBUILD trigger"),
        ("ONBUILD MAINTAINER a", "MAINTAINER cannot be an ONBUILD trigger"),
        ("ONBUILD COPY a", "COPY needs at least a source and a destination"),
        ("ONBUILD FOO", "unknown instruction FOO"),
    ],
)
def test_an_instruction_is_refused_with_its_line(text: str, message: str) -> None:
    error = refusal(f"FROM a\n\n{text}\n")
    assert message in error.message
    assert error.line == 3
    assert error.hint
    assert "\n" not in error.message + error.hint


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("", None, "the file holds no instructions"),
        ("# FROM a\n", None, "the file holds no instructions"),
        ("ARG a\n", None, "the file has no FROM"),
        ("\nRUN a\nFROM b\n", 2, "RUN stands before the first FROM"),
        ("ARG a\nENV b=c\nFROM b\n", 2, "ENV stands before the first FROM"),
    ],
)
def test_a_file_without_stages_is_refused(
    source: str, line: int | None, message: str
) -> None:
    error = refusal(source)
    assert message in error.message
    assert error.line == line
    assert error.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("FORM b", "did you mean FROM?"),
        ("RNU b", "did you mean RUN?"),
        ("ENTRYPIONT b", "did you mean ENTRYPOINT?"),
        ("apt-get install b", "a command starts with RUN"),
    ],
)
def test_an_unknown_instruction_gets_a_suggestion(text: str, hint: str) -> None:
    assert hint in (refusal(f"FROM a\n{text}").hint or "")


def test_an_unknown_flag_lists_those_that_are_known() -> None:
    hint = refusal("FROM a\nRUN --from=b c").hint
    assert hint == "RUN knows --network, --security, --mount, --device"


def test_an_instruction_without_flags_says_so() -> None:
    assert refusal("FROM a\nUSER --from=b c").hint == "USER knows no flags"
