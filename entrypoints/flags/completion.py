"""Completion scripts for bash, zsh and fish, made from the table of flags."""

from entrypoints.flags.commands import COMMANDS
from entrypoints.flags.flag import Flag, FlagTable, Kind

EXECUTOR = ("kanipy", "executor")
"""What the executor is called: the command, and the file in kaniko's image."""

WARMER = ("kanipy-warmer", "warmer")
"""What the warmer is called."""

_PATHS = frozenset({"FILE", "DIR", "PATH"})


def completion_script(
    shell: str, table: FlagTable, programs: tuple[str, ...] = EXECUTOR
) -> str:
    """Render the script for one of the shells bash, zsh, fish.

    Args:
        shell: The shell.
        table: The flags of the program.
        programs: Its names, the command's first.
    """
    flags = [flag for flag in table if not flag.hidden]
    scripts = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    return scripts[shell](flags, programs)


def _function(programs: tuple[str, ...]) -> str:
    return "_" + programs[0].replace("-", "_")


def _names(flag: Flag) -> tuple[str, ...]:
    return (
        *(f"-{letter}" for letter in flag.shorts),
        *(f"--{name}" for name in (flag.name, *flag.aliases)),
    )


def _bash(flags: list[Flag], programs: tuple[str, ...]) -> str:
    name, function = programs[0], _function(programs)
    names = " ".join(
        f"--{name}" + ("" if flag.kind is Kind.BOOLEAN else "=")
        for flag in flags
        for name in (flag.name, *flag.aliases)
    )
    cases = [
        f"        {'|'.join(_names(flag))})\n"
        f'            COMPREPLY=($(compgen -W "{" ".join(flag.choices)}"'
        ' -- "$word")); return ;;\n'
        for flag in flags
        if flag.choices
    ]
    paths = "|".join(
        name for flag in flags if flag.metavar in _PATHS for name in _names(flag)
    )
    return f"""\
# bash completion of {name}; load it with: source <({name} completion bash)
{function}() {{
    local word flag
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
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "{names}" -- "$word"))
        [[ ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace
    else
        COMPREPLY=($(compgen -W "{" ".join(COMMANDS)}" -- "$word"))
    fi
    return 0
}}
complete -F {function} {" ".join(programs)}
"""


def _zsh(flags: list[Flag], programs: tuple[str, ...]) -> str:
    name, function = programs[0], _function(programs)
    specs = "".join(
        f"        '*{name}{_zsh_value(flag, long=name.startswith('--'))}' \\\n"
        for flag in flags
        for name in _names(flag)
    )
    return f"""\
#compdef {" ".join(programs)}
# zsh completion of {name}; load it with: source <({name} completion zsh)
{function}() {{
    _arguments \\
{specs}\
        '1:command:({" ".join(COMMANDS)})' \\
        '2:shell:(bash zsh fish)'
}}
compdef {function} {" ".join(programs)}
"""


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


def _fish(flags: list[Flag], programs: tuple[str, ...]) -> str:
    name = programs[0]
    lines = [
        f"# fish completion of {name}; load it with: {name} completion fish | source"
    ]
    for program in programs:
        lines.append(
            f"complete -c {program} -f -n __fish_use_subcommand"
            f" -a '{' '.join(COMMANDS)}'"
        )
        lines.append(
            f"complete -c {program} -f -n '__fish_seen_subcommand_from completion'"
            " -a 'bash zsh fish'"
        )
        lines.extend(_fish_line(program, flag) for flag in flags)
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
