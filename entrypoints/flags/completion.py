"""Completion scripts for bash, zsh and fish, made from the table of flags."""

from collections.abc import Sequence

from entrypoints.flags.commands import COMMANDS
from entrypoints.flags.flag import Flag, FlagTable, Kind
from entrypoints.flags.subcommands import Subcommand

EXECUTOR = ("kanipy", "executor")
"""What the executor is called: the command, and the file in kaniko's image."""

WARMER = ("kanipy-warmer", "warmer")
"""What the warmer is called."""

TEKTON = ("kanipy-tekton", "tekton")
"""What the step of Tekton is called."""

_PATHS = frozenset({"FILE", "FILE|URL", "DIR", "PATH"})


Subcommands = Sequence[Subcommand]


def completion_script(
    shell: str,
    table: FlagTable,
    programs: tuple[str, ...] = EXECUTOR,
    subcommands: Subcommands = (),
) -> str:
    """Render the script for one of the shells bash, zsh, fish.

    Args:
        shell: The shell.
        table: The flags of the program.
        programs: Its names, the command's first.
        subcommands: Its commands that have flags of their own.
    """
    scripts = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    return scripts[shell](_shown(table), programs, subcommands)


def _shown(table: FlagTable) -> list[Flag]:
    return [flag for flag in table if not flag.hidden]


def _words(subcommands: Subcommands) -> str:
    return " ".join((*COMMANDS, *(each.name for each in subcommands)))


def _function(programs: tuple[str, ...]) -> str:
    return "_" + programs[0].replace("-", "_")


def _names(flag: Flag) -> tuple[str, ...]:
    return (
        *(f"-{letter}" for letter in flag.shorts),
        *(f"--{name}" for name in (flag.name, *flag.aliases)),
    )


def _bash(
    flags: list[Flag], programs: tuple[str, ...], subcommands: Subcommands
) -> str:
    name, function = programs[0], _function(programs)
    every = [*flags, *(flag for each in subcommands for flag in _shown(each.table))]
    cases = dict.fromkeys(
        f"        {'|'.join(_names(flag))})\n"
        f'            COMPREPLY=($(compgen -W "{" ".join(flag.choices)}"'
        ' -- "$word")); return ;;\n'
        for flag in every
        if flag.choices
    )
    paths = "|".join(
        dict.fromkeys(
            name for flag in every if flag.metavar in _PATHS for name in _names(flag)
        )
    )
    own = "".join(
        f'        {each.name}) names="{_bash_names(_shown(each.table))}" ;;\n'
        for each in subcommands
    )
    return f"""\
# bash completion of {name}; load it with: source <({name} completion bash)
{function}() {{
    local word flag names
    COMPREPLY=()
    word=${{COMP_WORDS[COMP_CWORD]}}
    flag=${{COMP_WORDS[COMP_CWORD - 1]}}
    # "--flag=value" arrives as three words: "--flag", "=", "value".
    if [[ $word == "=" ]]; then
        word=""
    elif [[ $flag == "=" ]]; then
        flag=${{COMP_WORDS[COMP_CWORD - 2]}}
    elif [[ $word == -* ]]; then
        flag=""
    fi
    case $flag in
{"".join(cases)}\
        {paths})
            COMPREPLY=($(compgen -f -- "$word")); return ;;
        completion)
            COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
    esac
    case ${{COMP_WORDS[1]}} in
{own}\
        *) names="{_bash_names(flags)}" ;;
    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$names" -- "$word"))
        [[ ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace
    else
        COMPREPLY=($(compgen -W "{_words(subcommands)}" -- "$word"))
    fi
    return 0
}}
complete -F {function} {" ".join(programs)}
"""


def _bash_names(flags: list[Flag]) -> str:
    return " ".join(
        f"--{name}" + ("" if flag.kind is Kind.BOOLEAN else "=")
        for flag in flags
        for name in (flag.name, *flag.aliases)
    )


def _zsh(flags: list[Flag], programs: tuple[str, ...], subcommands: Subcommands) -> str:
    name, function = programs[0], _function(programs)
    own = "".join(
        f"    if [[ $words[2] == {each.name} ]]; then\n"
        f"        _arguments \\\n{_zsh_specs(_shown(each.table))}"
        "            '1:command:' '*:file:_files'\n        return\n    fi\n"
        for each in subcommands
    )
    return f"""\
#compdef {" ".join(programs)}
# zsh completion of {name}; load it with: source <({name} completion zsh)
{function}() {{
{own}\
    _arguments \
{_zsh_specs(flags)}\
        '1:command:({_words(subcommands)})' \
        '2:shell:(bash zsh fish)'
}}
compdef {function} {" ".join(programs)}
"""


def _zsh_specs(flags: list[Flag]) -> str:
    return "".join(
        f"        '*{name}{_zsh_value(flag, long=name.startswith('--'))}' \\\n"
        for flag in flags
        for name in _names(flag)
    )


def _zsh_value(flag: Flag, *, long: bool) -> str:
    text = _zsh_quoted(flag.help)
    if flag.kind is Kind.BOOLEAN:
        return f"=-[{text}]::value:(true false)" if long else f"[{text}]"
    action = "_files" if flag.metavar in _PATHS else ""
    if flag.choices:
        action = f"({' '.join(flag.choices)})"
    return f"{'=' if long else '+'}[{text}]:{flag.name}:{action}"


def _zsh_quoted(text: str) -> str:
    for character in "\\[]:":
        text = text.replace(character, "\\" + character)
    return text.replace("'", "'\\''")


def _fish(
    flags: list[Flag], programs: tuple[str, ...], subcommands: Subcommands
) -> str:
    name = programs[0]
    lines = [
        f"# fish completion of {name}; load it with: {name} completion fish | source"
    ]
    others = " ".join(each.name for each in subcommands)
    build = f" -n 'not __fish_seen_subcommand_from {others}'" if others else ""
    for program in programs:
        lines.append(
            f"complete -c {program} -f -n __fish_use_subcommand"
            f" -a '{_words(subcommands)}'"
        )
        lines.append(
            f"complete -c {program} -f -n '__fish_seen_subcommand_from completion'"
            " -a 'bash zsh fish'"
        )
        lines.extend(_fish_line(program + build, flag) for flag in flags)
        lines.extend(
            _fish_line(f"{program} -n '__fish_seen_subcommand_from {each.name}'", flag)
            for each in subcommands
            for flag in _shown(each.table)
        )
    return "\n".join(lines) + "\n"


def _fish_line(program: str, flag: Flag) -> str:
    names = "".join(f" -s {letter}" for letter in flag.shorts) + "".join(
        f" -l {name}" for name in (flag.name, *flag.aliases)
    )
    value = ""
    if flag.kind is not Kind.BOOLEAN:
        value = " -r -F" if flag.metavar in _PATHS else " -x"
    if flag.choices:
        value += f" -a '{' '.join(flag.choices)}'"
    text = flag.help.replace("\\", "\\\\").replace("'", "\\'")
    return f"complete -c {program}{names}{value} -d '{text}'"
