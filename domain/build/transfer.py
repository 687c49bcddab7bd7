"""COPY and ADD with their words expanded: what is asked for, and from where.

Reading sources is `application.gather_facts`'s, laying them into the file system
`domain.build.copying`'s.
"""

from __future__ import annotations

from typing import assert_never

from domain.build.accounts import Accounts
from domain.build.copying import CopyRequest, InlineFile, absolute_destination
from domain.build.mode import ModeChange
from domain.build.remote_source import GitSource, RemoteSource, UrlSource, remote_source
from domain.build.words import Words
from domain.dockerfile.ignore import IgnoreRules
from domain.dockerfile.instruction import Add, Copy
from domain.dockerfile.word import expand_body
from domain.errors import BuildRuleError, InvalidDigest
from domain.image.digest import Digest

_SHA256 = "sha256"


def expanded_sources(instruction: Copy | Add, words: Words) -> tuple[str, ...]:
    """Return the sources of a COPY or ADD with their variables expanded."""
    return words.expand_all(instruction.sources)


def copy_request(
    instruction: Copy | Add, words: Words, accounts: Accounts
) -> CopyRequest:
    """Return what an instruction asks for, nothing fetched or unpacked yet.

    Raises:
        DockerfileError: A word cannot be expanded, a pattern is malformed.
        BuildRuleError: An owner is unknown, a mode is none.
    """
    destination = words.expand(instruction.destination)
    chown, chmod = instruction.chown, instruction.chmod
    return CopyRequest(
        sources=expanded_sources(instruction, words),
        inline=_inline_files(instruction, words),
        destination=absolute_destination(destination, words.state.working_directory),
        owner=None if chown is None else accounts.owner(words.expand(chown)),
        mode=None if chmod is None else ModeChange.parse(words.expand(chmod)),
        parents=isinstance(instruction, Copy) and instruction.parents,
        # docker does not expand its words
        exclude=IgnoreRules.of(instruction.exclude) if instruction.exclude else None,
    )


def remote_sources(
    instruction: Copy | Add, words: Words
) -> tuple[dict[str, RemoteSource], Digest | None]:
    """Return the sources that are to be fetched, and the digest a file must have.

    Raises:
        BuildRuleError: COPY names an address, an address is wrong, or `--checksum`
            is not what its source can have.
    """
    sources = expanded_sources(instruction, words)
    found = {word: remote_source(word) for word in sources}
    remote = {word: source for word, source in found.items() if source is not None}
    if isinstance(instruction, Copy):
        _refuse_remote(remote)
        return {}, None
    if instruction.keep_git_dir:
        remote = {word: _with_git_dir(source) for word, source in remote.items()}
    if instruction.checksum is None:
        return remote, None
    return _with_checksum(words.expand(instruction.checksum), sources, remote)


def _with_checksum(
    checksum: str, sources: tuple[str, ...], remote: dict[str, RemoteSource]
) -> tuple[dict[str, RemoteSource], Digest | None]:
    if len(sources) != 1:
        raise BuildRuleError(
            "--checksum is for one source", hint="write an ADD for each source"
        )
    source = remote.get(sources[0])
    match source:
        case None:
            raise BuildRuleError(
                "--checksum is for a URL or a repository, not for local files",
                hint="leave it out, or ADD from an address",
            )
        case GitSource():
            return {sources[0]: source.with_checksum(checksum)}, None
        case UrlSource():
            return remote, _sha256(checksum)
        case _:
            assert_never(source)


def _sha256(text: str) -> Digest:
    hint = "write --checksum=sha256: and 64 digits"
    try:
        digest = Digest.parse(text)
    except InvalidDigest as error:
        raise BuildRuleError(f"--checksum: {error.message}", hint=hint) from error
    if digest.algorithm != _SHA256:
        message = f"--checksum cannot be of the algorithm {digest.algorithm}"
        raise BuildRuleError(message, hint=hint)
    return digest


def _with_git_dir(source: RemoteSource) -> RemoteSource:
    return source.with_git_dir() if isinstance(source, GitSource) else source


def _refuse_remote(remote: dict[str, RemoteSource]) -> None:
    for source in remote.values():
        kind = "a repository" if isinstance(source, GitSource) else "a URL"
        message = f"COPY cannot take files from {kind} ({source})"
        raise BuildRuleError(message, hint="use ADD")


def _inline_files(instruction: Copy | Add, words: Words) -> tuple[InlineFile, ...]:
    variables = words.state.variables
    return tuple(
        InlineFile(
            name=_file_name(heredoc.name),
            data=(
                expand_body(heredoc.content, variables, line=words.line)
                if heredoc.expand
                else heredoc.content
            ).encode("utf-8", "surrogateescape"),
        )
        for heredoc in instruction.heredocs
    )


def _file_name(heredoc: str) -> str:
    """Return the name of the file that a heredoc is."""
    name = heredoc.removeprefix("/")
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise BuildRuleError(
            f"a file cannot be named {heredoc[:80]!r}, as its heredoc is",
            hint="name the heredoc without a slash; the directory is the destination's",
        )
    return name
