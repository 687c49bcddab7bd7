"""The instructions of a Dockerfile as values, one class each.

Words are kept as written: variables, quotes and escapes are dealt with later, by
`domain.dockerfile.word` and the environment at that point. What an instruction does is
not decided here.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from domain.dockerfile.arguments import split_words
from domain.dockerfile.heredoc import Heredoc, marker_of
from domain.dockerfile.location import Location
from domain.values import dataclass


class Pair(NamedTuple):
    """A `key=value` of ENV or LABEL, both as words."""

    key: str
    value: str


class Declaration(NamedTuple):
    """One `name[=default]` of ARG, both as words; None where there is no default."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellForm:
    """A command for the SHELL: its text, exactly as written, continuations joined."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecForm:
    """A command written as a JSON array: no shell, no expansion."""

    arguments: tuple[str, ...]


Command: TypeAlias = ShellForm | ExecForm


@dataclass(frozen=True, slots=True, kw_only=True)
class _Located:
    """What all instructions have.

    Args:
        location: Their lines in the Dockerfile.
        text: The instruction on one line, for logs, history and error messages.
    """

    location: Location
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class From(_Located):
    """`FROM [--platform=P] base [AS name]`.

    Args:
        base: Word: an image reference, the name of an earlier stage, or `scratch`.
        platform: Word, or None.
        name: The stage's name in lower case, or None.
    """

    base: str
    platform: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arg(_Located):
    """`ARG name[=default] …`."""

    declarations: tuple[Declaration, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Env(_Located):
    """`ENV key=value …`, or the legacy `ENV key value`."""

    pairs: tuple[Pair, ...]
    legacy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Label(_Located):
    """`LABEL key=value …`, or the legacy `LABEL key value`."""

    pairs: tuple[Pair, ...]
    legacy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cmd(_Located):
    """`CMD`."""

    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrypoint(_Located):
    """`ENTRYPOINT`."""

    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Expose(_Located):
    """`EXPOSE port[-port][/protocol] …`; one word may expand to several."""

    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class User(_Located):
    """`USER user[:group]`."""

    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume(_Located):
    """`VOLUME path …`, in words or as a JSON array."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workdir(_Located):
    """`WORKDIR path`."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell(_Located):
    """`SHELL ["program", "argument", …]`."""

    shell: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSignal(_Located):
    """`STOPSIGNAL signal`."""

    signal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck(_Located):
    """`HEALTHCHECK NONE` (command None) or `HEALTHCHECK [options] CMD …`.

    Args:
        command: What is run, or None to switch off the check of the base image.
        interval: Nanoseconds, 0 for the default; so are the other durations.
        retries: 0 for the default.
    """

    command: Command | None
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBuild(_Located):
    """`ONBUILD instruction`.

    Args:
        trigger: The text the image config records, heredoc bodies included.
        instruction: The same, parsed.
    """

    trigger: str
    instruction: Instruction


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintainer(_Located):
    """`MAINTAINER name` (deprecated): the author of the image config."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(_Located):
    """`RUN`.

    Args:
        command: The command; its shell form keeps `<<WORD` in the text.
        heredocs: The here-documents of the text, in order.
        mounts: Values of `--mount`, raw.
        network: Value of `--network`, or None.
        security: Value of `--security`, or None.
        devices: Values of `--device`, raw.
    """

    command: Command
    heredocs: tuple[Heredoc, ...] = ()
    mounts: tuple[str, ...] = ()
    network: str | None = None
    security: str | None = None
    devices: tuple[str, ...] = ()

    @property
    def script(self) -> str | None:
        """The content of a heredoc that is the whole command, else None.

        Such a script is run by the SHELL's `-c`, or as a program of its own where
        it starts with `#!`.
        """
        if isinstance(self.command, ExecForm) or len(self.heredocs) != 1:
            return None
        words = split_words(self.command.text, "\\", heredocs=True)
        alone = len(words) == 1 and marker_of(words[0]) is not None
        return self.heredocs[0].content if alone else None

    @property
    def shell_text(self) -> str:
        """What the SHELL is given: the text with its heredocs, or the script.

        In exec form: the arguments with blanks between, for display only.
        """
        if isinstance(self.command, ExecForm):
            return " ".join(self.command.arguments)
        if self.script is not None:
            return self.script
        bodies = (f"\n{heredoc.body}{heredoc.name}" for heredoc in self.heredocs)
        return self.command.text + "".join(bodies)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Transfer(_Located):
    """What COPY and ADD have in common.

    Args:
        sources: Words: paths and patterns, for ADD also URLs and repositories.
        heredocs: Files given in the Dockerfile itself.
        destination: Word.
        chown: Word, or None.
        chmod: Word, or None.
        link: Whether the layer is to be independent of those below.
        exclude: Patterns (words) in .dockerignore syntax, relative to each source.
    """

    sources: tuple[str, ...]
    heredocs: tuple[Heredoc, ...] = ()
    destination: str
    chown: str | None = None
    chmod: str | None = None
    link: bool = False
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(_Transfer):
    """`COPY`.

    Args:
        from_: `--from`: a stage's name or number, or an image; None is the context.
        parents: Whether source paths keep their directories.
    """

    from_: str | None = None
    parents: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(_Transfer):
    """`ADD`.

    Args:
        checksum: Word: the digest a URL's or repository's content must have.
        unpack: Whether archives are unpacked; None where the source decides.
        keep_git_dir: Whether `.git` of a repository is kept.
    """

    checksum: str | None = None
    unpack: bool | None = None
    keep_git_dir: bool = False


Instruction: TypeAlias = (
    From
    | Arg
    | Env
    | Label
    | Cmd
    | Entrypoint
    | Expose
    | User
    | Volume
    | Workdir
    | Shell
    | StopSignal
    | Healthcheck
    | OnBuild
    | Maintainer
    | Run
    | Copy
    | Add
)
