"""Dockerfiles that docker refuses, each for a rule of its own, and what we say.

They are data; `test_negative_cases` builds them. Cases that would differ only in a
parameter of the same rule stand here once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

BUSYBOX = "FROM busybox\n"
FILES: Mapping[str, str] = {"app": "app", "tree/etc": "no directory", "tree2/app/x": ""}
"""The context of every case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeCase:
    """A Dockerfile that is refused.

    Attributes:
        rule: The rule that it breaks, in words.
        dockerfile: Its text.
        file: The file that the error names.
        line: Its line, None where it is the whole file.
        error: A part of the error.
        hint: A part of the remedy.
        ignore: Text of the .dockerignore, "" for none.
        flags: Further flags, which both builders know.
        docker: Whether docker 20.10 knows the syntax and refuses it, too.
    """

    rule: str
    dockerfile: str
    line: int | None
    error: str
    hint: str
    file: str = "Dockerfile"
    ignore: str = ""
    flags: Sequence[str] = field(default=())
    docker: bool = True

    @property
    def place(self) -> str:
        """How the error begins."""
        return f"{self.file}: " if self.line is None else f"{self.file}:{self.line}: "

    @property
    def context(self) -> Mapping[str, str]:
        """The files of the context besides the Dockerfile."""
        return {**FILES, ".dockerignore": self.ignore} if self.ignore else FILES

    @property
    def name(self) -> str:
        """The rule as one word, for file and image names."""
        return "".join(c if c.isalnum() else "-" for c in self.rule.lower()).strip("-")


def _in_line_2(
    rule: str, step: str, error: str, hint: str, *, docker: bool = True
) -> NegativeCase:
    return NegativeCase(
        rule=rule,
        dockerfile=BUSYBOX + step + "\n",
        line=2,
        error=error,
        hint=hint,
        docker=docker,
    )


def _in_line_1(rule: str, dockerfile: str, error: str, hint: str) -> NegativeCase:
    return NegativeCase(
        rule=rule, dockerfile=dockerfile, line=1, error=error, hint=hint
    )


WHOLE_FILE = (
    NegativeCase(
        rule="a file has instructions",
        dockerfile="# nothing\n",
        line=None,
        error="no instructions",
        hint="FROM",
    ),
    NegativeCase(
        rule="a file has a FROM",
        dockerfile="ARG A=1\n",
        line=None,
        error="no FROM",
        hint="FROM scratch",
        docker=False,  # it brings the daemon down
    ),
    _in_line_1("FROM comes first", "RUN a\nFROM busybox\n", "before the first", "ARG"),
    _in_line_1("escape is one of two", "# escape=x\nFROM busybox\n", "'x'", "escape"),
    NegativeCase(
        rule="a directive stands once",
        dockerfile="# escape=\\\n# escape=\\\nFROM busybox\n",
        line=2,
        error="escape stands twice",
        hint="keep one",
    ),
    NegativeCase(
        rule="the options of check are known",
        dockerfile="# check=foo=1\nFROM busybox\n",
        line=1,
        error="'foo=1'",
        hint="skip=",
        docker=False,
    ),
    NegativeCase(
        rule="a target exists",
        dockerfile="FROM busybox AS one\nFROM busybox AS two\n",
        line=None,
        error="'three'",
        hint="one, two",
        flags=("--target=three",),
    ),
    NegativeCase(
        rule="a pattern of the ignore file is not only a mark",
        dockerfile=BUSYBOX + "COPY app /\n",
        line=1,
        error="'!'",
        hint="behind it",
        ignore="!\n",
        file=".dockerignore",
    ),
    NegativeCase(
        rule="a pattern of the ignore file is closed",
        dockerfile=BUSYBOX + "COPY app /\n",
        line=1,
        error="'a[b'",
        hint="close each [",
        ignore="a[b\n",
        file=".dockerignore",
    ),
)

FROM = (
    _in_line_1("FROM has one or three words", "FROM a b\n", "one or three", "AS name"),
    _in_line_1("a stage name begins with a letter", "FROM a AS 1b\n", "'1b'", "letter"),
    _in_line_1("a base is not empty", "FROM $X\n", "is empty", "--build-arg"),
    _in_line_1("a base is a reference", "FROM UPPER\n", "'UPPER'", "/upper"),
    _in_line_1("a digest is whole", "FROM a@sha256:1\n", "sha256", "tag"),
    _in_line_1(
        "a platform is known", "FROM --platform=toaster busybox\n", "toaster", "os/arch"
    ),
    _in_line_1("a demanded variable has a value", "FROM ${X:?no-x}\n", "no-x", "X"),
    _in_line_1(
        "a base image exists", "FROM 127.0.0.1:1/no/such:1\n", "no/such", "port"
    ),
)

WORDS = (
    _in_line_2("an instruction is known", "COPPY a /", "COPPY", "COPY"),
    _in_line_2("a flag is known", "COPY --chwon=1 app /", "--chwon", "--chown"),
    _in_line_2(
        "a flag stands once", "COPY --from=a --from=b app /", "stands twice", "keep one"
    ),
    _in_line_2("a flag has a value", "COPY --from app /x", "no value", "--from=VALUE"),
    _in_line_2(
        "a switch is true or false",
        "COPY --link=maybe app /",
        "'maybe'",
        "true or false",
        docker=False,
    ),
    _in_line_2("an argument is given", "WORKDIR", "needs an argument", "WORKDIR"),
    _in_line_2("a variable has a value", "ENV a", "no value", "ENV a="),
    _in_line_2("each pair has its sign", "ENV a=1 b", "cannot find =", "name=value"),
    _in_line_2("a name is not empty", "ENV =1", "cannot be empty", "name=value"),
    _in_line_2("a brace is closed", "ENV a=${b", "${ is not closed", "close it"),
    _in_line_2("a quote is closed", "ENV a='b", "is not closed", "close it"),
    _in_line_2("a substitution has a name", "ENV a=${}", "bad substitution", "${name}"),
    _in_line_2("a modifier is known", "ENV a=${b:=c}", ":=", ":-"),
    _in_line_2("an array holds strings", 'CMD ["a", 1]', "only strings", "quotes"),
    _in_line_2(
        "a line is not only a continuation", "\\\n\\", "nothing but", "remove it"
    ),
    _in_line_2(
        "a heredoc is terminated", "COPY <<E /a\nb", "<<E is not", "E", docker=False
    ),
)

METADATA = (
    _in_line_2("a port is a number", "EXPOSE http", "'http'", "EXPOSE 80"),
    _in_line_2("a range of ports goes up", "EXPOSE 20-10", "20-10", ""),
    _in_line_2("a protocol is known", "EXPOSE 80/icmp", "icmp", "udp"),
    _in_line_2("a volume has a path", 'VOLUME [""]', "empty", "directory"),
    _in_line_2("a volume is named", "VOLUME []", "needs an argument", "VOLUME"),
    _in_line_2("a signal is known", "STOPSIGNAL SIGNOPE", "SIGNOPE", "SIG"),
    _in_line_2("SHELL is an array", "SHELL /bin/sh -c", "JSON", '["/bin/sh", "-c"]'),
    _in_line_2("HEALTHCHECK is CMD or NONE", "HEALTHCHECK RUN a", "'RUN'", "CMD"),
    _in_line_2("NONE stands alone", "HEALTHCHECK NONE a", "no arguments", "remove"),
    _in_line_2("a check has a command", "HEALTHCHECK CMD", "no command", "behind CMD"),
    _in_line_2(
        "an interval is a duration", "HEALTHCHECK --interval=5 CMD a", "'5'", ""
    ),
    _in_line_2(
        "an interval is not too short", "HEALTHCHECK --interval=1us CMD a", "1ms", "0"
    ),
    _in_line_2("retries are a number", "HEALTHCHECK --retries=x CMD a", "'x'", "whole"),
    _in_line_2("triggers do not nest", "ONBUILD ONBUILD RUN a", "ONBUILD", "another"),
    # docker finds out when another image is built on this one
    _in_line_2("a trigger is an instruction", "ONBUILD FOO a", "FOO", "", docker=False),
)

COPYING = (
    _in_line_2("COPY has a destination", "COPY app", "destination", "COPY source"),
    _in_line_2("a source exists", "COPY nope /", "nope", "ignore file"),
    NegativeCase(
        rule="a source is not ignored",
        dockerfile=BUSYBOX + "COPY app /\n",
        line=2,
        error="app",
        hint="ignore file",
        ignore="app\n",
    ),
    _in_line_2(
        "a stage is not named by a variable", "COPY --from=$X a /", "$X", "FROM"
    ),
    _in_line_2(
        "a stage number is an earlier one", "COPY --from=5 a /", "stage 5", "first"
    ),
    NegativeCase(
        rule="a stage is not a later one",
        dockerfile="FROM busybox\nCOPY --from=two /a /\nFROM busybox AS two\n"
        "FROM busybox\nCOPY --from=0 /a /\n",
        line=2,
        error="later stage",
        hint="first stage",
    ),
    NegativeCase(
        rule="a source in a stage exists",
        dockerfile="FROM busybox AS one\nFROM busybox\nCOPY --from=one /nope /\n",
        line=3,
        error="/nope",
        hint="path",
    ),
    # docker 20.10 takes a pattern or mode that it cannot read for none at all
    _in_line_2("a pattern is closed", "COPY a[ /", "a[", "close each [", docker=False),
    _in_line_2(
        "a mode is a mode", "COPY --chmod=rwx app /", "rwx", "755", docker=False
    ),
    _in_line_2(
        "a mode is not too large",
        "COPY --chmod=77777 app /",
        "77777",
        "755",
        docker=False,
    ),
    _in_line_2("a tree goes over directories", "COPY tree2 /bin/busybox", "", ""),
    NegativeCase(
        rule="a tree replaces no symlink",
        dockerfile=BUSYBOX + "RUN ln -s /etc /app\nCOPY tree2 /\n",
        line=3,
        error="/app",
        hint="",
    ),
    _in_line_2("a file replaces no directory", "COPY tree /", "etc", ""),
    _in_line_2("nothing lies below a file", "COPY app /bin/busybox/x", "busybox", ""),
    _in_line_2("a file is no directory", "COPY app /bin/busybox/", "busybox", ""),
    _in_line_2(
        "a group is known", "COPY --chown=0:nosuch app /", "nosuch", "", docker=False
    ),
)

RUNNING = (
    _in_line_2("a command succeeds", "RUN exit 3", "exit status 3", ""),
    _in_line_2("a command exists", 'RUN ["/nope"]', "/nope", ""),
    NegativeCase(
        rule="a user exists",
        dockerfile=BUSYBOX + "USER ghost\nRUN true\n",
        line=3,
        error="ghost",
        hint="number",
    ),
    _in_line_2("a working directory is one", "WORKDIR /bin/busybox", "busybox", ""),
    _in_line_2("an exec form has a command", "RUN []", "RUN needs", "RUN"),
    _in_line_2("a mount's type is known", "RUN --mount=type=x,target=/a b", "'x'", ""),
    _in_line_2("a mount's key is known", "RUN --mount=foo=1,target=/a b", "foo", ""),
    _in_line_2("a mount has a target", "RUN --mount=type=cache b", "target", ""),
    _in_line_2(
        "a mount's field has a value", "RUN --mount=type=cache,target b", "", ""
    ),
    _in_line_2(
        "a cache is shared in known ways",
        "RUN --mount=type=cache,target=/a,sharing=x b",
        "'x'",
        "locked",
    ),
    _in_line_2(
        "a mount is read-only or not",
        "RUN --mount=type=bind,target=/a,ro=maybe b",
        "maybe",
        "",
    ),
    _in_line_2(
        "an owner of a mount is a number",
        "RUN --mount=type=cache,target=/a,uid=me b",
        "me",
        "",
    ),
    _in_line_2(
        "a demanded secret is given",
        "RUN --mount=type=secret,id=x,required b",
        "x",
        "--secret",
    ),
    _in_line_2(
        "a mounted source exists",
        "RUN --mount=type=bind,source=/nope,target=/a b",
        "/nope",
        "",
    ),
    _in_line_2(
        "a network is known", "RUN --network=moon b", "moon", "none", docker=False
    ),
)

CASES: tuple[NegativeCase, ...] = (
    *WHOLE_FILE,
    *FROM,
    *WORDS,
    *METADATA,
    *COPYING,
    *RUNNING,
)
